import { describe, expect, test, vi } from "vitest";

import { QwenError } from "../src/errors.ts";
import { FlowIterator } from "../src/flow-iterator.ts";
import type { Provider, ProviderRequest } from "../src/provider.ts";
import type { ProviderPart } from "../src/part.ts";
import type { ProviderHooks } from "../src/provider-hooks.ts";
import { createRouter } from "../src/router/router.ts";
import { wrapProvider } from "../src/wrap-provider.ts";
import { chatProvider } from "./servers/chat-provider.ts";
import { failure, finish, messages, played, text } from "./servers/played-provider.ts";
import { collect, rejection, until, useVirtualTime } from "./servers/waiting.ts";

/** Each way to read a provider: what is said to whoever reads. */
const WAYS: Readonly<Record<string, (provider: Provider) => Promise<string>>> = {
  "an iteration of its own": async (provider) =>
    (await collect(provider.stream({ messages })))
      .map((part) => (part.type === "text-delta" ? part.text : ""))
      .join(""),
  "a stream of a router": async (provider) => {
    let said = "";
    for await (const part of createRouter({ plugins: [provider] }).stream({ model: "one", messages }))
      if (part.type === "text-delta") said += part.text;
    return said;
  },
  "a whole answer of a router": async (provider) =>
    (await createRouter({ plugins: [provider] }).complete({ model: "one", messages })).text,
  "a buffered stream": async (provider) => {
    let said = "";
    const router = createRouter({ plugins: [provider], commit: "buffered" });
    for await (const piece of router.stream({ model: "one", messages }).textStream) said += piece;
    return said;
  },
};

