import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { QwenError } from "../../src/errors.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import { collect, finish, messages, scripted, text } from "./scripted.ts";

/** A provider written without the compiler. */
function routerOf(stream: () => unknown, options: Partial<RouterOptions> = {}): Router {
  const provider = { ...scripted("a", []), stream: stream as () => AsyncIterable<ProviderPart> };
  return createRouter({ retry: { maxAttempts: 1 }, routes: {}, ...options, plugins: [provider] });
}

/** An iteration whose `next()` gives the same result each time. */
const giving = (result: unknown) => () => ({ [Symbol.asyncIterator]: () => ({ next: async () => result }) });

const slip = new Error("a slip");
const throwing = (): never => {
  throw slip;
};
const rejecting = async (): Promise<never> => {
  throw slip;
};

const unhandled: unknown[] = [];
const hear = (reason: unknown): void => void unhandled.push(reason);
beforeEach(() => {
  unhandled.length = 0;
  process.on("unhandledRejection", hear);
});
afterEach(async () => {
  await wait(1);
  process.off("unhandledRejection", hear);
  if (unhandled.length > 0) throw new Error("Nobody heard of a rejection.");
});

describe("a `finish` that cannot be read", () => {
  test.each(["reason", "usage", "text"])("is its provider's failure where its %s throws", async (name) => {
    const last = Object.defineProperty({ ...finish }, name, { get: throwing, enumerable: true });
    const router = routerOf(
      async function* () {
        yield text("Hi");
        yield await Promise.resolve(last);
      },
      { breaker: { minimumCalls: 1 } },
    );
    await expect(router.complete({ model: "m", messages })).rejects.toMatchObject({ provider: "a", cause: slip });
    expect(router.health()).toMatchObject([{ breaker: "open", busy: 0 }]);
  });

  test("ends a call for an object as well, though it is all there was", async () => {
    const router = routerOf(async function* () {
      yield await Promise.resolve(Object.defineProperty({ ...finish }, "usage", { get: throwing, enumerable: true }));
    });
    const output = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    await expect(router.complete({ model: "m", messages, output })).rejects.toMatchObject({ cause: slip });
  });

  test("loses of its warnings what are none", async () => {
    const good = { feature: "seed", message: "It is left out." };
    const router = routerOf(async function* () {
      yield { type: "start", warnings: [null, good] };
      yield text("Hi");
      yield await Promise.resolve({ ...finish, warnings: [null, 1n, { feature: 1n }, good] });
    });
    expect(await router.complete({ model: "m", messages })).toMatchObject({ text: "Hi", warnings: [good] });
  });
});

describe("a `finish` whose fields are of another kind", () => {
  const trap = new Proxy({}, { get: throwing, ownKeys: throwing, has: throwing });
  const traps = new Proxy([{ feature: "seed", message: "It is left out." }], { get: throwing });

  test.each<readonly [string, object]>([
    ["numbers", { reason: 5, usage: 5, response: 5 }],
    ["words", { reason: "stop", usage: "few", response: "x" }],
    ["nothing", { reason: null, usage: null, response: null, warnings: null }],
    ["promises", { usage: Promise.resolve({}), response: Promise.resolve({}) }],
    ["traps", { usage: trap, response: trap, warnings: [trap] }],
    ["a list that is one", { warnings: traps }],
  ])("loses those, whoever watches: %s", async (_, fields) => {
    const router = routerOf(async function* () {
      yield text("Hi");
      yield await Promise.resolve({ type: "finish", ...fields });
    });
    for (const observer of [undefined, () => {}]) {
      if (observer !== undefined) router.observe(observer);
      const completion = await router.complete({ model: "m", messages });
      expect(completion).toMatchObject({ text: "Hi", usage: undefined, response: undefined, warnings: [] });
      expect(["stop", "other"]).toContain(completion.finishReason);
    }
  });
});

