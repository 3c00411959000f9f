import { startTimer, type Deadline } from "../timers.ts";

/** What a request does later, unless it ends first. */
export class Waits {
  // Nearly no request waits for anything.
  #timers: Set<Deadline> | undefined;

  /** How many there are. */
  get size(): number {
    return this.#timers?.size ?? 0;
  }

  /** Calls `task` in so many ms, never in this turn of the event loop. */
  add(delayMs: number, task: () => void): void {
    const timers = (this.#timers ??= new Set());
    const timer = startTimer(delayMs, () => {
      timers.delete(timer);
      task();
    });
    timers.add(timer);
  }

  /** Nothing that waits is called any more. Returns how much that was. */
  clear(): number {
    const { size } = this;
    for (const timer of this.#timers ?? []) timer.stop();
    this.#timers?.clear();
    return size;
  }
}
