import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { FlowReader } from "../src/flow.ts";
import { pullFlow } from "../src/pulled-flow.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const VALUES = 20_000;

/** So often timers get their turn while values are read that are all there, each of which takes so long. */
async function turns(eachMs: number): Promise<number> {
  async function* values(): AsyncGenerator<number> {
    for (let value = 0; value < VALUES; value++) {
      now += eachMs;
      yield value;
    }
  }
  let now = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  const armed = vi.spyOn(globalThis, "setTimeout");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let read = 0;
  const reader: FlowReader<number> = {
    wants: () => true,
    take: () => void (read += 1),
    end: resolve,
    fail: reject,
  };
  pullFlow(values()).read(reader);
  await vi.runAllTimersAsync();
  await promise;
  expect(read).toBe(VALUES);
  return armed.mock.calls.length;
}

test("values that are quickly read leave timers their turn after some thousands, and no more often", async () => {
  const turned = await turns(0);
  expect(turned).toBeGreaterThanOrEqual(Math.floor(VALUES / 5000));
  expect(turned).toBeLessThanOrEqual(Math.ceil(VALUES / 4000) + 1);
});

test("values that take their time leave it to them more often", async () => {
  expect(await turns(0.02)).toBeGreaterThanOrEqual(Math.floor(VALUES / 1100));
});
