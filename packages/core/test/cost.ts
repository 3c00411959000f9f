import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect } from "vitest";

// Costs that are the same on a busy machine: the processor's time for this process, and memory that is held.

/** How long a processor worked for this process, in ms: what others take does not count. */
export async function processorMs(work: () => unknown): Promise<number> {
  // The time of the thread alone is told in steps of 4 ms.
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const ROUNDS = { least: 3, most: 6 };
/** Eight times as much costs eight times as much, where it does not cost sixty-four times as much. */
const TIMES = 24;
/** What costs nothing to speak of may vary by as much, in ms. */
const NOTHING_MS = 0.25;

/**
 * Expects that eight times as much costs about eight times as much. Both sizes are worked on in turns, and the least
 * of their costs are compared: a disturbance has to hit each turn to show.
 */
export async function expectLinear(work: (size: number) => unknown, size: number): Promise<void> {
  const few = Math.floor(size / 8);
  let [once, eightfold] = [Infinity, Infinity];
  await work(few);
  for (let round = 0; round < ROUNDS.most; round += 1) {
    once = Math.min(once, await processorMs(() => work(few)));
    eightfold = Math.min(eightfold, await processorMs(() => work(size)));
    if (round + 1 >= ROUNDS.least && eightfold < TIMES * Math.max(once, NOTHING_MS)) return;
  }
  expect.fail(`${few} cost ${once} ms, and ${size} cost ${eightfold} ms`);
}

/** What is made once for each size, so that its making is no part of the work. */
export function bySize<Value>(make: (size: number) => Value): (size: number) => Value {
  const made = new Map<number, Value>();
  return (size) => {
    const value = made.get(size) ?? make(size);
    made.set(size, value);
    return value;
  };
}

/** Collects what nobody holds. */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

/** What is held in memory, in MB. */
export function heldMb(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 1e6;
}
