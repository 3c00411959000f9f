import { describe, expect, test, vi } from "vitest";

import { createHealth } from "../../src/router/health.ts";
import { collect, messages, scripted, text, type Scripted, type Step } from "./scripted.ts";
import { complete, failure, good, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("the circuit breaker", () => {
  const breaker = { minimumCalls: 3, openMs: 1000 };
  const retry = { maxAttempts: 2, baseDelayMs: 0 };

  test("keeps requests away from a provider that fails, and lets one probe it later", async () => {
    const a = scripted("a", [...Array.from({ length: 3 }, () => [failure("authentication")]), good]);
    const router = routerOf([a, scripted("b", [good])], { breaker });
    for (let index = 0; index < 6; index++) expect((await complete(router)).completion?.provider).toBe("b");
    expect(a.requests).toHaveLength(3);
    expect(router.health()).toMatchObject([
      { provider: "a", breaker: "open", recoversInMs: 1000 },
      { provider: "b", breaker: "closed" },
    ]);
    vi.advanceTimersByTime(1000);
    expect(router.health()[0]).toMatchObject({ breaker: "half-open" });
    expect((await complete(router)).completion?.provider).toBe("a");
    expect(router.health()[0]).toMatchObject({ breaker: "closed" });
  });

  test.each([
    ["content-filter", "content_policy"],
    ["length", "context_length_exceeded"],
  ] as const)("counts no empty answer that ends by %s: the caller's words or limit did that", async (reason, code) => {
    const router = routerOf([scripted("a", [[{ type: "finish", reason, warnings: [] }]])], { breaker });
    for (let index = 0; index < 6; index++) expect((await read(router)).error).toMatchObject({ code, provider: "a" });
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);
  });

  test("counts failures in mid-stream, neither aborts nor what the caller did wrong", async () => {
    const cut = routerOf([scripted("a", [[text("Hel"), failure("connection")]])], { breaker });
    for (let index = 0; index < 3; index++) await read(cut);
    expect(cut.health()).toMatchObject([{ breaker: "open" }]);

    const refused = routerOf([scripted("a", [[failure("invalid_request")]])], { breaker });
    for (let index = 0; index < 9; index++) await read(refused);
    expect(refused.health()).toMatchObject([{ breaker: "closed" }]);

    const aborted = routerOf([scripted("a", [[text("Hel"), "stall"]])], { breaker });
    for (let index = 0; index < 9; index++) {
      const controller = new AbortController();
      const reading = collect(aborted.stream({ model: "m", messages, signal: controller.signal }));
      await vi.advanceTimersByTimeAsync(1);
      controller.abort();
      await reading;
      for await (const part of aborted.stream({ model: "m", messages })) if (part.type === "text-delta") break;
    }
    expect(aborted.health()).toMatchObject([{ breaker: "closed", busy: 0 }]);
  });

  test("opens for the time a provider asks for", async () => {
    const router = routerOf([
      scripted("a", [[failure("quota_exceeded", { retryAfterMs: 60_000 })], good]),
      scripted("b", [good]),
    ]);
    await complete(router);
    expect(router.health()).toMatchObject([{ breaker: "open", recoversInMs: 60_000 }, { breaker: "closed" }]);
  });

  test("where all are open, the one that recovers first is asked", async () => {
    const a = scripted("a", [[failure("rate_limited", { retryAfterMs: 20_000 })]]);
    const b = scripted("b", [[failure("rate_limited", { retryAfterMs: 10_000 })], good]);
    const router = routerOf([a, b], { retry });
    await complete(router);
    expect((await complete(router)).completion?.provider).toBe("b");
    expect([a.requests.length, b.requests.length]).toEqual([1, 2]);
  });

  test("finds a provider that is back within 10 s under steady traffic", async () => {
    let down = true;
    const inner = scripted("a", [good]);
    const a: Scripted = {
      ...inner,
      stream: (request) => {
        if (down) throw failure("space_unavailable");
        return inner.stream(request);
      },
    };
    const router = routerOf([a, scripted("b", [good])], { retry: { baseDelayMs: 0 } });
    const ask = async () => (await complete(router)).completion?.provider;
    for (let second = 0; second < 30; second++) {
      await ask();
      vi.advanceTimersByTime(1000);
    }
    down = false;
    let seconds = 0;
    while ((await ask()) !== "a") {
      seconds++;
      vi.advanceTimersByTime(1000);
    }
    expect(seconds).toBeLessThanOrEqual(10);
  });

  test("can be switched off", async () => {
    const router = routerOf([scripted("a", [[failure("authentication")]])], { breaker: false });
    for (let index = 0; index < 20; index++) await complete(router);
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);
  });
});

