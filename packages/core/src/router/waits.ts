import { startTimer, type Deadline } from "../timers.ts";

/** What a request does later, unless it ends first. */
export class Waits {
  readonly #timers = new Set<Deadline>();
  #closed = false;

  /** How many there are. */
  get size(): number {
    return this.#timers.size;
  }

  /** Calls `task` in so many ms, never in this turn of the event loop. */
  add(delayMs: number, task: () => void): void {
    if (this.#closed) return;
    const timer = startTimer(delayMs, () => {
      this.#timers.delete(timer);
      task();
    });
    this.#timers.add(timer);
  }

  /** Nothing is called any more. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.stop();
    this.#timers.clear();
  }
}
