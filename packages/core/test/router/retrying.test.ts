import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";

import { runAttempts, type Candidate } from "../../src/router/index.ts";
import { providerParts, type RoutedPart } from "../../src/router/provider-parts.ts";
import { DEFAULT_TIMEOUTS } from "../../src/timers.ts";
import { finish, scripted, text, type Step } from "./scripted.ts";
import { complete, failure, good, read, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("retry", () => {
  test("waits as told before asking the same provider again", async () => {
    const limited = failure("rate_limited", { retryAfterMs: 3000 });
    const { parts, tookMs } = await read(routerOf([scripted("a", [[limited], good])]));
    expect(parts.at(-1)).toMatchObject({ attempts: [{ error: limited }, { number: 2 }] });
    expect(tookMs).toBe(3000);
  });

  test("can be set for the router and for a request", async () => {
    const provider = scripted("a", [[failure("connection")]]);
    const router = routerOf([provider], { retry: { maxAttempts: 2, baseDelayMs: 0 }, breaker: false });
    expect((await read(router)).error).toMatchObject({ code: "all_failed" });
    expect(provider.requests).toHaveLength(2);
    await read(router, { retry: { maxAttempts: 5 } });
    expect(provider.requests).toHaveLength(7);
    expect((await read(router, { retry: { maxAttempts: 0 } })).error).toBeInstanceOf(TypeError);
  });

  test("by the user's condition on a result, in complete(): the last answer counts if nobody does better", async () => {
    const router = routerOf([scripted("a", [good]), scripted("b", [[text("better"), finish]])], {
      retry: {
        shouldRetry: ({ result }) => ((result as { text: string } | undefined)?.text === "better" ? undefined : "next"),
      },
    });
    expect((await complete(router)).completion).toMatchObject({
      text: "better",
      attempts: [{ provider: "a", error: expect.any(Error) }, { provider: "b" }],
    });
    const never = routerOf([scripted("a", [good])], { retry: { shouldRetry: () => "next" } });
    expect((await complete(never)).completion).toMatchObject({ text: "Hello world" });
  });

  test("by a condition on a result that was shown already is a TypeError", async () => {
    const router = routerOf([scripted("a", [good])], {
      retry: { shouldRetry: ({ error }) => (error === undefined ? "retry" : undefined) },
    });
    expect((await read(router)).error).toBeInstanceOf(TypeError);
    expect((await read(router, { commit: "buffered" })).error).toBeUndefined();
  });

  test("by a condition that throws ends the request with that error, and leaves nothing open", async () => {
    const slip = new Error("a slip");
    const shouldRetry = () => {
      throw slip;
    };
    for (const script of [good, [failure("connection")]]) {
      const router = routerOf([scripted("a", [script])], { retry: { shouldRetry } });
      const { signal } = new AbortController();
      expect((await read(router, { signal })).error).toBe(slip);
      expect(await complete(router, { signal })).toEqual({ error: slip });
      expect(getEventListeners(signal, "abort")).toHaveLength(0);
      expect(router.health()).toMatchObject([{ busy: 0 }]);
    }
  });
});

test("a route of any length may be refused by each of its candidates", async () => {
  const refused = failure("unsupported");
  const candidates = Array.from({ length: 12_000 }, (_, index) => ({
    provider: `p${index}`,
    model: "m",
    timeouts: DEFAULT_TIMEOUTS,
    refuse: () => refused,
    start: () => expect.unreachable(),
  }));
  const run = runAttempts({
    model: "m",
    candidates: () => candidates as unknown as readonly [Candidate<RoutedPart>],
    reader: providerParts,
  });
  await expect(run.next()).rejects.toMatchObject({ code: "unsupported" });
});

describe("a queue longer than maxQueueMs", () => {
  const queued = (etaMs: number): readonly Step[] => [{ type: "queue", position: 9, etaMs }, "stall"];

  test("is left for the next candidate, and its job stopped", async () => {
    const a = scripted("a", [queued(5001)]);
    const { parts, tookMs } = await read(routerOf([a, scripted("b", [good])]), {
      maxQueueMs: 5000,
      retry: { maxAttempts: 2 },
    });
    expect(parts.at(-1)).toMatchObject({ provider: "b", attempts: [{ error: { code: "queue_full" } }, {}] });
    expect(tookMs).toBe(0);
    expect(a.requests[0]).toMatchObject({ maxQueueMs: 5000, signal: { aborted: true } });
  });

  test("says nothing about the provider: its breaker stays closed", async () => {
    const router = routerOf([scripted("a", [queued(10)])], {
      maxQueueMs: 5,
      breaker: { minimumCalls: 1 },
      retry: { maxAttempts: 1 },
    });
    await read(router);
    expect(router.health()).toMatchObject([{ breaker: "closed", busy: 0 }]);
  });
});

describe("a function of the caller's that decides", () => {
  const slip = new RangeError("the caller's own");
  const throwing = (): never => {
    throw slip;
  };

  test.each<readonly [string, () => unknown]>([
    ["a promise", async () => "retry"],
    ["a rejected promise", async () => throwing()],
    ["a slip", () => "again"],
  ])("is a TypeError that ends the call where `shouldRetry` returns %s", async (_, shouldRetry) => {
    const a = scripted("a", [[failure("connection")]]);
    const router = routerOf([a, scripted("b", [good])], { retry: { shouldRetry: shouldRetry as never } });
    expect((await complete(router)).error).toBeInstanceOf(TypeError);
    expect((await read(router)).error).toBeInstanceOf(TypeError);
    expect(a.requests).toHaveLength(2);
    const shown = routerOf([scripted("a", [good])], { retry: { shouldRetry: shouldRetry as never } });
    expect((await read(shown)).error).toBeInstanceOf(TypeError);
  });

  test("ends the call with what it throws", async () => {
    const failing = () => [scripted("a", [[failure("connection")]]), scripted("b", [good])];
    expect((await complete(routerOf(failing(), { retry: { shouldRetry: throwing } }))).error).toBe(slip);
  });
});
