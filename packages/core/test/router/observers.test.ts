import { describe, expect, test, vi } from "vitest";

import type { RouterEvent } from "../../src/router/observers.ts";
import { messages, scripted, text } from "./scripted.ts";
import { failure, good, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("observers", () => {
  test("are told what happens, in order", async () => {
    const events: RouterEvent[] = [];
    const cut = failure("authentication");
    const router = routerOf([scripted("a", [[cut]]), scripted("b", [slow(10)])], { breaker: { minimumCalls: 1 } });
    const stop = router.observe((event) => events.push(event));
    await read(router);
    const request = { requestId: expect.any(String), name: "m" };
    expect(events).toMatchObject([
      { type: "request-started", ...request },
      { type: "attempt-started", name: "m", provider: "a", model: "m", number: 1, hedge: false },
      { type: "attempt-ended", provider: "a", number: 1, outcome: "failed", error: cut, durationMs: 0 },
      { type: "breaker-changed", provider: "a", model: "m", state: "open" },
      { type: "attempt-started", provider: "b", number: 2 },
      { type: "output", provider: "b", number: 2, latencyMs: 10 },
      { type: "attempt-ended", provider: "b", number: 2, outcome: "answered", durationMs: 10 },
      { type: "request-ended", ...request, provider: "b", outcome: "answered", firstOutputMs: 10, durationMs: 10 },
    ]);
    stop();
    await read(router);
    expect(events).toHaveLength(8);
  });

  test("write on their own: neither who is asked next, nor what counts, nor what the caller gets goes by it", async () => {
    const written = new Set<unknown>();
    const scribble = (error: unknown): void => {
      if (!(error instanceof Error)) return;
      written.add(error);
      Object.assign(error, { code: "invalid_request", message: "scribbled", retryAfterMs: 1, provider: "scribbled" });
      for (const attempt of (error as { attempts?: readonly { error?: unknown }[] }).attempts ?? [])
        scribble(attempt.error);
    };
    const usage = { outputTokens: 1, raw: { tokens: 1 } };
    const broken = [failure("authentication")];
    const router = routerOf(
      [scripted("a", [broken]), scripted("b", [[text("b"), { type: "finish", reason: "stop", usage }], broken])],
      {
        breaker: { minimumCalls: 1 },
        retry: { maxAttempts: 2 },
      },
    );
    router.observe((event) => {
      if ("error" in event) scribble(event.error);
      if ("attempts" in event) for (const { error } of event.attempts ?? []) scribble(error);
      if ("usage" in event) Object.assign(event.usage?.raw ?? {}, { tokens: 666 });
    });
    const answered = await router.complete({ model: "m", messages });
    expect(answered).toMatchObject({
      text: "b",
      usage: { raw: { tokens: 1 } },
      attempts: [{ error: { code: "authentication" } }, {}],
    });
    expect(router.health()[0]).toMatchObject({ provider: "a", breaker: "open" });
    const { error } = await read(router);
    expect(error).toMatchObject({
      code: "all_failed",
      attempts: [1, 2].map(() => ({ error: { code: "authentication" } })),
    });
    expect(JSON.stringify([error, answered.attempts])).not.toContain("scribbled");
    expect(written.size).toBeGreaterThan(2);
  });

  test("are told of an abort whatever its reason holds", async () => {
    const reason = Object.defineProperty(failure("timeout"), "attempts", { value: [null] });
    const router = routerOf([scripted("a", [slow(1000)])]);
    const told: unknown[] = [];
    router.observe(({ type }) => told.push(type));
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 5);
    expect((await read(router, { signal: controller.signal })).error).toBe(reason);
    expect(told.at(-1)).toBe("request-ended");
  });

  test("that throw disturb neither the call nor the others", async () => {
    let told = 0;
    const router = routerOf([scripted("a", [good])]);
    router.observe(() => {
      throw new Error("broken observer");
    });
    router.observe(() => told++);
    expect((await read(router)).error).toBeUndefined();
    expect(told).toBe(5);
  });

  test("that reject, never settle, or return what throws when it is awaited end neither the call nor the process", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const router = routerOf([scripted("a", [good])]);
    const throwing = (): never => {
      throw new Error("do not look");
    };
    const returns = [
      () => Promise.reject(new Error("the backend is down")),
      () => new Promise(() => {}),
      () => new Proxy({}, { get: () => throwing }),
      () => new Proxy({}, { get: throwing }),
    ];
    for (const observer of returns) router.observe(observer);
    expect((await read(router)).error).toBeUndefined();
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", listener);
    vi.useFakeTimers();
    expect(unhandled).toEqual([]);
  });

  test.each(["request-started", "attempt-started", "output", "attempt-ended"])(
    "hear everything in one order, whatever another one makes of %s",
    async (at) => {
      const heard: string[] = [];
      const router = routerOf([scripted("a", [good])]);
      router.observe(({ type }) => {
        if (type === at) void router.close();
      });
      router.observe(({ type }) => heard.push(type));
      await read(router);
      expect([heard[0], heard.indexOf("request-ended")]).toEqual(["request-started", heard.length - 1]);
    },
  );

  test("cannot change what the next one is told, and one added meanwhile is told from the next event on", async () => {
    const events: RouterEvent[] = [];
    const router = routerOf([scripted("a", [good])]);
    router.observe((event) => Object.assign(event, { type: "forged" }));
    let added = 0;
    router.observe(() => {
      if (added++ < 10) router.observe((event) => events.push(event));
    });
    await read(router);
    // One is added with each event.
    const told = { "attempt-started": 1, output: 2, "attempt-ended": 3, "request-ended": 4 };
    expect(events.map(({ type }) => type)).toEqual(
      Object.entries(told).flatMap(([type, times]) => Array.from({ length: times }, () => type)),
    );
  });

  test("cannot change what the caller gets by writing on an event", async () => {
    const usage = { outputTokens: 2 };
    const router = routerOf([scripted("a", [[text("Hi"), { type: "finish", reason: "stop", usage }]])]);
    router.observe((event) => {
      if (event.type !== "request-ended" && event.type !== "attempt-ended") return;
      Object.assign(event.usage ?? {}, { outputTokens: 9 });
    });
    router.observe((event) => {
      if (event.type === "request-ended") Object.assign(event.attempts[0] ?? {}, { provider: "forged" });
    });
    const { parts } = await read(router);
    expect(parts.at(-1)).toMatchObject({ usage: { outputTokens: 2 }, attempts: [{ provider: "a" }] });
    expect(usage).toEqual({ outputTokens: 2 });
  });

  test("must be functions", () => {
    expect(() => routerOf([scripted("a", [good])]).observe("x" as never)).toThrow(TypeError);
  });
});