describe("limits", () => {
  test("let no more than maxConcurrent calls to a provider, the others in their turn", async () => {
    const a = scripted("a", [slow(100)]);
    const router = routerOf([a], { limits: { maxConcurrent: 2 } });
    const calls = Array.from({ length: 5 }, () => router.complete({ model: "m", messages }));
    await vi.advanceTimersByTimeAsync(50);
    expect(a.requests).toHaveLength(2);
    expect(router.health()).toMatchObject([{ busy: 5, waiting: 3 }]);
    await vi.runAllTimersAsync();
    await Promise.all(calls);
    expect(a.requests).toHaveLength(5);
    expect(router.health()).toMatchObject([{ busy: 0, waiting: 0 }]);
  });

  test("send what finds no place to the next candidate, without blaming the provider", async () => {
    const [a, b] = [scripted("a", [slow(100)]), scripted("b", [good])];
    const providers = { a: { limits: { maxConcurrent: 1, maxQueueSize: 0 } } };
    const router = routerOf([a, b], { providers, breaker: { minimumCalls: 1 }, retry: { maxAttempts: 2 } });
    const calls = Promise.all(Array.from({ length: 3 }, () => router.complete({ model: "m", messages })));
    await vi.runAllTimersAsync();
    expect((await calls).map(({ provider }) => provider)).toEqual(["a", "b", "b"]);
    expect(router.health()[0]).toMatchObject({ breaker: "closed" });
  });

  test("are left by an abort while waiting", async () => {
    const a = scripted("a", [slow(100)]);
    const router = routerOf([a], { limits: { maxConcurrent: 1 } });
    const first = router.complete({ model: "m", messages });
    const controller = new AbortController();
    const second = collect(router.stream({ model: "m", messages, signal: controller.signal }));
    await vi.advanceTimersByTimeAsync(10);
    controller.abort("enough");
    expect((await second).error).toBe("enough");
    await vi.runAllTimersAsync();
    await first;
    expect(a.requests).toHaveLength(1);
    expect(router.health()).toMatchObject([{ busy: 0, waiting: 0 }]);
  });
});

describe("the strategy", () => {
  test("least-busy spreads calls that run at the same time", async () => {
    const providers = [scripted("a", [slow(100)]), scripted("b", [slow(100)])];
    const router = routerOf(providers, { strategy: "least-busy" });
    const calls = Promise.all(Array.from({ length: 4 }, () => router.complete({ model: "m", messages })));
    await vi.runAllTimersAsync();
    await calls;
    expect(providers.map(({ requests }) => requests.length)).toEqual([2, 2]);
  });

  test("lowest-latency settles on the quicker provider", async () => {
    const providers = [scripted("a", [slow(100)]), scripted("b", [slow(10)])];
    const router = routerOf(providers, { strategy: "lowest-latency" });
    for (let index = 0; index < 10; index++) await complete(router);
    expect(providers.map(({ requests }) => requests.length)).toEqual([1, 9]);
    expect(router.health()).toMatchObject([{ latencyMs: 100 }, { latencyMs: 10 }]);
  });
});

test("a call that is ended twice counts once", () => {
  const health = createHealth({ breaker: { minimumCalls: 2 } });
  const visit = health.of("a", "m").begin();
  expect(health.list()).toMatchObject([{ provider: "a", model: "m", busy: 1 }]);
  visit.end(failure("connection"));
  visit.end(failure("connection"));
  expect(health.list()).toMatchObject([{ busy: 0, breaker: "closed" }]);
});