describe.each(["flow", "own"] as const)("around a provider that is read as %s", (kind) => {
  test.each(Object.keys(WAYS))("its parts are seen and changed in %s", async (way) => {
    const seen: string[] = [];
    const wrapped = wrapProvider(played(kind, [text("ab"), text("cd"), finish]), {
      part(part) {
        seen.push(part.type);
        return part.type === "text-delta" ? { ...part, text: part.text.toUpperCase() } : part;
      },
    });
    expect(await WAYS[way]?.(wrapped)).toBe("ABCD");
    expect(seen).toEqual(["text-delta", "text-delta", "finish"]);
  });

  test("two wraps see the parts from the inside out", async () => {
    const mark = (letter: string): ProviderHooks => ({
      part: (part) => (part.type === "text-delta" ? text(part.text + letter) : undefined),
    });
    const twice = wrapProvider(wrapProvider(played(kind, [text("x"), finish]), mark("1")), mark("2"));
    for (const way of Object.values(WAYS)) expect(await way(twice)).toBe("x12");
  });

  test("a hook that gives nothing changes nothing, a list is so many parts, an empty one drops its part", async () => {
    const parts = [text("keep"), text("drop"), text("twice"), finish];
    const wrapped = wrapProvider(played(kind, parts), {
      part(part) {
        if (part.type !== "text-delta" || part.text === "keep") return;
        return part.text === "drop" ? [] : [part, part];
      },
    });
    expect(await collect(wrapped.stream({ messages }))).toEqual([text("keep"), text("twice"), text("twice"), finish]);
  });

  test("`request` is one object for all parts of a call, by which what is held back can be kept", async () => {
    const held = new WeakMap<ProviderRequest, string>();
    const secret = /sk-\w+/g;
    const wrapped = wrapProvider(played(kind, [text("the key is s"), text("k-ab"), text("c1 now"), finish]), {
      part(part, request) {
        const before = held.get(request) ?? "";
        if (part.type === "finish") return [...(before === "" ? [] : [text(before.replace(secret, "***"))]), part];
        if (part.type !== "text-delta") return part;
        const whole = before + part.text;
        const cut = /(?:s|sk|sk-\w*)$/.exec(whole)?.index ?? whole.length;
        held.set(request, whole.slice(cut));
        const shown = whole.slice(0, cut).replace(secret, "***");
        return shown === "" ? [] : text(shown);
      },
    });
    expect(await WAYS["a whole answer of a router"]?.(wrapped)).toBe("the key is *** now");
    expect(await WAYS["an iteration of its own"]?.(wrapped)).toBe("the key is *** now");
  });

  test("`request` is laid over what was asked, and what the hook changes is not the caller's", async () => {
    const inner = played(kind, [text("ok"), finish]);
    const wrapped = wrapProvider(inner, {
      request(request) {
        (request.messages as unknown[]).push({ role: "user", content: "and more" });
        return { settings: { temperature: 0 } };
      },
    });
    const asked = { model: "inner-1", messages: [...messages], settings: { topP: 1 }, headers: { "x-a": "1" } };
    await collect(wrapped.stream(asked));
    expect(inner.requests).toEqual([
      expect.objectContaining({
        model: "inner-1",
        messages: [...messages, { role: "user", content: "and more" }],
        settings: { temperature: 0 },
        headers: { "x-a": "1" },
      }),
    ]);
    expect(asked.messages).toEqual(messages);
  });

  test("a cache answers in the provider's place, past the other hooks", async () => {
    const inner = played(kind, [text("ab"), text("c"), finish]);
    const cache = new Map<string, ProviderPart[]>();
    const keyOf = (request: ProviderRequest): string => JSON.stringify(request.messages);
    const cached = wrapProvider(inner, {
      request: (request) => cache.get(keyOf(request)),
      part(part, request) {
        const key = keyOf(request);
        // Stored once it is whole.
        partial.set(key, [...(partial.get(key) ?? []), part]);
        if (part.type === "finish") cache.set(key, partial.get(key) ?? []);
      },
    });
    const partial = new Map<string, ProviderPart[]>();
    for (const way of Object.values(WAYS)) expect(await way(cached)).toBe("abc");
    expect(inner.requests).toHaveLength(1);
    expect(cache.size).toBe(1);
  });

  test("an iteration may answer in its place as well", async () => {
    const inner = played(kind, [text("inner"), finish]);
    const wrapped = wrapProvider(inner, {
      async *request() {
        await Promise.resolve();
        yield text("looked up");
        yield finish;
      },
    });
    for (const way of Object.values(WAYS)) expect(await way(wrapped)).toBe("looked up");
    const other = wrapProvider(inner, {
      request: (request) => played("flow", [text("other"), finish]).stream(request),
    });
    for (const way of Object.values(WAYS)) expect(await way(other)).toBe("other");
    expect(inner.requests).toHaveLength(0);
  });

  test.each<readonly [string, () => Iterable<ProviderPart> | AsyncIterable<ProviderPart>, typeof Error]>([
    [
      "an iteration that fails",
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new RangeError("No cache.")) }) }),
      RangeError,
    ],
    [
      "a list that fails",
      () => ({
        [Symbol.iterator]: () => {
          throw new RangeError("No cache.");
        },
      }),
      RangeError,
    ],
    ["a list of what are no parts", () => [null] as unknown as ProviderPart[], TypeError],
  ])("%s in place of an answer ends the call, and never counts for the provider", async (_, request, kindOfError) => {
    const wrapped = wrapProvider(played(kind, [text("inner"), finish]), { request });
    const router = createRouter({ plugins: [wrapped], breaker: { minimumCalls: 1 } });
    expect(await rejection(router.complete({ model: "one", messages }))).toBeInstanceOf(kindOfError);
    expect(router.health()[0]).toMatchObject({ breaker: "closed", busy: 0 });
  });

  test("an iteration that a hook gave is left at once, whatever it waits for", async () => {
    let left = 0;
    const silent: AsyncIterator<ProviderPart> = {
      next: () => new Promise(() => {}),
      return: async () => {
        left++;
        return await Promise.resolve({ done: true, value: undefined });
      },
    };
    const wrapped = wrapProvider(played(kind, [finish]), { request: () => ({ [Symbol.asyncIterator]: () => silent }) });
    const controller = new AbortController();
    const call = createRouter({ plugins: [wrapped] }).complete({ model: "one", messages, signal: controller.signal });
    setTimeout(() => controller.abort(), 1);
    expect(await rejection(call)).toMatchObject({ name: "AbortError" });
    expect(left).toBe(1);
  });

  test("`error` is told what the provider throws, and may put another in its place", async () => {
    const seen: unknown[] = [];
    const watched = wrapProvider(played(kind, [text("a"), failure()]), { error: (error) => void seen.push(error) });
    expect(await rejection(collect(watched.stream({ messages })))).toMatchObject({ code: "connection" });
    expect(seen).toMatchObject([{ code: "connection" }]);
    const mapped = wrapProvider(played(kind, [failure()]), {
      error: () => new QwenError("unsupported", "Not here."),
    });
    expect(await rejection(collect(mapped.stream({ messages })))).toMatchObject({ code: "unsupported" });
    const router = createRouter({ plugins: [mapped] });
    await expect(router.complete({ model: "one", messages })).rejects.toMatchObject({ code: "unsupported" });
  });

  test("an abort gives the signal's own reason, stops the provider, and is no error of its", async () => {
    const error = vi.fn<(error: unknown) => void>();
    const inner = played(kind, [text("a"), "stall"]);
    const wrapped = wrapProvider(inner, { error });
    const controller = new AbortController();
    const iterator = wrapped.stream({ messages, signal: controller.signal })[Symbol.asyncIterator]();
    await iterator.next();
    const next = rejection(iterator.next());
    const reason = new Error("mine");
    controller.abort(reason);
    expect(await next).toBe(reason);
    expect(inner.ended).toEqual(["left"]);
    expect(error).not.toHaveBeenCalled();
  });

  test("leaving it stops the provider", async () => {
    const inner = played(kind, [text("a"), text("b"), text("c"), finish]);
    for await (const _ of wrapProvider(inner, { part: (part) => part }).stream({ messages })) break;
    await until(() => inner.ended.includes("left"));
    const stuck = wrapProvider(
      { ...inner, stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }) },
      {},
    );
    const iterator = stuck.stream({ messages })[Symbol.asyncIterator]();
    const next = iterator.next();
    expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test("any number of readers ahead are answered in order", async () => {
    const parts = Array.from({ length: 20 }, (_, index) => text(`${index}`));
    const wrapped = wrapProvider(played(kind, [...parts, finish]), { part: (part) => [part] });
    const iterator = wrapped.stream({ messages })[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 23 }, () => iterator.next()));
    expect(results.map(({ value }) => value as unknown)).toEqual([...parts, finish, undefined, undefined]);
  });
});

