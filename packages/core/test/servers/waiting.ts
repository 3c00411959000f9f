import { setImmediate as nextTurn } from "node:timers/promises";
import { onTestFinished, vi } from "vitest";

/**
 * Waits until something is so, turn by turn of the real event loop: sockets work, no clock is asked.
 * The test's own limit is the limit.
 */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

/** Lets everything that sockets in this process have to say to each other arrive. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await nextTurn();
}

/** Whether a promise settles by itself: without time that passes, and without a word from another process. */
export async function settles(promise: Promise<unknown> | undefined): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise?.then(note, note);
  await settle();
  return settled;
}

/** Puts timers and clocks, not sockets, under the test's control until it ends. */
export function useVirtualTime(): { pass(ms: number): Promise<void> } {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"] });
  onTestFinished(() => void vi.useRealTimers());
  return {
    async pass(ms) {
      await settle();
      await vi.advanceTimersByTimeAsync(ms);
      await settle();
    },
  };
}

/** Reads an iteration to its end. */
export async function collect<Value>(iterable: AsyncIterable<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of iterable) values.push(value);
  return values;
}

/** What a promise rejects with. Fails where it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It resolved.");
}
