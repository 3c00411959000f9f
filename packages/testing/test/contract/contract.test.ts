import { getEventListeners } from "node:events";

import { wrapProvider, type Provider, type ProviderPart, type ProviderRequest } from "@qwen/core";
import { afterAll, describe, expect, test } from "vitest";

import { type ContractService, providerContract, testProvider } from "../../src/index.ts";
import { createReference, mapParts, unreachable, type Reference } from "./reference.ts";

describe("a provider that keeps the contract passes", () => {
  const { provider, service } = createReference();
  testProvider(() => provider, { test, service, createUnreachable: unreachable });
});

describe("a provider that leaves out all that may be left out passes", () => {
  const { provider, service } = createReference();
  const [{ id }] = provider.models;
  const smallest: Provider = {
    id: provider.id,
    models: [{ id }],
    stream: (request) =>
      mapParts(provider.stream(request), (part) => {
        if (part.type !== "finish") return [part];
        const { warnings: _, ...last } = part;
        return [last];
      }),
  };
  const checks = providerContract({ create: () => smallest, service });
  // How it ends is the reference's, which is checked above.
  test.each(checks.slice(0, 7))("$name", ({ run }) => run());
});

describe("a provider with hooks around it keeps the promises that its hooks could break", () => {
  const { provider, service } = createReference();
  const wrapped = wrapProvider(provider, { request() {}, part: (part) => [part], error() {} });
  const checks = providerContract({ create: () => wrapped, service, createUnreachable: unreachable });
  test.each(checks.filter(({ name }) => /next\(\)|abort|break|throw\(\)|listener|exact/.test(name)))(
    "$name",
    ({ run }) => run(),
  );
});

/** How a provider breaks a promise: what it does instead of the reference. */
interface Break {
  readonly provider?: (reference: Reference) => Partial<Provider>;
  readonly service?: (reference: Reference) => Partial<ContractService>;
  readonly unreachable?: () => Provider;
}

const timers: NodeJS.Timeout[] = [];
const leaked = new Set<() => void>();
afterAll(() => timers.forEach(clearInterval));

const changed =
  (change: (part: ProviderPart) => readonly ProviderPart[]) =>
  ({ provider }: Reference): Partial<Provider> => ({ stream: (request) => mapParts(provider.stream(request), change) });

const iterated =
  (wrap: (iterator: AsyncIterator<ProviderPart>, request: ProviderRequest) => AsyncIterator<ProviderPart>) =>
  ({ provider }: Reference): Partial<Provider> => ({
    stream: (request) => ({
      [Symbol.asyncIterator]: () => wrap(provider.stream(request)[Symbol.asyncIterator](), request),
    }),
  });

/** Like the reference, but deaf to its signal. */
const deaf = ({ provider }: Reference): Partial<Provider> => ({
  stream: (request) => provider.stream({ ...request, signal: undefined }),
});

const withoutReturn = iterated((iterator) => ({
  next: () => iterator.next(),
  return: () => Promise.resolve({ done: true, value: undefined }),
}));

const finish = { type: "finish", reason: "stop", warnings: [] } as const;

