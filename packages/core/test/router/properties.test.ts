import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { ErrorCode } from "../../src/error-rules.ts";
import { QwenError } from "../../src/errors.ts";
import type { ProviderPart, StreamPart } from "../../src/part.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import type { Strategy } from "../../src/router/strategy.ts";
import { finish, messages, scripted, text, type Scripted, type Step } from "./scripted.ts";

// Any script of parts and faults, of several providers, read in any way: what always holds.

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const codes: readonly ErrorCode[] = [
  "authentication",
  "connection",
  "content_policy",
  "quota_exceeded",
  "rate_limited",
  "space_error",
  "stream_interrupted",
  "timeout",
];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("one ", "two", " ", "\n", "three ").map((words) => text(words)) },
  fc.constantFrom("four", "  one two", "").map((words): ProviderPart => ({ type: "text-replace", text: words })),
  fc.constant<ProviderPart>({ type: "reasoning-delta", text: "Hm" }),
  fc.nat(9).map((position): ProviderPart => ({ type: "queue", position, etaMs: position * 1000 })),
  fc.constant<ProviderPart>({ type: "progress" }),
  fc.integer({ min: 1, max: 3000 }).map((waitMs) => ({ waitMs })),
  fc
    .constantFrom(...codes)
    .map((code) => new QwenError(code, code, { retryAfterMs: code === "rate_limited" ? 500 : undefined })),
  fc.constant(new TypeError("a slip")),
  fc.constant("stall" as const),
  { weight: 2, arbitrary: fc.constant(finish) },
);
const script = fc.array(step, { maxLength: 8 });
const providers = fc.array(fc.array(script, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 });

const options: fc.Arbitrary<Omit<RouterOptions, "plugins" | "routes">> = fc.record(
  {
    commit: fc.constantFrom("first-output", "buffered"),
    hedge: fc.record({ delayMs: fc.constantFrom(1, 500), maxConcurrent: fc.constantFrom(1, 2, 3) }),
    strategy: fc.constantFrom<Strategy>("in-order", "least-busy", "lowest-latency", "weighted"),
    limits: fc.record({ maxConcurrent: fc.constantFrom(1, 2), maxQueueSize: fc.constantFrom(0, 1) }),
    maxQueueMs: fc.constantFrom(0, 5000),
    retry: fc.record({ maxAttempts: fc.integer({ min: 1, max: 5 }), maxElapsedMs: fc.constantFrom(0, 10_000) }),
    timeouts: fc.record({ totalMs: fc.constantFrom(1000, 100_000) }),
  },
  { requiredKeys: [] },
);

function build(
  scripts: readonly (readonly (readonly Step[])[])[],
  settings: Omit<RouterOptions, "plugins" | "routes">,
) {
  const plugins = scripts.map((own, index) => scripted(String.fromCodePoint(97 + index), own));
  const timeouts = { firstOutputMs: 2000, queueMs: 4000, idleMs: 2000, ...settings.timeouts };
  const router: Router = createRouter({ ...settings, timeouts, plugins });
  return { plugins, router };
}

/** The exact text of a script that is played to its finish. */
function exactText(steps: readonly Step[]): string {
  let whole = "";
  for (const one of steps) {
    if (typeof one !== "object" || one instanceof Error || !("type" in one)) continue;
    if (one.type === "finish") return whole;
    if (one.type === "text-delta") whole += one.text;
    if (one.type === "text-replace") whole = one.text;
  }
  return whole;
}

async function nothingIsLeft(router: Router, plugins: readonly Scripted[]): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  expect(router.health().every(({ busy, waiting }) => busy === 0 && waiting === 0)).toBe(true);
  // A stalled script can only be told to stop: it ignores that, as a bad provider would.
  for (const { requests } of plugins) {
    for (const { signal } of requests) expect(getEventListeners(signal!, "abort")).toHaveLength(0);
  }
}

