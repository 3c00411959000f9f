import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TimeoutError } from "../src/errors.ts";
import { PhaseClock } from "../src/phase-clock.ts";
import { DEFAULT_TIMEOUTS } from "../src/timers.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function started({ comesWhole = false } = {}) {
  const expired: string[] = [];
  const startedAt = performance.now();
  const limits = { ...DEFAULT_TIMEOUTS, firstOutputMs: 100, answerMs: 1000, queueMs: 300, idleMs: 50, totalMs: 10_000 };
  const clock = new PhaseClock(limits, ({ phase }: TimeoutError) =>
    expired.push(`${phase} after ${performance.now() - startedAt}`),
  );
  clock.comesWhole = comesWhole;
  clock.start();
  return { clock, expired };
}

test("the first output is awaited for its limit, whatever else is told", () => {
  const { clock, expired } = started();
  vi.advanceTimersByTime(99);
  clock.working();
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(["first-output after 100"]);
  expect(vi.getTimerCount()).toBe(0);
});

test("the time in the queue is left out of that, and goes on behind it", () => {
  const { clock, expired } = started();
  vi.advanceTimersByTime(60);
  clock.queued(5);
  vi.advanceTimersByTime(200);
  clock.working();
  vi.advanceTimersByTime(39);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(["first-output after 300"]);
});

test("an answer that comes whole has its own limit, which the queue holds up as well", () => {
  const { clock, expired } = started({ comesWhole: true });
  vi.advanceTimersByTime(900);
  clock.queued(1);
  vi.advanceTimersByTime(200);
  clock.working();
  vi.advanceTimersByTime(99);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(["answer after 1200"]);
});

test("a queue moves only by falling below its lowest place", () => {
  const { clock, expired } = started();
  for (const place of [3, 4, 3, 4, 3]) {
    clock.queued(place);
    vi.advanceTimersByTime(50);
  }
  clock.queued(2);
  vi.advanceTimersByTime(299);
  clock.queued(2);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(["queue after 550"]);
});

test("coming and going between queue and work renews neither limit", () => {
  const { clock, expired } = started();
  for (let round = 0; round < 1000 && expired.length === 0; round += 1) {
    clock.queued(1);
    vi.advanceTimersByTime(10);
    clock.working();
    vi.advanceTimersByTime(10);
  }
  expect(expired).toEqual(["first-output after 200"]);
});

test("once there was output only output counts, and what else is told does not", () => {
  const { clock, expired } = started();
  clock.output();
  for (let round = 0; round < 10; round += 1) {
    vi.advanceTimersByTime(40);
    clock.output();
  }
  vi.advanceTimersByTime(40);
  clock.working();
  clock.queued(0);
  vi.advanceTimersByTime(10);
  expect(expired).toEqual(["idle after 450"]);
});

test("a pause holds the phase, not the whole", () => {
  const { clock, expired } = started();
  clock.output();
  clock.pause();
  clock.output();
  vi.advanceTimersByTime(9_999);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(["total after 10000"]);
  expect(vi.getTimerCount()).toBe(0);
});