describe("a half-open breaker", () => {
  const breaker = { minimumCalls: 1, openMs: 1000 };

  /** A router whose first provider has failed, and may be probed now. */
  async function recovering(scripts: Parameters<typeof scripted>[1]) {
    const a = scripted("a", [[failure("authentication")], ...scripts]);
    const router = routerOf([a, scripted("b", [good])], { breaker });
    await complete(router);
    vi.advanceTimersByTime(1000);
    return { a, router };
  }

  test("is closed by the first output of a call that nobody reads on", async () => {
    const { a, router } = await recovering([[text("Hel"), "stall"], good]);
    const forgotten = router.stream({ model: "m", messages })[Symbol.asyncIterator]();
    await forgotten.next();
    await forgotten.next();
    expect(router.health()[0]).toMatchObject({ breaker: "closed" });
    expect((await complete(router)).completion?.provider).toBe("a");
    expect(a.requests).toHaveLength(3);
    await forgotten.return?.();
  });

  test("opens again if what it let through breaks off", async () => {
    const { router } = await recovering([[text("Hel"), failure("connection")], good]);
    await read(router);
    expect(router.health()[0]).toMatchObject({ breaker: "open" });
  });

  test("lets a conversation go on, which an open one does not", async () => {
    const a = scripted("a", [[failure("authentication")], good]);
    const router = routerOf([a], { breaker });
    await complete(router);
    const conversation = JSON.stringify(["a", "m", "turn"]);
    expect((await complete(router, { conversation })).error).toMatchObject({ code: "conversation_expired" });
    vi.advanceTimersByTime(1000);
    const probe = router.stream({ model: "m", messages })[Symbol.asyncIterator]();
    const first = probe.next();
    expect((await complete(router, { conversation })).completion?.text).toBe("Hello world");
    await first;
    await probe.return?.();
  });
});

test("a provider whose breaker has just opened is not asked again by the same request", async () => {
  const a = scripted("a", [[failure("connection")]]);
  const { error } = await complete(routerOf([a], { breaker: { minimumCalls: 2 }, retry: { maxAttempts: 9 } }));
  expect(error).toMatchObject({ code: "all_failed" });
  expect(a.requests).toHaveLength(2);
});

test("after the pause it asked for, a provider is asked again by the same request", async () => {
  const a = scripted("a", [[failure("rate_limited", { retryAfterMs: 20_000 })], good]);
  expect((await complete(routerOf([a]))).completion?.attempts).toHaveLength(2);
});

test.each([{ firstOutputMs: 5 }, { firstOutputMs: 50, idleMs: 5 }])(
  "a limit that a request sets shorter than it is for others opens nobody's breaker: %o",
  async (timeouts) => {
    const steps = (): Step[] => [{ waitMs: 20 }, text("Hel"), { waitMs: 20 }, text("lo"), { waitMs: 20 }, text("!")];
    const router = routerOf([scripted("a", [steps()])], { breaker: { minimumCalls: 2 }, timeouts: { idleMs: 10_000 } });
    for (let call = 0; call < 5; call++)
      expect((await complete(router, { timeouts, retry: { maxAttempts: 1 } })).error).toMatchObject({
        code: "timeout",
      });
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);

    const short = routerOf([scripted("a", [steps()])], {
      breaker: { minimumCalls: 2 },
      timeouts: { firstOutputMs: 5 },
    });
    for (let call = 0; call < 2; call++)
      await complete(short, { timeouts: { firstOutputMs: 10, idleMs: 10 }, retry: { maxAttempts: 1 } });
    expect(short.health()).toMatchObject([{ breaker: "open" }]);
  },
);

describe("what a provider says of a token of the request's own", () => {
  const headers = { a: { authorization: "Bearer x" } };

  test.each(["rate_limited", "quota_exceeded", "authentication"] as const)(
    "holds for nobody else: %s",
    async (code) => {
      const own = failure(code, { retryAfterMs: 60_000 });
      const router = routerOf([scripted("a", [[own]])], { breaker: { minimumCalls: 1 }, retry: { maxAttempts: 1 } });
      await complete(router, { headers });
      expect(router.health()).toMatchObject([{ breaker: "closed" }]);
      await complete(router, { headers: { a: { "x-trace": "1" } } });
      expect(router.health()).toMatchObject([{ breaker: "open" }]);
    },
  );

  test("is not what it says of itself", async () => {
    const router = routerOf([scripted("a", [[failure("connection")]])], { breaker: { minimumCalls: 1 } });
    await complete(router, { headers });
    expect(router.health()).toMatchObject([{ breaker: "open" }]);
  });
});
