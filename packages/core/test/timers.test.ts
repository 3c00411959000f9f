import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { DEFAULT_TIMEOUTS, readTimeouts, resolveTimeouts, sleep, startTimer } from "../src/timers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("a timer", () => {
  test("expires once, exactly at its limit where it was never touched", () => {
    const onExpired = vi.fn<() => void>();
    startTimer(1000, onExpired);
    vi.advanceTimersByTime(999);
    expect(onExpired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(100_000);
    expect(onExpired).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("expires exactly at its limit after a touch", () => {
    for (let touchMs = 1; touchMs < 1000; touchMs += 37) {
      let expiredAt = 0;
      const startedAt = performance.now();
      const timer = startTimer(1000, () => (expiredAt = performance.now() - startedAt));
      vi.advanceTimersByTime(touchMs);
      timer.touch();
      vi.advanceTimersByTime(10_000);
      expect(expiredAt).toBe(touchMs + 1000);
    }
  });

  test("does not count while it is paused, and goes on with what was left", () => {
    const onExpired = vi.fn<() => void>();
    const timer = startTimer(1000, onExpired);
    vi.advanceTimersByTime(600);
    timer.pause();
    timer.pause();
    vi.advanceTimersByTime(10_000);
    timer.resume();
    timer.resume();
    vi.advanceTimersByTime(399);
    expect(onExpired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onExpired).toHaveBeenCalledOnce();
  });

  test("starts anew at a touch after a pause and after it ran out", () => {
    const onExpired = vi.fn<() => void>();
    const timer = startTimer(1000, onExpired);
    timer.pause();
    timer.touch();
    vi.advanceTimersByTime(1000);
    expect(onExpired).toHaveBeenCalledTimes(1);
    timer.touch();
    vi.advanceTimersByTime(1000);
    expect(onExpired).toHaveBeenCalledTimes(2);
  });

  test("that was stopped never expires and leaves nothing behind", () => {
    const onExpired = vi.fn<() => void>();
    const timer = startTimer(1000, onExpired);
    timer.stop();
    timer.touch();
    timer.pause();
    timer.resume();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("looks at the clock a few times in a rush of touches, and expires at its limit after the last of them", () => {
    const onExpired = vi.fn<() => void>();
    const timer = startTimer(1000, onExpired);
    const looks = vi.spyOn(performance, "now");
    for (let touch = 0; touch < 10_000; touch++) timer.touch();
    expect(looks.mock.calls.length).toBeLessThan(100);
    vi.advanceTimersByTime(600);
    for (let touch = 0; touch < 100; touch++) timer.touch();
    vi.advanceTimersByTime(999);
    expect(onExpired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onExpired).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("looks at the clock a few times where it is paused and goes on between touches in a row", () => {
    const onExpired = vi.fn<() => void>();
    const timer = startTimer(1000, onExpired);
    const looks = vi.spyOn(performance, "now");
    for (let touch = 0; touch < 10_000; touch++) {
      timer.touch();
      timer.pause();
      timer.resume();
    }
    expect(looks.mock.calls.length).toBeLessThan(200);
    vi.advanceTimersByTime(999);
    expect(onExpired).not.toHaveBeenCalled();
    timer.pause();
    vi.advanceTimersByTime(10_000);
    timer.resume();
    vi.advanceTimersByTime(1);
    expect(onExpired).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("that rests at the end of a rush goes on with all of its limit", () => {
    const onExpired = vi.fn<() => void>();
    const timer = startTimer(1000, onExpired);
    for (let touch = 0; touch < 100; touch++) timer.touch();
    timer.pause();
    vi.advanceTimersByTime(10_000);
    expect([timer.leftMs, vi.getTimerCount()]).toEqual([1000, 0]);
    timer.resume();
    vi.advanceTimersByTime(999);
    expect(onExpired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(onExpired).toHaveBeenCalledOnce();
  });

  test.each([
    ["was paused", 400, (timer: ReturnType<typeof startTimer>) => timer.pause()],
    ["was started anew with another limit", 1000, (timer: ReturnType<typeof startTimer>) => timer.start(400)],
  ])("that %s in a rush of touches expires when it is to", (_, limitMs, change) => {
    const onExpired = vi.fn<() => void>();
    const timer = startTimer(limitMs, onExpired);
    for (let touch = 0; touch < 100; touch++) timer.touch();
    expect(timer.leftMs).toBe(limitMs);
    change(timer);
    vi.advanceTimersByTime(399);
    timer.resume();
    vi.advanceTimersByTime(0);
    expect(onExpired).not.toHaveBeenCalled();
    timer.pause();
    vi.advanceTimersByTime(10_000);
    timer.resume();
    vi.advanceTimersByTime(timer.leftMs);
    expect(onExpired).toHaveBeenCalledOnce();
    for (let touch = 0; touch < 100; touch++) timer.touch();
    timer.stop();
    expect(vi.getTimerCount()).toBe(0);
  });

  test("without a limit is no timer; a limit beyond 32 bits is kept", () => {
    startTimer(Infinity, () => {}).touch();
    expect(vi.getTimerCount()).toBe(0);
    const onExpired = vi.fn<() => void>();
    startTimer(2 ** 40, onExpired);
    vi.advanceTimersByTime(2 ** 33);
    expect(onExpired).not.toHaveBeenCalled();
    vi.advanceTimersByTime(2 ** 40);
    expect(onExpired).toHaveBeenCalledOnce();
  });
});

describe("limits", () => {
  test("are those of the first layer that sets them, then the defaults", () => {
    expect(resolveTimeouts()).toEqual(DEFAULT_TIMEOUTS);
    expect(resolveTimeouts({ idleMs: 1 }, undefined, { idleMs: 2, totalMs: 3, queueMs: undefined })).toEqual({
      ...DEFAULT_TIMEOUTS,
      idleMs: 1,
      totalMs: 3,
    });
  });

  test.each([0, -1, Number.NaN, "5s" as unknown as number])("of %j are a TypeError that names the limit", (limit) => {
    expect(() => resolveTimeouts({ idleMs: limit })).toThrow(
      new TypeError(
        `\`timeouts.idleMs\` must be a positive number of ms, or Infinity, not ${typeof limit === "string" ? '"5s"' : String(limit)}.`,
      ),
    );
  });

  test("of a name that is none are a TypeError with the name that was meant", () => {
    expect(() => readTimeouts({ idleMS: 1 } as object)).toThrow(
      new TypeError('`timeouts` has no option "idleMS". Did you mean "idleMs"?'),
    );
    expect(() => readTimeouts({ constructor: 1 } as object)).toThrow(TypeError);
    expect(() => readTimeouts(5 as unknown as object)).toThrow(
      new TypeError("`timeouts` must be an object of options, not 5."),
    );
    expect(readTimeouts({ idleMs: undefined, totalMs: 1 })).toEqual({ totalMs: 1 });
  });
});

test("sleep() waits, rejects with the reason of its signal, and leaves nothing behind", async () => {
  const slept = sleep(100);
  await vi.advanceTimersByTimeAsync(100);
  await slept;
  const controller = new AbortController();
  const aborted = sleep(100, controller.signal).catch((reason: unknown) => reason);
  controller.abort("stop");
  expect(await aborted).toBe("stop");
  await expect(sleep(100, controller.signal)).rejects.toBe("stop");
  expect(vi.getTimerCount()).toBe(0);
});
