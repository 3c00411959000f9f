import { describe, expect, test, vi } from "vitest";

import { createHealth } from "../../src/router/health.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import { finish, messages, scripted, text } from "./scripted.ts";
import { complete, good, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("the settings of one provider", () => {
  test("`limits` are stronger than those for all, name by name, and hold for nobody else", async () => {
    const [a, b] = [scripted("a", [slow(100)]), scripted("b", [slow(100)])];
    const router = routerOf([a, b], {
      limits: { maxConcurrent: 3, maxQueueSize: 1 },
      providers: { a: { limits: { maxConcurrent: 1, maxQueueSize: undefined } } },
      retry: { maxAttempts: 2 },
    });
    const calls = Promise.all(Array.from({ length: 4 }, () => router.complete({ model: "m", messages })));
    await vi.advanceTimersByTimeAsync(50);
    expect(router.health()).toMatchObject([
      { provider: "a", busy: 2, waiting: 1 },
      { provider: "b", busy: 2, waiting: 0 },
    ]);
    await vi.runAllTimersAsync();
    expect((await calls).map(({ provider }) => provider)).toEqual(["a", "a", "b", "b"]);
  });

  test("`limits` hold where there are none for all", async () => {
    const health = createHealth({ providers: { a: { limits: { maxConcurrent: 1 } } } });
    expect(health.of("a", "m").limiter).toBeDefined();
    expect(health.of("b", "m").limiter).toBeUndefined();
    expect(() => createHealth({ providers: { a: { limits: { maxConcurrent: 0 } } } })).toThrow(TypeError);
  });

  test.each<[string, Partial<RouterOptions>, object, number]>([
    ["that it was made with", {}, {}, 200],
    ["that the router has for all", { timeouts: { firstOutputMs: 100 } }, {}, 200],
    ["of its settings", { providers: { a: { timeouts: { firstOutputMs: 300 } } } }, {}, 300],
    [
      "of the request",
      { providers: { a: { timeouts: { firstOutputMs: 300 } } } },
      { timeouts: { firstOutputMs: 400 } },
      400,
    ],
  ])(
    "`timeouts` are weaker than a request's and stronger than all others: those %s",
    async (_, options, own, limitMs) => {
      const made = { ...scripted("a", [["stall"]]), timeouts: { firstOutputMs: 200 } };
      const { error } = await complete(routerOf([made], { ...options, retry: { maxAttempts: 1 } }), own);
      expect(error).toMatchObject({ code: "timeout", phase: "first-output", limitMs });
    },
  );

  test("`timeouts.totalMs` is the time of each attempt at it, after which the next candidate is asked", async () => {
    const providers = [scripted("a", [slow(1000)]), scripted("b", [good])];
    const settings = { a: { timeouts: { totalMs: 50 } } };
    const { completion } = await complete(routerOf(providers, { providers: settings }));
    expect(completion).toMatchObject({ provider: "b", attempts: [{ provider: "a", durationMs: 50 }, {}] });
  });

  test("a call that is slower than they allow counts against it, one that is slower than a caller's own does not", async () => {
    const settings = { a: { timeouts: { firstOutputMs: 20 } } };
    const router = routerOf([scripted("a", [["stall"]])], {
      providers: settings,
      breaker: { minimumCalls: 1 },
      retry: { maxAttempts: 1 },
    });
    await complete(router, { timeouts: { firstOutputMs: 10 } });
    expect(router.health()[0]?.breaker).toBe("closed");
    await complete(router);
    expect(router.health()[0]?.breaker).toBe("open");
  });

  test("weights that stand with the strategy are those of the providers, whatever those are called", async () => {
    for (const id of ["constructor", "toString"]) {
      const router = routerOf([scripted("a", [good]), scripted(id, [good])], { strategy: { weights: { a: 0 } } });
      const { completion } = await complete(router);
      expect(completion).toMatchObject({ provider: id });
    }
  });

  test("a `weight` alone makes the choice a weighted one", async () => {
    const providers = [scripted("a", [[text("a"), finish]]), scripted("b", [[text("b"), finish]])];
    const rolls = [0, 0.2, 0.3, 0.9];
    vi.mocked(Math.random).mockImplementation(() => rolls.shift() ?? 0);
    const router = routerOf(providers, { providers: { b: { weight: 3 } } });
    const asked: unknown[] = [];
    for (let call = 0; call < 4; call++) asked.push((await complete(router)).completion?.provider);
    expect(asked).toEqual(["a", "a", "b", "b"]);
  });

  test("are read when the router is made, not later", async () => {
    const settings = { a: { weight: 0, timeouts: { firstOutputMs: 5 } } };
    const router = routerOf([scripted("a", [slow(50)]), scripted("b", [good])], { providers: settings });
    Object.assign(settings.a, { weight: 100 });
    settings.a.timeouts.firstOutputMs = Number.NaN;
    expect((await complete(router)).completion?.provider).toBe("b");
  });
});
