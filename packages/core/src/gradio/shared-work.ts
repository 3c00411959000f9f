import { rethrowOwn } from "../error-copy.ts";
import { Stop, type AbortSource } from "../stop.ts";

/** One run of the work, and how many wait for it. */
interface Run<Value> {
  readonly result: Promise<Value>;
  readonly abandoned: Stop;
  waiting: number;
}

/**
 * Work that is done once for all who want it at the same time. Who leaves does not end it for the others, and when
 * nobody is left it is given up. No two share an error of it.
 */
export class SharedWork<Value> {
  readonly #work: (signal: AbortSource) => Promise<Value>;
  #run: Run<Value> | undefined;

  constructor(work: (signal: AbortSource) => Promise<Value>) {
    this.#work = work;
  }

  /** Whether somebody waits for it now. */
  get isUnderWay(): boolean {
    return this.#run !== undefined;
  }

  /** Waits for it, and begins it where it is not under way. Rejects as it does, or with the reason of `signal` before that. */
  async wait(signal?: AbortSource): Promise<Value> {
    signal?.throwIfAborted();
    const run = (this.#run ??= this.#begin());
    run.waiting += 1;
    try {
      return await orAborted(run.result.catch(rethrowOwn), signal);
    } finally {
      run.waiting -= 1;
      if (run.waiting === 0) this.#giveUp(run, signal);
    }
  }

  #begin(): Run<Value> {
    const abandoned = new Stop();
    const run = { result: this.#work(abandoned), abandoned, waiting: 0 };
    const forget = (): void => {
      if (this.#run === run) this.#run = undefined;
    };
    run.result.then(forget, forget);
    return run;
  }

  /** Of no effect where it has ended. */
  #giveUp(run: Run<Value>, signal: AbortSource | undefined): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    run.abandoned.abort(signal?.reason);
  }
}

/** Settles as `promise` does, or rejects with the reason of `signal` before it. */
function orAborted<Value>(promise: Promise<Value>, signal: AbortSource | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
