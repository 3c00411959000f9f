import { describe, expect, test, vi } from "vitest";

import type { RouterEvent } from "../../src/router/observers.ts";
import type { Router } from "../../src/router/router.ts";
import { collect, finish, messages, scripted, text, type Scripted, type Step } from "./scripted.ts";
import { complete, failure, good, read, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

function watched(
  providers: readonly Scripted[],
  options = {},
): { readonly router: Router; readonly events: RouterEvent[] } {
  const router = routerOf(providers, options);
  const events: RouterEvent[] = [];
  router.observe((event) => events.push(event));
  return { router, events };
}

const only = (events: readonly RouterEvent[], ...types: readonly string[]) =>
  events.filter(({ type }) => types.includes(type));

const queue = (position: number, etaMs?: number): Step => ({ type: "queue", position, size: 9, etaMs });

describe("observers are told", () => {
  test("places in a queue, as they change", async () => {
    const waiting = [queue(2, 50), queue(2, 40), queue(1), text("Hi"), queue(0), finish];
    const { router, events } = watched([scripted("a", [waiting])]);
    await read(router, { requestId: "1" });
    const label = { requestId: "1", name: "m", provider: "a", model: "m", number: 1, hedge: false, size: 9 };
    expect(only(events, "queued")).toEqual([
      { type: "queued", ...label, position: 2, etaMs: 50 },
      { type: "queued", ...label, position: 1, etaMs: undefined },
    ]);
  });

  test("who waits for a place within the limits, who gets one, and how long that took", async () => {
    const { router, events } = watched([scripted("a", [slow(30), slow(10), ["stall"]])], {
      limits: { maxConcurrent: 1 },
    });
    const controller = new AbortController();
    const calls = [router.complete({ model: "m", messages, requestId: "1" })];
    calls.push(router.complete({ model: "m", messages, requestId: "2" }));
    const gone = router.complete({ model: "m", messages, requestId: "3", signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 20);
    await expect(Promise.all([gone, vi.runAllTimersAsync()])).rejects.toThrow("enough");
    await Promise.all(calls);
    expect(only(events, "waiting", "admitted")).toMatchObject([
      { type: "waiting", requestId: "2", provider: "a", number: 1 },
      { type: "waiting", requestId: "3" },
      { type: "admitted", requestId: "2", waitedMs: 30 },
    ]);
    expect(only(events, "attempt-ended")).toMatchObject([
      { requestId: "3", outcome: "cancelled", waitedMs: 20 },
      { requestId: "1", outcome: "answered", waitedMs: 0, durationMs: 30 },
      { requestId: "2", outcome: "answered", waitedMs: 30, durationMs: 40 },
    ]);
  });

  test("hedges: which attempts are some, who won and who lost", async () => {
    const { router, events } = watched([scripted("a", [slow(500)]), scripted("b", [slow(10)])], {
      hedge: { delayMs: 100 },
    });
    await read(router);
    expect(only(events, "attempt-started", "output", "attempt-ended")).toMatchObject([
      { type: "attempt-started", provider: "a", hedge: false },
      { type: "attempt-started", provider: "b", hedge: true },
      { type: "output", provider: "b", hedge: true, latencyMs: 10 },
      { type: "attempt-ended", provider: "a", hedge: false, outcome: "cancelled", durationMs: 110 },
      { type: "attempt-ended", provider: "b", hedge: true, outcome: "answered", durationMs: 10 },
    ]);
    expect(events.at(-1)).toMatchObject({ type: "request-ended", provider: "b", firstOutputMs: 110 });
  });

  test("seams: where an answer that broke off is gone on with, and how", async () => {
    const cut = [{ waitMs: 5 }, text("Hello"), failure("authentication")];
    const { router, events } = watched([scripted("a", [cut]), scripted("b", [[{ waitMs: 7 }, ...good]])], {
      commit: "continue",
    });
    const { parts, error } = await read(router);
    expect(error).toBeUndefined();
    expect(parts.at(-1)).toMatchObject({ attempts: [{ provider: "a" }, { provider: "b", continuedAt: 5 }] });
    expect(only(events, "continued", "attempt-ended", "request-ended")).toMatchObject([
      { type: "attempt-ended", provider: "a", outcome: "failed" },
      { type: "continued", provider: "b", number: 2, continuedAt: 5, continuedBy: "replay" },
      { type: "attempt-ended", provider: "b", outcome: "answered", continuedAt: 5, continuedBy: "replay" },
      { type: "request-ended", provider: "b", firstOutputMs: 5, durationMs: 12, attempts: [{}, {}] },
    ]);
  });

  test("nothing twice, whatever a limiter calls", async () => {
    const a = scripted("a", [good]);
    const { router, events } = watched([a], { limits: { maxConcurrent: 1 } });
    await read(router);
    expect(a.requests).toHaveLength(1);
    expect(only(events, "waiting", "admitted")).toEqual([]);
  });
});

describe("complete(request, { onPart })", () => {
  test("is told parts as they come, of attempts that fail as well, and finish last", async () => {
    const seen: unknown[] = [];
    const first = [queue(1), text("No"), { waitMs: 5 }, failure("authentication")];
    const router = routerOf([scripted("a", [first]), scripted("b", [[{ waitMs: 10 }, text("Yes"), finish]])]);
    const startedAt = performance.now();
    const onPart = (part: { readonly type: string; readonly text?: string }): void =>
      void seen.push([performance.now() - startedAt, part.text ?? part.type]);
    const answer = router.complete({ model: "m", messages }, { onPart });
    await vi.runAllTimersAsync();
    const { text: whole, attempts } = await answer;
    expect([whole, attempts.length]).toEqual(["Yes", 2]);
    expect(seen).toEqual([
      [0, "attempt"],
      [0, "queue"],
      [0, "No"],
      [5, "attempt"],
      [15, "Yes"],
      [15, "finish"],
    ]);
  });

  test("hears of attempts side by side the oldest, then the one that answers, and finish once", async () => {
    const seen: string[] = [];
    const router = routerOf([scripted("a", [slow(500, "a")]), scripted("b", [slow(10, "b")])], {
      hedge: { delayMs: 100 },
    });
    const onPart = (part: { readonly type: string }): void => void seen.push(part.type);
    const answer = router.complete({ model: "m", messages }, { onPart });
    await vi.runAllTimersAsync();
    expect((await answer).provider).toBe("b");
    expect(seen).toEqual(["attempt", "attempt", "text-delta", "finish"]);
  });

  test("disturbs nothing by throwing, rejecting, never settling, or leaving", async () => {
    const unhandled: unknown[] = [];
    const listener = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", listener);
    const watchers: readonly (() => unknown)[] = [
      () => {
        throw new Error("broken watcher");
      },
      () => Promise.reject(new Error("the screen is gone")),
      () => new Promise<never>(() => {}),
    ];
    const answers = watchers.map((onPart) =>
      routerOf([scripted("a", [good])]).complete({ model: "m", messages }, { onPart }),
    );
    await vi.runAllTimersAsync();
    for (const { text: whole } of await Promise.all(answers)) expect(whole).toBe("Hello world");
    vi.useRealTimers();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off("unhandledRejection", listener);
    vi.useFakeTimers();
    expect(unhandled).toEqual([]);

    const controller = new AbortController();
    const abort = (): void => controller.abort(new Error("seen enough"));
    const left = routerOf([scripted("a", [good])]).complete(
      { model: "m", messages, signal: controller.signal },
      { onPart: ({ type }) => void (type === "text-delta" && abort()) },
    );
    await expect(left).rejects.toThrow("seen enough");
  });

  test("must be a function, and tells nothing of what passes between ourselves", async () => {
    const router = routerOf([scripted("a", [[text('{"a":1}'), finish]])]);
    await expect(router.complete({ model: "m", messages }, { onPart: 7 as never })).rejects.toThrow(TypeError);
    await expect(router.complete({ model: "m", messages }, { onparts: () => {} } as never)).rejects.toThrow(TypeError);
    await expect(router.complete({ model: "m", messages }, 7 as never)).rejects.toThrow(TypeError);
    const output = { "~standard": { version: 1, vendor: "test", validate: (value: unknown) => ({ value }) } } as const;
    const seen: string[] = [];
    const answer = router.complete({ model: "m", messages, output }, { onPart: ({ type }) => void seen.push(type) });
    expect((await answer).object).toEqual({ a: 1 });
    expect(seen).toEqual(["attempt", "text-delta", "finish"]);
  });
});

describe("close({ drainMs })", () => {
  const closing = (script: readonly Step[]) => {
    const it = watched([scripted("a", [script])]);
    const after: number[] = [];
    const startedAt = performance.now();
    const close = (options?: { readonly drainMs?: number }): Promise<unknown> =>
      it.router.close(options).then(() => after.push(performance.now() - startedAt));
    return { ...it, close, after };
  };

  test("waits for the calls under way and takes no new ones, not even those that were only made before", async () => {
    const { router, events, close, after } = closing(slow(50));
    const running = router.complete({ model: "m", messages });
    const made = router.stream({ model: "m", messages });
    const done = close({ drainMs: 1000 });
    await expect(router.complete({ model: "m", messages, requestId: "late" })).rejects.toMatchObject({
      name: "AbortError",
    });
    expect((await collect(made)).error).toMatchObject({ name: "AbortError" });
    expect(only(events, "request-ended")).toMatchObject([
      { requestId: "late", outcome: "cancelled", attempts: [], error: { name: "AbortError" } },
      { requestId: made.requestId, outcome: "cancelled" },
    ]);
    await vi.runAllTimersAsync();
    expect((await running).text).toBe("slow");
    await done;
    expect(after).toEqual([50]);
    expect((await complete(router)).error).toMatchObject({ name: "AbortError" });
    expect(router.health()).toMatchObject([{ busy: 0, breaker: "closed" }]);
  });

  test("ends though calls keep coming, from who asks again as soon as it was refused", async () => {
    const { router, close, after } = closing(["stall"]);
    void router.complete({ model: "m", messages }).catch(() => {});
    const done = close({ drainMs: 20 });
    let refused = 0;
    const keepAsking = async (): Promise<void> => {
      while (after.length === 0 && refused < 1e4)
        await router.complete({ model: "m", messages }).catch(() => refused++);
    };
    const asking = keepAsking();
    await vi.runAllTimersAsync();
    await Promise.all([done, asking]);
    expect(after).toEqual([20]);
    expect(refused).toBeLessThan(1e4);
  });

  test("ends what is left after that time", async () => {
    const { router, close, after } = closing([text("Hi"), "stall"]);
    const reading = collect(router.stream({ model: "m", messages }));
    const done = close({ drainMs: 1000 });
    await vi.advanceTimersByTimeAsync(999);
    expect(after).toEqual([]);
    await vi.runAllTimersAsync();
    await done;
    expect(after).toEqual([1000]);
    expect((await reading).error).toMatchObject({ name: "AbortError" });
  });

  test("is over at once where nothing runs, and by 0", async () => {
    for (const drainMs of [0, 1000, Infinity]) {
      const idle = closing(good);
      await idle.close({ drainMs });
      expect(idle.after).toEqual([0]);
    }
    const { router, close, after } = closing(["stall"]);
    const running = router.complete({ model: "m", messages });
    const [ended] = await Promise.allSettled([running, close({ drainMs: 0 })]);
    expect(ended).toMatchObject({ reason: { name: "AbortError" } });
    expect(after).toEqual([0]);
  });

  test("called twice, the shorter time holds, and close() meanwhile ends it at once", async () => {
    const { router, close, after } = closing(["stall"]);
    void router.complete({ model: "m", messages }).catch(() => {});
    void close({ drainMs: 60_000 });
    void close({ drainMs: 100 });
    await vi.runAllTimersAsync();
    expect(after).toEqual([100, 100]);

    const again = closing(["stall"]);
    void again.router.complete({ model: "m", messages }).catch(() => {});
    void again.close({ drainMs: Infinity });
    await vi.advanceTimersByTimeAsync(10);
    await again.close();
    await vi.runAllTimersAsync();
    expect(again.after).toEqual([10, 10]);
  });

  test("waits by Infinity as long as calls take, which their own time ends", async () => {
    const { router, close, after } = closing(["stall"]);
    void router.complete({ model: "m", messages, timeouts: { totalMs: 5000 } }).catch(() => {});
    void close({ drainMs: Infinity });
    await vi.runAllTimersAsync();
    expect(after).toEqual([5000]);
  });

  test.each([-1, Number.NaN, "1s", null, {}])("is a TypeError for %j, and closes nothing", async (drainMs) => {
    const { router, close } = closing(good);
    await expect(close({ drainMs: drainMs as number })).rejects.toThrow("`options.drainMs` must be");
    await expect(close({ drainMS: 1 } as never)).rejects.toThrow(TypeError);
    await expect(close(5 as never)).rejects.toThrow(TypeError);
    expect((await complete(router)).completion?.text).toBe("Hello world");
    await close({ drainMs: undefined as never });
    expect((await complete(router)).completion?.text).toBe("Hello world");
  });
});
