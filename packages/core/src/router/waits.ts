import { startTimer, type Deadline } from "../timers.ts";

/** What a request does later, unless it ends first. */
export class Waits {
  readonly #timers = new Set<Deadline>();

  /** How many there are. */
  get size(): number {
    return this.#timers.size;
  }

  /** Calls `task` in so many ms, never in this turn of the event loop. */
  add(delayMs: number, task: () => void): void {
    const timer = startTimer(delayMs, () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
  }

  /** Nothing that waits is called any more. */
  clear(): void {
    for (const timer of this.#timers) timer.stop();
    this.#timers.clear();
  }
}
