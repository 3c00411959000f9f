import { describe, expect, test, vi } from "vitest";

import { QwenError, TimeoutError, type AnyQwenError } from "../../src/errors.ts";
import type { Provider } from "../../src/provider.ts";
import type { RouterEvent } from "../../src/router/observers.ts";
import { collect, messages, scripted, text } from "./scripted.ts";
import { complete, failure, good, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

/** A provider that throws this, before or after its first text. */
function throwing(thrown: unknown, { after = false } = {}): Provider {
  return {
    ...scripted("a", [good]),
    async *stream() {
      if (after) yield text("Hel");
      throw thrown;
    },
  };
}

const look = (): never => {
  throw new Error("do not look");
};
const noPrototype: unknown = Object.assign(Object.create(null), { message: 7 });

const THROWN: readonly (readonly [what: string, thrown: unknown])[] = [
  ["a string", "oops"],
  ["null", null],
  ["undefined", undefined],
  ["a symbol", Symbol("oops")],
  ["a function", () => {}],
  ["an object without prototype", noPrototype],
  ["a circle", Object.assign([], { 0: null, toString: look, toJSON: look })],
  ["an error with throwing getters", Object.defineProperty(new Error("x"), "message", { get: look })],
  ["a proxy that lets nobody look", new Proxy({}, { get: look, getPrototypeOf: look, has: look, ownKeys: look })],
  ["a frozen error", Object.freeze(new Error("cold"))],
  ["a frozen error of the family", Object.freeze(failure("authentication"))],
  ["an error of the family with a code of no table", failure("constructor" as never)],
  ["an error of the family behind a proxy", new Proxy(failure("protocol"), { ownKeys: look })],
];

describe("what a provider throws ends as one of the family", () => {
  for (const after of [false, true]) {
    test.each(THROWN)(`%s, ${after ? "after" : "before"} the first text`, async (_, thrown) => {
      const router = routerOf([throwing(thrown, { after }) as never], { retry: { maxAttempts: 1 } });
      const { error } = await (after
        ? collect(router.stream({ model: "m", messages }))
        : complete(router, { timeouts: {} }));
      expect(QwenError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({ provider: "a", attempts: [{ provider: "a", number: 1 }] });
      expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code: (error as QwenError).code });
    });
  }
});

test("an error that a provider throws again and again is not written on, and no call tells another's attempts", async () => {
  const constant = Object.freeze(failure("authentication"));
  const one = (await complete(routerOf([throwing(constant) as never]))).error as AnyQwenError;
  const two = (await complete(routerOf([scripted("b", [[failure("space_changed")]]), throwing(constant) as never])))
    .error as AnyQwenError;
  expect(one.attempts?.map(({ provider }) => provider)).toEqual(["a"]);
  expect(two.attempts?.map(({ provider }) => provider)).toEqual(["b", "a"]);
  expect(one.attempts?.[0]?.error).not.toBe(two.attempts?.[1]?.error);
});

describe("an abort is told by who aborted", () => {
  const REASONS = [
    failure("connection"),
    failure("rate_limited", { retryAfterMs: 60_000 }),
    new TimeoutError("idle", 5),
    "enough",
  ];

  test.each(REASONS)(
    "with %s as its reason: it is that reason, a cancelled attempt, and counts for nobody",
    async (reason) => {
      const events: RouterEvent[] = [];
      const router = routerOf([scripted("a", [[text("Hel"), "stall"]])], { breaker: { minimumCalls: 1 } });
      router.observe((event) => events.push(event));
      const controller = new AbortController();
      const reading = collect(router.stream({ model: "m", messages, signal: controller.signal }));
      await vi.advanceTimersByTimeAsync(1);
      controller.abort(reason);
      expect((await reading).error).toBe(reason);
      expect(events.slice(-2)).toMatchObject([
        { type: "attempt-ended", outcome: "cancelled" },
        { type: "request-ended", outcome: "cancelled", error: reason },
      ]);
      expect(router.health()).toMatchObject([{ breaker: "closed", busy: 0 }]);
      if (reason instanceof QwenError) expect(reason.attempts).toBeUndefined();
    },
  );

  test.each(REASONS)("before anything was sent: %s", async (reason) => {
    const router = routerOf([scripted("a", [good])]);
    const { error } = await complete(router, { signal: AbortSignal.abort(reason) });
    expect(error).toBe(reason);
  });
});
