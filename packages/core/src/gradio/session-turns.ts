import { requestsAreApart } from "#platform";
import { TimeoutError } from "../errors.ts";
import { Pulses } from "../pulses.ts";
import type { Stop } from "../stop.ts";
import { startTimer } from "../timers.ts";
import type { SharedSession } from "./shared-session.ts";

/**
 * The turns of the calls that share a session: one stream tells of all jobs of a session, so there is one at a time, first come
 * first served.
 */
export class SessionTurns {
  /** Made with the first call. */
  session: SharedSession | undefined;
  readonly #ended = new AbortController();
  /** Who has the turn, and behind it who waits for it. */
  readonly #line = new Set<Place>();
  readonly #pulses = requestsAreApart() ? new Pulses() : undefined;

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
    stop.throwIfAborted();
    const { promise, resolve } = Promise.withResolvers<void>();
    const giveOn = (): void => {
      this.#pulses?.delete(place);
      this.#line.delete(place);
      this.#first?.begin();
    };
    const place: Place = { begin: resolve, leave: giveOn };
    this.#line.add(place);
    this.#pulses?.add(place);
    try {
      if (this.#first !== place) await waitFor(promise, { stop, limitMs });
    } catch (error) {
      giveOn();
      throw error;
    }
    return giveOn;
  }

  get #first(): Place | undefined {
    return this.#line.values().next().value;
  }
}

/** A call's place among those of its session. It waits for a promise of its own: in an edge runtime another request's may never settle. */
interface Place {
  /** It has its turn. */
  begin(): void;
  /** It has ended, perhaps without a word. */
  leave(): void;
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
