import { describe, expect, test, vi } from "vitest";

import { createRouter } from "../../src/router/router.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { messages, outline, scripted, text, type Scripted, type Step } from "./scripted.ts";
import { failure, good, read, routerOf, useVirtualTime } from "./virtual.ts";

useVirtualTime();

const ask = (providers: readonly Scripted[], request: Partial<RouterRequest> = {}) =>
  read(routerOf(providers), request);

describe("timeouts", () => {
  const stalled: readonly Step[] = ["stall"];

  test("a provider that keeps no time and says nothing is left at firstOutputMs, and not asked twice", async () => {
    const a = scripted("a", [stalled]);
    const { parts, tookMs } = await ask([a, scripted("b", [good])], { timeouts: { firstOutputMs: 1000 } });
    expect(a.requests).toHaveLength(1);
    expect(parts.at(-1)).toMatchObject({
      provider: "b",
      attempts: [{ error: { code: "timeout", phase: "first-output", limitMs: 1000 } }, {}],
    });
    expect(tookMs).toBe(1000);
  });

  test("a provider that is left has its iteration returned once", async () => {
    let returned = 0;
    const provider: Scripted = {
      ...scripted("a", []),
      stream: () => ({
        [Symbol.asyncIterator]: () => ({
          next: () => new Promise(() => {}),
          async return() {
            returned++;
            throw new Error("will not");
          },
        }),
      }),
    };
    await ask([provider], { timeouts: { firstOutputMs: 10 } });
    expect(returned).toBe(1);
  });

  test("progress does not stop the first-output timer, a moving queue does", async () => {
    const progress = Array.from({ length: 20 }, () => [{ type: "progress" }, { waitMs: 100 }] as const).flat();
    const { error } = await ask([scripted("a", [[...progress, ...good]])], { timeouts: { firstOutputMs: 1000 } });
    expect(error).toMatchObject({ phase: "first-output" });
    const queue = Array.from(
      { length: 20 },
      (_, index) => [{ type: "queue", position: 20 - index }, { waitMs: 100 }] as const,
    ).flat();
    const queued = await ask([scripted("a", [[...queue, ...good]])], {
      timeouts: { firstOutputMs: 1000, queueMs: 200 },
    });
    expect(queued.error).toBeUndefined();
  });

  test("a queue that does not move ends at queueMs", async () => {
    const queue = Array.from({ length: 20 }, () => [{ type: "queue", position: 3 }, { waitMs: 100 }] as const).flat();
    const { error, tookMs } = await ask([scripted("a", [[...queue, "stall"]])], {
      timeouts: { firstOutputMs: 100, queueMs: 1000 },
    });
    expect(error).toMatchObject({ phase: "queue", limitMs: 1000 });
    expect(tookMs).toBe(1000);
  });

  test("a stream that stalls in mid-answer ends at idleMs", async () => {
    const { parts, error, tookMs } = await ask([scripted("a", [[text("Hi"), { waitMs: 900 }, text("!"), "stall"]])], {
      timeouts: { idleMs: 1000 },
    });
    expect(outline(parts)).toEqual(["attempt", "start", "Hi", "!"]);
    expect(error).toMatchObject({ code: "timeout", phase: "idle", attempts: [{ provider: "a" }] });
    expect(tookMs).toBe(1900);
  });

  test("totalMs ends the request over all its attempts, with what was tried", async () => {
    const { error, tookMs } = await ask([scripted("a", [stalled]), scripted("b", [stalled])], {
      timeouts: { firstOutputMs: 1000, totalMs: 2000 },
    });
    expect(error).toMatchObject({
      code: "timeout",
      phase: "total",
      attempts: [{ error: { phase: "first-output" } }, { provider: "b", error: { phase: "total" } }],
    });
    expect(tookMs).toBe(2000);
  });

  test("a consumer that sleeps longer than the limit of every phase still gets the whole answer", async () => {
    const router = createRouter({ plugins: [scripted("a", [good])], timeouts: { firstOutputMs: 10, idleMs: 10 } });
    const reading = (async () => {
      const seen = [];
      for await (const part of router.stream({ model: "m", messages })) {
        seen.push(part);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return seen;
    })();
    await vi.runAllTimersAsync();
    expect(outline(await reading)).toEqual(["attempt", "start", "Hello", " world", "finish"]);
  });

  test("a consumer that sleeps longer than totalMs gets what waits, then the error: its call was over by then", async () => {
    const provider = scripted("a", [[text("Hi"), text("!"), "stall"]]);
    const router = routerOf([provider], { timeouts: { totalMs: 100 }, limits: { maxConcurrent: 1 } });
    const stream = router.stream({ model: "m", messages });
    const iterator = stream[Symbol.asyncIterator]();
    for (let part = 0; part < 3; part++) await iterator.next();
    await vi.advanceTimersByTimeAsync(99);
    expect(router.health()).toMatchObject([{ busy: 1 }]);
    await vi.advanceTimersByTimeAsync(1);
    expect(router.health()).toMatchObject([{ busy: 0 }]);
    expect(provider.requests[0]?.signal?.aborted).toBe(true);
    await expect(stream.completion).rejects.toMatchObject({ code: "timeout", phase: "total" });
    expect(await iterator.next()).toMatchObject({ value: { text: "!" } });
    await expect(iterator.next()).rejects.toMatchObject({ code: "timeout", phase: "total", limitMs: 100 });
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  test("totalMs bounds the wait for a place, and the pause before a retry", async () => {
    const router = routerOf([scripted("a", [stalled])], { limits: { maxConcurrent: 1 } });
    const first = read(router, { timeouts: { totalMs: 5000, firstOutputMs: Infinity } });
    expect(await read(router, { timeouts: { totalMs: 200 } })).toMatchObject({ error: { phase: "total" } });
    expect((await first).error).toMatchObject({ phase: "total" });
    expect(router.health()).toMatchObject([{ busy: 0, waiting: 0 }]);
    const limited = scripted("b", [[failure("rate_limited", { retryAfterMs: 20_000 })]]);
    const { error, tookMs } = await ask([limited], { timeouts: { totalMs: 300 } });
    expect(error).toMatchObject({ phase: "total", attempts: [{ error: { code: "rate_limited" } }] });
    expect(tookMs).toBe(300);
  });

  test("totalMs is 1 hour where nobody sets it, and Infinity lifts it", async () => {
    const timeouts = { firstOutputMs: Infinity };
    const { error, tookMs } = await ask([scripted("a", [stalled])], { timeouts });
    expect(error).toMatchObject({ phase: "total", limitMs: 3_600_000 });
    expect(tookMs).toBe(3_600_000);
    const late: readonly Step[] = [{ waitMs: 4_000_000 }, ...good];
    expect(
      (await ask([scripted("a", [late])], { timeouts: { ...timeouts, totalMs: Infinity } })).error,
    ).toBeUndefined();
  });

  test("the totalMs of a provider is the time of each attempt at it: then the next candidate is asked", async () => {
    const own = (id: string, script: readonly Step[]) => ({ ...scripted(id, [script]), timeouts: { totalMs: 100 } });
    const steady = Array.from({ length: 20 }, () => [{ waitMs: 30 }, { type: "progress" }] as const).flat();
    const [a, b] = [own("a", steady), own("b", good)];
    const { parts, tookMs } = await ask([a, b], { timeouts: { totalMs: 10_000 } });
    expect(parts.at(-1)).toMatchObject({ provider: "b", attempts: [{ error: { phase: "total", limitMs: 100 } }, {}] });
    expect(tookMs).toBe(100);
    const alone = await ask([own("a", [text("Hi"), ...steady])]);
    expect(alone.error).toMatchObject({ code: "timeout", phase: "total", attempts: [{ provider: "a" }] });
    expect(alone.tookMs).toBe(100);
  });

  test("retries without a pause leave room for the clock", async () => {
    const refusing = scripted("a", [[failure("connection")]]);
    const router = routerOf([refusing], { breaker: false, retry: { maxAttempts: Infinity, baseDelayMs: 0 } });
    const { error, tookMs } = await read(router, { timeouts: { totalMs: 150 } });
    expect(error).toMatchObject({ code: "timeout", phase: "total" });
    expect(tookMs).toBe(150);
    expect(refusing.requests.length).toBeGreaterThan(16);
  });

  test("an iteration that is never out of values leaves room for the clock", async () => {
    const endless: Scripted = {
      ...scripted("a", []),
      async *stream() {
        for (;;) yield { type: "progress" } as const;
      },
    };
    const { error, tookMs } = await ask([endless], { timeouts: { firstOutputMs: 50 }, retry: { maxAttempts: 1 } });
    expect(error).toMatchObject({ code: "timeout", phase: "first-output" });
    expect(tookMs).toBe(50);
  });

  test("those of a request are stronger than the provider's, and these than the router's", async () => {
    const seen = scripted("a", [good]);
    const own = { ...seen, timeouts: { idleMs: 2, queueMs: 2 } };
    const router = createRouter({ plugins: [own], timeouts: { idleMs: 3, queueMs: 3, connectMs: 3 } });
    await router.complete({ model: "m", messages, timeouts: { idleMs: 1 } });
    expect(seen.requests[0]?.timeouts).toEqual({
      idleMs: 1,
      queueMs: 2,
      connectMs: 3,
      headersMs: 30_000,
      firstOutputMs: 60_000,
      answerMs: 300_000,
      totalMs: Infinity,
    });
  });
});

describe("limits at most", () => {
  const stalled: readonly Step[] = ["stall"];
  const tookMs = async (own: Partial<RouterRequest>, atMost: RouterRequest["atMost"]): Promise<number> =>
    (await ask([scripted("a", [stalled])], { ...own, atMost })).tookMs;

  test("hold where they are below what holds without them, and nowhere else", async () => {
    expect(await tookMs({ timeouts: { firstOutputMs: 1000 } }, { timeouts: { firstOutputMs: 400 } })).toBe(400);
    expect(await tookMs({ timeouts: { firstOutputMs: 400 } }, { timeouts: { firstOutputMs: Infinity } })).toBe(400);
    expect(await tookMs({}, { timeouts: { firstOutputMs: Infinity } })).toBe(60_000);
    expect(await tookMs({}, { timeouts: { totalMs: 400 } })).toBe(400);
    const forEver = { totalMs: Infinity, firstOutputMs: Infinity };
    expect(await tookMs({ timeouts: { firstOutputMs: Infinity } }, { timeouts: forEver })).toBe(3_600_000);
    expect(await tookMs({}, { timeouts: {} })).toBe(60_000);
  });

  test("reach the provider, and are nothing that it has failed by", async () => {
    const a = scripted("a", [stalled]);
    const router = routerOf([a], { maxQueueMs: 500, breaker: { minimumCalls: 1 } });
    await read(router, { atMost: { maxQueueMs: 100, timeouts: { firstOutputMs: 10 } } });
    await read(router, { maxQueueMs: 50, atMost: { maxQueueMs: 1000, timeouts: { firstOutputMs: 10 } } });
    expect(a.requests).toMatchObject([{ maxQueueMs: 100, timeouts: { firstOutputMs: 10 } }, { maxQueueMs: 50 }]);
    expect(router.health()).toMatchObject([{ breaker: "closed" }]);
  });

  test.each([
    [{ timeouts: { idleMs: 0 } }, "atMost.timeouts.idleMs"],
    [{ timeouts: { idlems: 1 } }, "atMost.timeouts"],
    [{ timeouts: 7 }, "atMost.timeouts"],
    [{ maxQueueMs: -1 }, "atMost.maxQueueMs"],
    [{ retry: {} }, "atMost"],
    [7, "atMost"],
  ])("that are none, %j, are a TypeError that names the option", async (atMost, name) => {
    const { error } = await ask([scripted("a", [good])], { atMost: atMost as never });
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringContaining(name) });
  });
});
