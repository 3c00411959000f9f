import { createRouter, type Router } from "@qwen/core";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ask, caller, check, deciding, decision, watch, watching } from "./careless-callers.ts";
import { providerOf, scripts } from "./wild-providers.ts";

// Any caller at any provider, neither of which keeps a promise: what always holds all the same. Time is moved by hand.

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  unhandled.length = 0;
  process.on("unhandledRejection", onUnhandled);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  process.off("unhandledRejection", onUnhandled);
});

const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown): void => void unhandled.push(reason);

const TOTAL_MS = 2500;

const settings = fc.record(
  {
    commit: fc.constantFrom("first-output" as const, "buffered" as const),
    hedge: fc.record({ delayMs: fc.constantFrom(1, 500), maxConcurrent: fc.constantFrom(1, 2, 3) }),
    limits: fc.record({ maxConcurrent: fc.constantFrom(1, 2), maxQueueSize: fc.constantFrom(0, 1, 5) }),
    retry: fc.record({ maxAttempts: fc.integer({ min: 1, max: 6 }), baseDelayMs: fc.constantFrom(0, 200) }),
  },
  { requiredKeys: [] },
);

test("every call ends by its clock with one finish or one error, whoever calls and whoever answers", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(scripts, { minLength: 1, maxLength: 3 }),
      settings,
      fc.array(caller, { minLength: 1, maxLength: 4 }),
      watching,
      deciding,
      async (answers, options, callers, watches, decides) => {
        const router: Router = createRouter({
          ...options,
          plugins: answers.map((calls, index) => providerOf(String.fromCodePoint(97 + index), calls)),
          timeouts: { totalMs: TOTAL_MS, firstOutputMs: 900, idleMs: 900, queueMs: 900 },
          retry: { ...options.retry, ...decision(decides) },
        });
        watch(router, watches);
        const begun = new Map<string, number>();
        const requests = new Map<string, string[]>();
        router.observe((event) => {
          if ("requestId" in event)
            requests.set(event.requestId, [...(requests.get(event.requestId) ?? []), event.type]);
          if (event.type === "attempt-started") begun.set("open", (begun.get("open") ?? 0) + 1);
          if (event.type === "attempt-ended") begun.set("open", (begun.get("open") ?? 0) - 1);
        });

        const ends: unknown[] = [];
        const asleep = callers.map(({ how, slowMs, abort }) => {
          const controller = new AbortController();
          if (abort !== null) setTimeout(() => controller.abort(abort.reason), abort.afterMs);
          const ended = ask(router, { how, slowMs, abort: controller.signal });
          void Promise.resolve(ended).then((end) => void ends.push(check(end, abort?.reason)));
          return how === "slowly";
        });
        // Whoever reads slowly has had the end by then, but may still be at what waited for it.
        await vi.advanceTimersByTimeAsync(TOTAL_MS + 50);
        expect(ends.length).toBeGreaterThanOrEqual(asleep.filter((slow) => !slow).length);
        expect(router.health().filter(({ busy, waiting }) => busy > 0 || waiting > 0)).toEqual([]);
        expect(begun.get("open") ?? 0).toBe(0);
        expect(requests.size).toBe(callers.length);
        for (const types of requests.values()) {
          expect([types[0], types.at(-1)]).toEqual(["request-started", "request-ended"]);
          expect(types.filter((type) => type.startsWith("request-"))).toHaveLength(2);
        }

        await router.close();
        // Slow readers sleep on, at most over each part there was: they take no call's time.
        await vi.advanceTimersByTimeAsync(3_000);
        expect(unhandled).toEqual([]);
        vi.clearAllTimers();
      },
    ),
    { numRuns: process.env["TEST_ALL"] === "1" ? 5000 : 300 },
  );
}, 60_000);
