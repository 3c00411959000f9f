import { debug } from "../debug.ts";
import { startTimer, within } from "../timers.ts";

/** Longest time that one clean-up may take, in ms. */
export const CLEANUP_MS = 10_000;

/** Longest time that `settled` waits, in ms: for three clean-ups in a row, and a little. */
const SETTLED_MS = 3 * CLEANUP_MS + 1000;

/** What goes on at a Space after the calls that left it there. */
export class CleanUps {
  readonly #host: string;
  /** When each began, the oldest first. One that an edge runtime ended together with its request never says so. */
  readonly #left = new Map<Promise<unknown>, number>();
  readonly #watching = new Set<(ended: Promise<unknown>) => void>();

  constructor(host: string) {
    this.#host = host;
  }

  /** Lets `work` end after its call has. Its failure is logged only. */
  add(work: Promise<unknown>): void {
    this.#forgetOld();
    this.#left.set(work, performance.now());
    const ended = (): void => {
      this.#left.delete(work);
      for (const watch of this.#watching) watch(work);
    };
    work.then(ended, (error: unknown) => {
      ended();
      debug(() => `clean-up at ${this.#host}: ${error instanceof Error ? error.message : "failed"}`);
    });
  }

  /** Resolves once those have ended that are there now, at the latest after 31 s. Who comes later is not waited for. */
  async settled(): Promise<void> {
    this.#forgetOld();
    const left = new Set(this.#left.keys());
    if (left.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const watch = (ended: Promise<unknown>): void => {
      left.delete(ended);
      if (left.size === 0) resolve();
    };
    this.#watching.add(watch);
    await within(SETTLED_MS, promise);
    this.#watching.delete(watch);
  }

  #forgetOld(): void {
    const longAgo = performance.now() - SETTLED_MS;
    for (const [work, begunAt] of this.#left) {
      if (begunAt > longAgo) return;
      this.#left.delete(work);
    }
  }
}

/** Runs a clean-up for at most ten seconds, also where its transport does not listen to signals. */
export async function bounded(work: (limit: AbortSignal) => Promise<void>): Promise<void> {
  const limit = new AbortController();
  await new Promise<void>((resolve, reject) => {
    const timer = startTimer(CLEANUP_MS, () => {
      const error = new Error("The clean-up took too long.");
      limit.abort(error);
      reject(error);
    });
    work(limit.signal)
      .then(resolve, reject)
      .finally(() => timer.stop());
  });
}
