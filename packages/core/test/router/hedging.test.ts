import { describe, expect, test, vi } from "vitest";

import { finish, outline, scripted, text, type Step, type Scripted } from "./scripted.ts";
import { complete, failure, good, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

describe("hedging", () => {
  const hedge = { delayMs: 100 };

  test("asks another candidate where the first is slow; the quicker one answers, the other is stopped", async () => {
    const [a, b] = [scripted("a", [slow(1000)]), scripted("b", [slow(50, "quick")])];
    const { parts, tookMs } = await read(routerOf([a, b], { hedge }));
    expect(outline(parts)).toEqual(["attempt", "attempt", "start", "quick", "finish"]);
    expect(parts.at(-1)).toMatchObject({
      provider: "b",
      attempts: [
        { provider: "a", error: { name: "AbortError" } },
        { provider: "b", number: 2 },
      ],
    });
    expect(a.requests[0]?.signal?.aborted).toBe(true);
    expect(b.requests[0]?.signal?.aborted).toBe(false);
    expect(tookMs).toBeGreaterThanOrEqual(150);
  });

  test("stops the other as soon as the winner's first output is there", async () => {
    const a = scripted(
      "a",
      ["stall"].map((step) => [step as Step]),
    );
    const b = scripted("b", [[text("quick"), { waitMs: 5000 }, finish]]);
    const reading = read(routerOf([a, b], { hedge }));
    await vi.advanceTimersByTimeAsync(101);
    expect(a.requests[0]?.signal?.aborted).toBe(true);
    await reading;
  });

  test("shows the queue of the attempt that began first only, and tells all attempts in the order they began", async () => {
    const place = (position: number): Step => ({ type: "queue", position });
    const a: readonly Step[] = [place(7), { waitMs: 300 }, place(6), text("a"), finish];
    const b: readonly Step[] = [place(1), { waitMs: 50 }, failure("authentication")];
    const { parts } = await read(routerOf([scripted("a", [a]), scripted("b", [b])], { hedge }));
    expect(parts.filter(({ type }) => type === "queue")).toEqual([place(7), place(6)]);
    expect(parts.at(-1)).toMatchObject({
      provider: "a",
      attempts: [{ number: 1 }, { number: 2, error: { code: "authentication" } }],
    });
  });

  test("leaves the second alone where the first is quick enough", async () => {
    const b = scripted("b", [good]);
    const { parts } = await read(routerOf([scripted("a", [slow(99)]), b], { hedge }));
    expect(outline(parts)).toEqual(["attempt", "start", "slow", "finish"]);
    expect(b.requests).toHaveLength(0);
  });

  test("never mixes parts, whoever comes first", async () => {
    const a: readonly Step[] = [text(" "), { waitMs: 150 }, text("a1"), { waitMs: 10 }, text("a2"), finish];
    const b: readonly Step[] = [text("\n"), { waitMs: 50 }, text("b1"), { waitMs: 10 }, text("b2"), finish];
    const { parts } = await read(routerOf([scripted("a", [a]), scripted("b", [b])], { hedge }));
    expect([" ,a1,a2", "\n,b1,b2"]).toContain(
      outline(parts)
        .filter((name) => name !== "attempt" && name !== "start" && name !== "finish")
        .join(),
    );
  });

  test("in buffered, the first whole answer wins", async () => {
    const early = scripted("a", [[text("early"), { waitMs: 1000 }, finish]]);
    const whole = scripted("b", [slow(100, "whole")]);
    expect((await complete(routerOf([early, whole], { hedge }))).completion).toMatchObject({
      text: "whole",
      provider: "b",
    });
  });

  test("takes one where both come in the same turn", async () => {
    let openGate = (): void => {};
    const gate = new Promise<void>((resolve) => {
      openGate = resolve;
    });
    const behindGate = (id: string): Scripted => ({
      ...scripted(id, []),
      async *stream() {
        await gate;
        yield text(id);
        yield finish;
      },
    });
    const reading = read(routerOf([behindGate("a"), behindGate("b")], { hedge }));
    await vi.advanceTimersByTimeAsync(200);
    openGate();
    expect(outline((await reading).parts)).toEqual(["attempt", "attempt", "start", "a", "finish"]);
  });

  test("stops the others where one fails with what ends the request", async () => {
    const b = scripted("b", [["stall"]]);
    const { error } = await read(
      routerOf([scripted("a", [[{ waitMs: 200 }, failure("content_policy")]]), b], { hedge }),
    );
    expect(error).toMatchObject({ code: "content_policy" });
    expect(b.requests[0]?.signal?.aborted).toBe(true);
  });

  test("tells of each attempt how it ended by itself: whom another's refusal ends is cancelled", async () => {
    const refused: readonly Step[] = [{ waitMs: 200 }, failure("content_policy")];
    const router = routerOf([scripted("a", [refused]), scripted("b", [slow(1000)])], { hedge });
    const ends: unknown[] = [];
    router.observe((event) => {
      if (event.type === "attempt-ended") ends.push([event.provider, event.outcome, (event.error as Error).name]);
    });
    const { error } = await complete(router);
    expect(error).toMatchObject({
      code: "content_policy",
      provider: "a",
      attempts: [
        { provider: "a", error: { code: "content_policy", provider: "a" } },
        { provider: "b", error: { name: "AbortError" } },
      ],
    });
    expect(ends).toEqual([
      ["a", "failed", "QwenError"],
      ["b", "cancelled", "AbortError"],
    ]);
  });

  test("asks at most maxConcurrent at a time, and no more than the budget in all", async () => {
    const providers = ["a", "b", "c", "d"].map((id) => scripted(id, [slow(1000, id)]));
    await read(routerOf(providers, { hedge: { delayMs: 10, maxConcurrent: 3 } }));
    expect(providers.map(({ requests }) => requests.length)).toEqual([1, 1, 1, 0]);
    const frugal = ["a", "b"].map((id) => scripted(id, [slow(1000, id)]));
    await read(routerOf(frugal, { hedge, retry: { maxAttempts: 1 } }));
    expect(frugal.map(({ requests }) => requests.length)).toEqual([1, 0]);
  });

  test("goes on with the other where one fails, and ends only when all have", async () => {
    const { parts } = await read(
      routerOf([scripted("a", [[{ waitMs: 120 }, failure("authentication")]]), scripted("b", [slow(500, "b")])], {
        hedge,
      }),
    );
    expect(parts.at(-1)).toMatchObject({ provider: "b" });
    const { error } = await read(
      routerOf(
        [
          scripted("a", [[{ waitMs: 120 }, failure("authentication")]]),
          scripted("b", [[{ waitMs: 500 }, failure("space_changed")]]),
        ],
        { hedge },
      ),
    );
    expect(error).toMatchObject({ code: "all_failed", attempts: [{ provider: "a" }, { provider: "b" }] });
  });

  test("counts losers neither as failures nor as successes", async () => {
    const router = routerOf([scripted("a", [slow(1000)]), scripted("b", [slow(1)])], {
      hedge,
      breaker: { minimumCalls: 1 },
    });
    for (let index = 0; index < 5; index++) await read(router);
    expect(router.health()).toMatchObject([
      { provider: "a", breaker: "closed", busy: 0 },
      { provider: "b", breaker: "closed", busy: 0 },
    ]);
    expect(router.health()[0]).not.toHaveProperty("latencyMs");
  });

  test("can be switched off for a request", async () => {
    const b = scripted("b", [good]);
    await read(routerOf([scripted("a", [slow(1000)]), b], { hedge }), { hedge: false });
    expect(b.requests).toHaveLength(0);
  });

  test("never asks more at the same time than `maxConcurrent`, whatever is asked again meanwhile", async () => {
    const lost = (ms: number): readonly Step[] => [{ waitMs: ms }, failure("connection")];
    const late = slow(1000);
    const providers = [
      scripted("a", [lost(60), late]),
      scripted("b", [lost(30), late]),
      scripted("c", [late]),
      scripted("d", [late]),
    ];
    const router = routerOf(providers, {
      hedge: { delayMs: 40, maxConcurrent: 2 },
      retry: { baseDelayMs: 60, maxAttempts: 12 },
    });
    const [active, most] = [new Set<number>(), { count: 0 }];
    router.observe((event) => {
      if (event.type === "attempt-started") active.add(event.number);
      else if (event.type === "attempt-ended") active.delete(event.number);
      most.count = Math.max(most.count, active.size);
    });
    expect((await complete(router)).completion).toMatchObject({ text: "slow" });
    expect(most.count).toBe(2);
  });
});
