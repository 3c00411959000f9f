import { describe, expect, test, vi } from "vitest";

import { createRouter } from "../../src/router/router.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { messages, outline, scripted, text, type Scripted, type Step } from "./scripted.ts";
import { good, read, routerOf, useVirtualTime } from "./virtual.ts";

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
    expect(tookMs).toBe(1250);
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
    expect(tookMs).toBe(1250);
  });

  test("a stream that stalls in mid-answer ends at idleMs", async () => {
    const { parts, error, tookMs } = await ask([scripted("a", [[text("Hi"), { waitMs: 900 }, text("!"), "stall"]])], {
      timeouts: { idleMs: 1000 },
    });
    expect(outline(parts)).toEqual(["attempt", "Hi", "!"]);
    expect(error).toMatchObject({ code: "timeout", phase: "idle", attempts: [{ provider: "a" }] });
    expect(tookMs).toBeGreaterThanOrEqual(1900 + 250);
    expect(tookMs).toBeLessThanOrEqual(900 + 1250 * 1.125 + 1);
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

  test("a consumer that sleeps longer than every limit still gets the whole answer", async () => {
    const router = createRouter({
      plugins: [scripted("a", [good])],
      timeouts: { firstOutputMs: 10, idleMs: 10, totalMs: 20 },
    });
    const reading = (async () => {
      const seen = [];
      for await (const part of router.stream({ model: "m", messages })) {
        seen.push(part);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return seen;
    })();
    await vi.runAllTimersAsync();
    expect(outline(await reading)).toEqual(["attempt", "Hello", " world", "finish"]);
  });

  test("a consumer that comes back after totalMs gets what is there, and waits no longer", async () => {
    const router = routerOf([scripted("a", [[text("Hi"), text("!"), "stall"]])], { timeouts: { totalMs: 100 } });
    const iterator = router.stream({ model: "m", messages })[Symbol.asyncIterator]();
    for (let part = 0; part < 2; part++) await iterator.next();
    await vi.advanceTimersByTimeAsync(1000);
    expect(await iterator.next()).toMatchObject({ value: { text: "!" } });
    const pending = iterator.next().catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(20);
    expect(await pending).toMatchObject({ code: "timeout", phase: "total" });
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
      totalMs: Infinity,
    });
  });
});
