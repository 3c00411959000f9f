import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { Lifecycle, type CloseOptions } from "../src/lifecycle.ts";
import { Refusal } from "../src/refusal.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const stays = new AbortController().signal;

it("a gateway that is closed is not ready at once, and takes requests for the delay still", async () => {
  const lifecycle = new Lifecycle();
  const closing = lifecycle.close({ delayMs: 100, drainMs: 1000 });
  expect(lifecycle.isReady).toBe(false);
  await vi.advanceTimersByTimeAsync(99);
  lifecycle.begin(stays).end();
  await vi.advanceTimersByTimeAsync(1);
  expect(() => lifecycle.begin(stays)).toThrow(expect.objectContaining({ status: 503, code: "draining" }));
  await closing;
  expect(vi.getTimerCount()).toBe(0);
});

it("what is under way ends by itself while there is time", async () => {
  const lifecycle = new Lifecycle();
  const visit = lifecycle.begin(stays);
  const closing = lifecycle.close({ drainMs: 1000 });
  await vi.advanceTimersByTimeAsync(500);
  expect(visit.signal.aborted).toBe(false);
  visit.end();
  await closing;
  expect(vi.getTimerCount()).toBe(0);
});

it("what is left at the deadline is ended with `draining`, and has a second to say so", async () => {
  const lifecycle = new Lifecycle();
  const visits = [lifecycle.begin(stays), lifecycle.begin(stays)];
  const closed = vi.fn<() => void>();
  void lifecycle.close({ drainMs: 1000 }).then(closed);
  await vi.advanceTimersByTimeAsync(1000);
  for (const { signal } of visits) expect(signal.reason).toBeInstanceOf(Refusal);
  expect(visits[0]?.signal.reason).not.toBe(visits[1]?.signal.reason);
  expect(closed).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1000);
  expect(closed).toHaveBeenCalled();
});

it("a second close ends all at once, in the delay and in the drain", async () => {
  for (const options of [{ delayMs: 5000 }, { drainMs: 5000 }, { drainMs: Infinity }]) {
    const lifecycle = new Lifecycle();
    const { signal, end } = lifecycle.begin(stays);
    const closing = lifecycle.close(options);
    await vi.advanceTimersByTimeAsync(10);
    void lifecycle.close();
    await vi.advanceTimersByTimeAsync(0);
    expect(signal.aborted).toBe(true);
    end();
    await closing;
    expect(vi.getTimerCount()).toBe(0);
  }
});

it("a caller that leaves ends its own call alone", () => {
  const lifecycle = new Lifecycle();
  const leaving = new AbortController();
  const visit = lifecycle.begin(leaving.signal);
  leaving.abort(new Error("left"));
  expect(visit.signal.reason).toEqual(new Error("left"));
  expect(lifecycle.size).toBe(1);
  visit.end();
  visit.end();
  expect(lifecycle.size).toBe(0);
});

it.each([[{ drainMs: -1 }], [{ drainMs: Number.NaN }], [{ delayMs: "5" }], [{ drain: 5 }]])(
  "%j closes nothing: it is a TypeError",
  (options) => {
    const lifecycle = new Lifecycle();
    expect(() => lifecycle.close(options as CloseOptions)).toThrow(TypeError);
    expect(lifecycle.isReady).toBe(true);
  },
);
