import { debug } from "../debug.ts";
import { startTimer, within } from "../timers.ts";

/** Longest time that one clean-up may take, in ms. */
export const CLEANUP_MS = 10_000;

/** Longest time that `settled` waits, in ms: for three clean-ups in a row, and a little. */
const SETTLED_MS = 3 * CLEANUP_MS + 1000;

/** What goes on at a Space after the calls that left it there. */
export class CleanUps {
  readonly #host: string;
  readonly #left = new Set<Promise<void>>();

  constructor(host: string) {
    this.#host = host;
  }

  /** Lets `work` end after its call has. Its failure is logged only. */
  add(work: Promise<unknown>): void {
    const kept: Promise<void> = work.then(
      () => void this.#left.delete(kept),
      (error: unknown) => {
        this.#left.delete(kept);
        debug(() => `clean-up at ${this.#host}: ${error instanceof Error ? error.message : "failed"}`);
      },
    );
    this.#left.add(kept);
  }

  /** Resolves once those have ended that are there now, at the latest after 31 s. Who comes later is not waited for. */
  async settled(): Promise<void> {
    if (this.#left.size > 0) await within(SETTLED_MS, Promise.all(this.#left));
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