test("its names, limits and close are the provider's, whatever kind of object that is", async () => {
  class Mine {
    readonly id = "mine";
    readonly models = [{ id: "mine-1", aliases: ["m"] }] as const;
    readonly timeouts = { idleMs: 5 };
    closed = 0;
    async *stream(): AsyncGenerator<ProviderPart> {
      yield text(`${this.id} says`);
      yield finish;
    }
    async close(): Promise<void> {
      this.closed++;
    }
  }
  const mine = new Mine();
  const wrapped = wrapProvider(mine, {});
  expect(wrapped).toMatchObject({ id: "mine", models: mine.models, timeouts: { idleMs: 5 } });
  const router = createRouter({ plugins: [wrapped] });
  expect((await router.complete({ model: "mine/m", messages })).text).toBe("mine says");
  await router.close();
  expect(mine.closed).toBe(1);
  expect(wrapProvider(played("own", []), {})).not.toHaveProperty("close");
  // By its identity a router knows that the clean-ups of a Space are worth waiting for.
  const space = chatProvider({ space: "http://127.0.0.1:9" });
  expect(wrapProvider(space, {}).close).toBe(space.close);
});

test("one that is read without promises stays so, and any other has a clock of its own, whoever reads it", async () => {
  expect(FlowIterator.claim(wrapProvider(played("flow", []), {}).stream({ messages }))).toBeDefined();
  const clock = useVirtualTime();
  const silent: Provider = {
    ...played("own", []),
    timeouts: { firstOutputMs: 1000 },
    stream: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }),
  };
  const router = createRouter({ plugins: [wrapProvider(silent, {})] });
  const calls = [
    rejection(router.complete({ model: "one", messages, retry: { maxAttempts: 1 } })),
    rejection(collect(wrapProvider(silent, {}).stream({ messages }))),
  ];
  await clock.pass(1000);
  for (const call of calls) expect(await call).toMatchObject({ code: "timeout", phase: "first-output" });
});

test("a provider of somebody's own is asked one part ahead at most", async () => {
  let made = 0;
  const counting: Provider = {
    ...played("own", []),
    async *stream() {
      for (;;) {
        made++;
        yield text("x".repeat(10));
      }
    },
  };
  const parts = wrapProvider(counting, { part: (part) => part }).stream({ messages });
  const iterator = parts[Symbol.asyncIterator]();
  for (let read = 1; read <= 5; read++) {
    await iterator.next();
    await new Promise((resolve) => setImmediate(resolve));
    expect(made - read).toBeLessThanOrEqual(2);
  }
  await iterator.return?.();
});
