import { getEventListeners } from "node:events";
import { describe, expect, test, vi } from "vitest";

import type { ProviderPart } from "../../src/part.ts";
import { runAttempts, type Candidate, type PartReader } from "../../src/router/index.ts";
import { DEFAULT_TIMEOUTS } from "../../src/timers.ts";
import { collect, finish, messages, scripted, text, type Step } from "./scripted.ts";
import { failure, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("whatever throws in the loop ends the call with that", () => {
  type Part = readonly [kind: "opening" | "output" | "finish", value?: string];
  const reader: PartReader<Part, string> = {
    kind: ([kind]) => kind,
    errorOf: () => undefined,
    attempt: ({ provider }) => ["opening", provider],
    usageOf: () => undefined,
    queueOf: () => undefined,
    sealed: (part) => part,
    collect: () => ({ add: () => {}, text: () => "", result: () => "whole" }),
  };
  const slip = new Error("a slip");
  const throwing = (): never => {
    throw slip;
  };
  const broken: readonly [string, Partial<PartReader<Part, string>>][] = [
    ["sealed()", { sealed: throwing }],
    ["attempt()", { attempt: throwing }],
    ["usageOf()", { usageOf: throwing }],
    ["collect()", { collect: throwing }],
    ["result()", { collect: () => ({ add: () => {}, text: () => "", result: throwing }) }],
  ];

  test.each(broken)("%s of a reader", async (_, own) => {
    for (const outcomeOnly of [false, true]) {
      if (outcomeOnly && "attempt" in own) continue;
      const candidate: Candidate<Part> = {
        provider: "a",
        model: "m",
        timeouts: DEFAULT_TIMEOUTS,
        async *start() {
          yield ["output", "Hi"];
          yield ["finish"];
        },
      };
      const { signal } = new AbortController();
      const run = runAttempts({
        model: "m",
        candidates: () => [candidate],
        reader: { ...reader, ...own },
        outcomeOnly,
        signal,
      });
      const reading = collect(run);
      await vi.runAllTimersAsync();
      expect((await reading).error).toBe(slip);
      expect(run.outcome()).toEqual({ error: slip });
      expect(getEventListeners(signal, "abort")).toHaveLength(0);
    }
  });

  /** The error of a call that has to be tried again, after a random wait. */
  async function errorBy(random: () => unknown): Promise<unknown> {
    const candidate: Candidate<Part> = { provider: "a", model: "m", timeouts: DEFAULT_TIMEOUTS, start: failing };
    const reading = collect(
      runAttempts({ model: "m", candidates: () => [candidate], reader, random: random as () => number }),
    );
    await vi.runAllTimersAsync();
    return (await reading).error;
  }
  const failing = (): never => {
    throw failure("connection");
  };

  test("`random`, where it is asked", async () => {
    expect(await errorBy(throwing)).toBe(slip);
  });

  test.each<[string, () => unknown]>([
    ["NaN", () => Number.NaN],
    ["less than 0", () => -0.1],
    ["more than 1", () => 2],
    ["text", () => "0.5"],
    ["a promise", async () => 0.5],
    ["a rejected promise", async () => throwing()],
  ])("what `random` returns, where that is none of its numbers but %s", async (_, random) => {
    const expected = new TypeError("`random` must return numbers from 0 up to 1, and at once.");
    expect(await errorBy(random)).toEqual(expected);
  });
});

describe("who watches and ends the call", () => {
  const scripts: readonly (readonly Step[])[] = [
    [failure("authentication")],
    [text("Hi"), { waitMs: 10 }, finish],
    [{ waitMs: 50 }, text("late"), finish],
  ];

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("at event %i of it is heard at once, and nothing is left open", async (nth) => {
    for (const commit of ["first-output", "buffered"] as const) {
      const providers = scripts.map((script, index) => scripted(String.fromCodePoint(97 + index), [script]));
      const router = routerOf(providers, { hedge: { delayMs: 5, maxConcurrent: 3 }, commit });
      const controller = new AbortController();
      let events = 0;
      router.observe(() => {
        if (++events === nth) controller.abort("enough");
      });
      const parts: ProviderPart["type"][] = [];
      const reading = (async () => {
        for await (const { type } of router.stream({ model: "m", messages, signal: controller.signal }))
          if (type !== "attempt") parts.push(type);
      })().catch((error: unknown) => error);
      await vi.runAllTimersAsync();
      const error = await reading;
      expect(error === "enough" || (error === undefined && parts.at(-1) === "finish")).toBe(true);
      expect(router.health().map(({ busy }) => busy)).toEqual([0, 0, 0]);
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    }
  });
});