test("a stream ends in exactly one finish or one throw, with its text once, and leaves nothing open", async () => {
  await fc.assert(
    fc.asyncProperty(providers, options, async (scripts, settings) => {
      const { plugins, router } = build(scripts, settings);
      const { signal } = new AbortController();
      const parts: StreamPart[] = [];
      let thrown: unknown;
      const reading = (async () => {
        try {
          for await (const part of router.stream({ model: "m", messages, signal })) parts.push(part);
        } catch (error) {
          thrown = error;
        }
      })();
      await vi.runAllTimersAsync();
      await reading;

      const finishes = parts.filter((part) => part.type === "finish");
      expect(finishes.length + (thrown === undefined ? 0 : 1)).toBe(1);
      const [last] = finishes;
      if (last !== undefined) {
        expect(parts.at(-1)).toBe(last);
        expect(last.attempts.filter(({ error }) => error === undefined)).toMatchObject([{ provider: last.provider }]);
        let shown = "";
        for (const part of parts) {
          if (part.type === "text-delta") shown += part.text;
          if (part.type === "text-replace") shown = part.text;
        }
        const played = scripts[last.provider.codePointAt(0)! - 97]!.map(exactText);
        expect(played).toContain(shown);
      } else expect(thrown).toBeInstanceOf(QwenError);
      expect(getEventListeners(signal, "abort")).toHaveLength(0);
      expect(vi.getTimerCount()).toBe(0);
      await nothingIsLeft(router, plugins);
    }),
    { numRuns: 400 },
  );
});

test("complete() resolves with the exact text of one attempt, or rejects, and agrees with the stream's completion", async () => {
  await fc.assert(
    fc.asyncProperty(providers, options, async (scripts, settings) => {
      const outcomes = await Promise.all(
        [0, 1].map(async (way) => {
          const { plugins, router } = build(scripts, settings);
          const request = { model: "m", messages, commit: "buffered" } as const;
          const answer = (way === 0 ? router.complete(request) : router.stream(request).completion).then(
            ({ text: words, provider }) => ({ words, provider }),
            (error: unknown) => ({ code: QwenError.isInstance(error) ? error.code : error }),
          );
          return { answer, plugins, router };
        }),
      );
      await vi.runAllTimersAsync();
      const [completed, streamed] = await Promise.all(outcomes.map(({ answer }) => answer));
      expect(completed).toEqual(streamed);
      expect(vi.getTimerCount()).toBe(0);
      for (const { router, plugins } of outcomes) await nothingIsLeft(router, plugins);
    }),
    { numRuns: 200 },
  );
});

test("leaving at any point, in any way, is over at once and leaves nothing open", async () => {
  const ways = fc.constantFrom("return", "throw", "abort", "close");
  await fc.assert(
    fc.asyncProperty(
      providers,
      options,
      fc.nat(8),
      fc.nat(4000),
      ways,
      async (scripts, settings, after, waitMs, way) => {
        const { plugins, router } = build(scripts, settings);
        const controller = new AbortController();
        const iterator = router.stream({ model: "m", messages, signal: controller.signal })[Symbol.asyncIterator]();
        const reading = (async () => {
          for (let index = 0; index < after; index++) await iterator.next();
        })().catch(() => {});
        await vi.advanceTimersByTimeAsync(waitMs);
        const pending = iterator.next().then(
          () => "settled",
          () => "settled",
        );
        if (way === "return") await iterator.return?.();
        else if (way === "throw") await iterator.throw?.(new Error("left")).catch(() => {});
        else if (way === "abort") controller.abort();
        else await router.close();
        // Not one millisecond of virtual time passes.
        expect(await pending).toBe("settled");
        await reading;
        await iterator.return?.();
        expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
        await nothingIsLeft(router, plugins);
        await vi.runAllTimersAsync();
        expect(vi.getTimerCount()).toBe(0);
      },
    ),
    { numRuns: 400 },
  );
});
