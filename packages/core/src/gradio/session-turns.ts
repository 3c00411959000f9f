import type { Stop } from "../stop.ts";
import { TimeoutError } from "../errors.ts";
import { startTimer } from "../timers.ts";
import type { Session } from "./session.ts";

/**
 * The turns of the calls that share a session: one stream tells of all jobs of a session, so there is one at a time, first come
 * first served.
 */
export class SessionTurns {
  /** Made with the first call. */
  session: Session | undefined;
  readonly #ended = new AbortController();
  #last: Promise<void> = Promise.resolve();

  /** Aborts once the session is closed. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Ends its calls, those that wait too. */
  close(): void {
    this.#ended.abort(new DOMException("The session was closed.", "AbortError"));
  }

  /** Throws a `TypeError` where it is closed. */
  require(): void {
    if (this.#ended.signal.aborted) throw new TypeError("The session is closed. Open another one by `session()`.");
  }

  /**
   * Waits for the call before to end. Resolves with what gives the turn on. Rejects with the reason of `stop`, or a timeout of phase
   * `queue` after `limitMs`.
   */
  async take(stop: Stop, limitMs: number): Promise<() => void> {
    const turn = Promise.withResolvers<void>();
    const before = this.#last;
    this.#last = before.then(() => turn.promise);
    try {
      stop.throwIfAborted();
      await waitFor(before, { stop, limitMs });
    } catch (error) {
      turn.resolve();
      throw error;
    }
    return turn.resolve;
  }
}

async function waitFor(
  before: Promise<void>,
  { stop, limitMs }: { readonly stop: Stop; readonly limitMs: number },
): Promise<void> {
  const left = Promise.withResolvers<never>();
  const onStop = (): void => left.reject(stop.reason);
  const timer = startTimer(limitMs, () => left.reject(new TimeoutError("queue", limitMs)));
  stop.add(onStop);
  try {
    await Promise.race([before, left.promise]);
  } finally {
    timer.stop();
    stop.remove(onStop);
  }
}
