import { requestsAreApart } from "#platform";
import { rethrowOwn } from "../error-copy.ts";
import { Stop, type AbortSource } from "../stop.ts";
import { startTimer, type Deadline } from "../timers.ts";

/** Who waits for a run, by a promise of their own. */
interface Waiting<Value> {
  resolve(value: Value | Promise<Value>): void;
  reject(error: unknown): void;
}

/** One run of the work. */
interface Run<Value> {
  readonly abandoned: Stop;
  readonly waiting: Set<Waiting<Value>>;
  /** When the request that began it was seen last, where others cannot know that it has ended. */
  seenAt: number;
}

/**
 * An edge runtime drops what a request has left undone when it ends, and tells nobody. So a run shows that it lives as often as
 * this, in ms, and is begun anew by who waits for it once it has not for so long.
 */
const BEAT_MS = 250;
const GONE_MS = 1000;

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
    const begun = this.#run;
    const run = begun ?? this.#begin();
    // Of its own: in an edge runtime a promise of another request never settles once that has ended.
    const { promise, resolve, reject } = Promise.withResolvers<Value>();
    const waiting = { resolve, reject };
    run.waiting.add(waiting);
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const patience = begun === undefined ? undefined : watchOver(run, () => resolve(this.#takeOver(run, signal)));
    try {
      return await promise;
    } finally {
      patience?.stop();
      signal?.removeEventListener("abort", onAbort);
      run.waiting.delete(waiting);
      if (run.waiting.size === 0) this.#giveUp(run, signal);
    }
  }

  #begin(): Run<Value> {
    const run: Run<Value> = { abandoned: new Stop(), waiting: new Set(), seenAt: performance.now() };
    const settle = (tell: (waiting: Waiting<Value>) => void): void => {
      beat?.stop();
      if (this.#run === run) this.#run = undefined;
      for (const waiting of run.waiting) tell(waiting);
    };
    const working = this.#work(run.abandoned);
    const beat = requestsAreApart() ? showLife(run) : undefined;
    this.#run = run;
    working.then(
      (value) => settle(({ resolve }) => resolve(value)),
      (error: unknown) => settle(({ reject }) => reject(ownOf(error))),
    );
    return run;
  }

  /** Waits for the next run in place of one that may never end. */
  #takeOver(run: Run<Value>, signal: AbortSource | undefined): Promise<Value> {
    if (this.#run === run) this.#run = undefined;
    return this.wait(signal);
  }

  /** Of no effect where it has ended. */
  #giveUp(run: Run<Value>, signal: AbortSource | undefined): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    run.abandoned.abort(signal?.reason);
  }
}

/** Shows that a run lives, as long as the request that began it does. */
function showLife(run: Run<never>): Deadline {
  const beat = startTimer(BEAT_MS, () => {
    run.seenAt = performance.now();
    beat.touch();
  });
  return beat;
}

/** Calls `onGone` once a run of another request shows no life any more. */
function watchOver(run: Run<never>, onGone: () => void): Deadline | undefined {
  if (!requestsAreApart()) return undefined;
  const leftMs = (): number => Math.max(0, run.seenAt + GONE_MS - performance.now());
  const patience = startTimer(leftMs(), () => {
    if (leftMs() === 0) onGone();
    else patience.start(leftMs());
  });
  return patience;
}

/** Each has an error of their own. */
function ownOf(error: unknown): unknown {
  try {
    return rethrowOwn(error);
  } catch (own) {
    return own;
  }
}
