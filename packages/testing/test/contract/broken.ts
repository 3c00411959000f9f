import type { Capabilities, Provider, ProviderPart, ProviderRequest } from "@qwen/core";
import type { ContractService } from "../../src/index.ts";
import { mapParts, unreachable, type Reference } from "./reference.ts";

/** How a provider breaks a promise: what it does instead of the reference. */
export interface Break {
  readonly provider?: (reference: Reference) => Partial<Provider>;
  readonly service?: (reference: Reference) => Partial<ContractService>;
  readonly unreachable?: () => Provider;
}

/** Those that broken providers have left. */
export const timers: NodeJS.Timeout[] = [];
const leaked = new Set<() => void>();

/** Changes the parts of the reference. */
export const changed =
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

export const finish = { type: "finish", reason: "stop", warnings: [] } as const;

export const START = { type: "start", warnings: [] } as const;
export const CALL = { type: "tool-call", toolCallId: "1", toolName: "clock", input: "{}" } as const;
export const INPUT = { type: "tool-input-delta", toolCallId: "1", toolName: "clock", text: "{" } as const;

/** Says that its model can more than that of the reference. */
const able =
  (more: Capabilities) =>
  ({ provider: { models } }: Reference): Partial<Provider> => ({
    models: [{ ...models[0], capabilities: Object.assign({}, models[0].capabilities, more) }],
  });

/** One broken provider a promise; the names are those of the promises. */
export const BROKEN: Readonly<Record<string, Break>> = {
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
  "tells its start once at most, before any output": {
    provider: changed((part) => (part.type === "finish" ? [START, part] : [part])),
  },
  "repeats in its finish what its start has warned of": {
    provider: ({ provider }) => ({
      async *stream(request) {
        yield { ...START, warnings: [{ feature: "seed", message: "There is none." }] };
        yield* provider.stream(request);
      },
    }),
  },
  "warns of each setting that it does not say it honours, where it says which it does, and of no other": {
    provider: able({ settings: ["temperature"] }),
  },
  "gives each tool call an id of its own, and tells it whole behind the pieces of its input": {
    provider: changed((part) => (part.type === "finish" ? [CALL, INPUT, part] : [part])),
  },
  "takes the calls and results of tools in a chat, if its model has tools": {
    provider: (reference) => ({
      ...able({ tools: true })(reference),
      stream(request) {
        for (const { content } of request.messages)
          if (typeof content !== "string" && content.some(({ type }) => type === "tool-call"))
            throw new TypeError("what is this?");
        return reference.provider.stream(request);
      },
    }),
  },
  "refuses files and beginnings of answers with `unsupported`, before anything is sent, if it says that its model takes none":
    {
      provider: (reference) => ({
        ...able({ files: false, prefill: false })(reference),
        stream: (request) => reference.provider.stream({ ...request, messages: request.messages.slice(0, 1) }),
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