describe("a provider that keeps to no rule of iterations ends its attempt, and never the process", () => {
  const cases: readonly [string, () => unknown][] = [
    ["`done` throws", giving(Object.defineProperty({}, "done", { get: throwing }))],
    ["`value` throws", giving(Object.defineProperty({ done: false }, "value", { get: throwing }))],
    ["a done that is no boolean", giving({ done: 1 })],
    ["an async function that rejects", rejecting],
    ["an async function", async () => giving({ done: true })()],
    ["values that reject", () => giving({ done: false, value: Promise.reject(slip) })()],
    ["strings", giving({ done: false, value: "Hello" })],
    ["parts without a type", giving({ done: false, value: {} })],
    [
      "parts that cannot be weighed",
      async function* () {
        for (let part = 0; part < 3; part++) yield Object.defineProperty({ type: "log" }, "message", { get: throwing });
      },
    ],
  ];

  test.each(cases)("%s", async (_, stream) => {
    await expect(routerOf(stream).complete({ model: "m", messages })).rejects.toBeInstanceOf(QwenError);
    const { error } = await collect(routerOf(stream).stream({ model: "m", messages }));
    expect(error).toBeInstanceOf(QwenError);
  });

  test("and is told what `stream` must return", async () => {
    await expect(routerOf(rejecting).complete({ model: "m", messages })).rejects.toThrow(/`async function\*`/);
  });
});

test.each([{}, { reason: undefined, warnings: undefined }, { warnings: null, conversation: null, usage: null }])(
  "a finish that says nothing ends a whole answer: %o",
  async (said) => {
    const router = routerOf(async function* () {
      yield text("Hi");
      yield { type: "finish", ...said };
    });
    expect(await router.complete({ model: "m", messages })).toMatchObject({
      text: "Hi",
      finishReason: "other",
      warnings: [],
      usage: undefined,
      conversation: undefined,
    });
  },
);

test("a place in a queue without a time that is a number is no reason to leave it", async () => {
  const router = routerOf(async function* () {
    yield { type: "queue", position: 1, etaMs: Number.NaN };
    yield text("Hi");
    yield finish;
  });
  expect((await router.complete({ model: "m", messages })).text).toBe("Hi");
});

test("a part that weighs less when it is read than when it came holds nobody up", async () => {
  const router = routerOf(async function* () {
    const log = { type: "log", level: "info", message: "" };
    for (let part = 0; part < 1000; part++) {
      log.message = part % 2 === 0 ? "x".repeat(2000) : "";
      yield log;
    }
    yield text("Hi");
    yield finish;
  });
  const iterator = router.stream({ model: "m", messages })[Symbol.asyncIterator]();
  await iterator.next();
  await wait(5);
  expect((await collect({ [Symbol.asyncIterator]: () => iterator })).parts.at(-1)?.type).toBe("finish");
});

describe("a promise where a value is needed is a TypeError, and ends no process by rejecting", () => {
  test("of `limits`", () => {
    expect(() => routerOf(throwing, { limits: rejecting() as never })).toThrow(TypeError);
  });

  test.each(["routes", "providers"])("of `%s`", (name) => {
    expect(() => routerOf(throwing, { [name]: rejecting() })).toThrow(TypeError);
  });

  test("of `register`", () => {
    expect(() => createRouter({ plugins: [{ name: "p", register: rejecting as never }] })).toThrow(/at once/);
  });
});

describe("a signal of somebody's own", () => {
  const signal = {
    aborted: false,
    addEventListener: () => {},
    removeEventListener: throwing,
    throwIfAborted: () => {},
  };

  test("that throws when the call has ended does not keep it", async () => {
    const router = routerOf(async function* () {
      yield text("Hi");
      yield finish;
    });
    const request = { model: "m", messages, signal: signal as unknown as AbortSignal };
    expect((await router.complete(request)).text).toBe("Hi");
    expect((await collect(router.stream(request))).parts.at(-1)?.type).toBe("finish");
  });

  test.each(["addEventListener", "removeEventListener", "throwIfAborted"])("is none without `%s`", async (name) => {
    const request = { model: "m", messages, signal: { ...signal, [name]: undefined } as unknown as AbortSignal };
    await expect(routerOf(throwing).complete(request)).rejects.toThrow(/`signal` must be an AbortSignal/);
  });
});