// One broken provider a promise; the names are those of the promises.
const BROKEN: Readonly<Record<string, Break>> = {
  "has an id without a slash, and models whose names are its own": { provider: () => ({ id: "a/b" }) },
  "says of every model what it can do": {
    provider: ({ provider: { models } }) => ({
      models: [
        { ...models[0], capabilities: Object.assign({}, models[0].capabilities, { system: "somehow" as const }) },
      ],
    }),
  },
  "starts no work before the first next()": {
    provider: ({ provider }) => ({
      stream(request) {
        const iterator = provider.stream(request)[Symbol.asyncIterator]();
        const early = iterator.next();
        early.catch(() => undefined);
        let first = true;
        return {
          [Symbol.asyncIterator]: () => ({
            ...iterator,
            next: () => (first ? ((first = false), early) : iterator.next()),
          }),
        };
      },
    }),
  },
  "yields the exact text": {
    provider: changed((part) =>
      part.type === "text-delta" ? [{ ...part, text: part.text.trimEnd() || "-" }] : [part],
    ),
  },
  "ends with exactly one finish": { provider: changed((part) => (part.type === "finish" ? [part, part] : [part])) },
  "never yields an empty delta": {
    provider: changed((part) => (part.type === "finish" ? [{ type: "text-delta", text: "" }, part] : [part])),
  },
  "yields well-formed parts": {
    provider: changed((part) => (part.type === "queue" ? [{ ...part, position: -1 }] : [part])),
  },
  "stays at its end": {
    provider: iterated((iterator) => {
      let ended = 0;
      return {
        ...iterator,
        async next() {
          const result = await iterator.next();
          return result.done === true && ++ended > 1 ? { done: false, value: finish } : result;
        },
      };
    }),
  },
  "hands text out as it comes, not at the end": {
    provider: ({ provider }) => ({
      async *stream(request) {
        const parts: ProviderPart[] = [];
        for await (const part of provider.stream(request)) parts.push(part);
        yield* parts;
      },
    }),
  },
  "loses nothing when its consumer is slow": {
    provider: iterated((iterator) => {
      let last = performance.now();
      return {
        ...iterator,
        async next() {
          const late = performance.now() - last > 25;
          const result = await iterator.next();
          last = performance.now();
          return late && result.done !== true && result.value.type === "text-delta" ? iterator.next() : result;
        },
      };
    }),
  },
  "does not change a part that it has handed out": {
    provider: ({ provider }) => ({
      async *stream(request) {
        const part = { type: "text-delta" as const, text: "" };
        for await (const next of provider.stream(request)) {
          if (next.type !== "text-delta") yield next;
          else yield Object.assign(part, next);
        }
      },
    }),
  },
  "serves many calls at once without mixing them": {
    provider({ provider }) {
      let latest: ProviderRequest;
      return {
        async *stream(request) {
          latest = request;
          await new Promise((resolve) => setTimeout(resolve, 5));
          yield* provider.stream(latest);
        },
      };
    },
  },
  "gives a conversation to go on with if its model holds one, and none otherwise": {
    provider: changed((part) => (part.type === "finish" ? [{ ...part, conversation: "surprise" }] : [part])),
  },
  "rejects with the signal's own reason, and sends nothing, when it was aborted before": {
    provider: iterated((iterator) => ({
      ...iterator,
      next: () => iterator.next().catch(() => Promise.reject(new Error("aborted, somehow"))),
    })),
  },
  "an abort rejects with the signal's own reason at once and stops the work": { provider: deaf },
  "an abort before anything has arrived ends the call at once and stops the work": { provider: deaf },
  "break stops the work": { provider: withoutReturn },
  "a consumer that throws stops the work and gets its own error": { provider: withoutReturn },
  "return() while a next() waits ends both at once and stops the work": {
    // What an async generator does by itself: `return()` waits for the `next()` before it.
    provider: ({ provider }) => ({
      async *stream(request) {
        yield* mapParts(provider.stream(request), (part) =>
          part.type === "text-delta" && Number(part.text) % 30 !== 0 && request.messages[0]?.content === "slow"
            ? []
            : [part],
        );
      },
    }),
  },
  "throw(), where there is one, ends the answer at once and stops the work": {
    provider: iterated((iterator) => ({ ...iterator, throw: () => Promise.resolve({ done: true, value: undefined }) })),
  },
  "throws an error of the family, after the text so far and without a finish, when the service fails": {
    provider: ({ provider }) => ({
      async *stream(request) {
        try {
          yield* provider.stream(request);
        } catch (error) {
          if (request.signal?.aborted === true) throw error;
          yield finish;
        }
      },
    }),
  },
  "throws an error of the family when the service cannot be reached": {
    unreachable: () => ({
      ...unreachable(),
      // oxlint-disable-next-line require-yield
      async *stream() {
        throw new TypeError("fetch failed");
      },
    }),
  },
  "refuses what the model cannot take with `unsupported`, before anything is sent": {
    provider: ({ provider }) => ({ stream: (request) => provider.stream({ ...request, settings: undefined }) }),
  },
  "answers, with a warning at most, when it is asked for settings it does not know": {
    provider: ({ provider }) => ({
      stream(request) {
        if (request.settings?.temperature !== undefined) throw new TypeError("no temperature");
        return provider.stream(request);
      },
    }),
  },
  "leaves no listener on the signal": {
    provider: ({ provider }) => ({
      stream(request) {
        request.signal?.addEventListener("abort", () => {});
        return provider.stream(request);
      },
    }),
  },
  "leaves no timer": {
    provider: ({ provider }) => ({
      stream(request) {
        timers.push(setInterval(() => {}, 60_000));
        return provider.stream(request);
      },
    }),
  },
  "does not open a socket for every call, and close() leaves none": {
    provider: ({ provider }) => ({
      stream(request) {
        leaked.add(() => {});
        return provider.stream(request);
      },
      close: () => Promise.resolve(),
    }),
    service: () => ({ sockets: () => leaked.size }),
  },
};

const NAMES = (() => {
  const { provider, service } = createReference();
  return providerContract({ create: () => provider, service, createUnreachable: unreachable }).map(({ name }) => name);
})();

test("there is a broken provider for each promise", () => {
  expect(Object.keys(BROKEN).toSorted()).toEqual(NAMES.toSorted());
});

describe("a provider that breaks a promise fails by its name", () => {
  test.each(Object.entries(BROKEN))(
    "%s",
    async (name, { provider, service, unreachable: createUnreachable = unreachable }) => {
      const reference = createReference();
      const broken: Provider = { ...reference.provider, ...provider?.(reference) };
      const checks = providerContract({
        create: () => broken,
        service: { ...reference.service, ...service?.(reference) },
        createUnreachable,
        stopMs: 300,
      });
      const check = checks.find((candidate) => candidate.name === name);
      await expect(check?.run()).rejects.toThrow(/./u);
    },
  );
});

test("a reference iteration leaves the signal alone", async () => {
  const { provider } = createReference();
  const { signal } = new AbortController();
  for await (const part of provider.stream({ messages: [{ role: "user", content: "pieces" }], signal })) void part;
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
