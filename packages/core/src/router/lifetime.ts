import { TimeoutError } from "../errors.ts";
import { startTimer, type Deadline } from "../timers.ts";

/** What can end a request from outside, and what waits for its time within it. */
export interface Lifetime {
  /** The work begins. Throws the reason of a signal that has aborted already. */
  begin(): void;
  /** Calls `task` later, unless the request ends first. */
  later(delayMs: number, task: () => void): void;
  /** Nothing that waits for its time is called any more. */
  cancelLater(): void;
  /** The consumer asks for a part. */
  asked(): void;
  /** The request is over: no timer and no listener is left. */
  end(): void;
}

/** Where the end of a request comes from. */
export interface LifetimeOptions {
  readonly signal: AbortSignal | undefined;
  readonly totalMs: number;
  /** Called with what ends the request for a reason; returns what to call when it is over. */
  readonly track: ((end: (reason: unknown) => void) => () => void) | undefined;
  /** Whether the consumer waits for a part. */
  readonly isWaiting: () => boolean;
  /** `clock`: the total time is over. `caller`: whatever the reason is, somebody aborted. */
  readonly onEnded: (reason: unknown, by: "caller" | "clock") => void;
}

// How long a consumer that comes back after the total time may still wait for a part that is there already.
const OVERDUE_GRACE_MS = 10;

/** Makes the lifetime of one request, which has not begun. */
export function createLifetime({ signal, totalMs, track, isWaiting, onEnded }: LifetimeOptions): Lifetime {
  const timers = new Set<Deadline>();
  let total: Deadline | undefined;
  let overdue = false;
  let untrack: (() => void) | undefined;

  function onAbort(): void {
    onEnded(signal?.reason, "caller");
  }

  function limitTotal(limitMs: number): void {
    total = startTimer(limitMs, () => {
      // What has arrived may still be read: only a consumer that waits runs out of time.
      if (isWaiting()) onEnded(new TimeoutError("total", totalMs), "clock");
      else overdue = true;
    });
  }

  function cancelLater(): void {
    for (const timer of timers) timer.stop();
    timers.clear();
  }

  return {
    begin() {
      signal?.throwIfAborted();
      signal?.addEventListener("abort", onAbort, { once: true });
      untrack = track?.((reason) => onEnded(reason, "caller"));
      limitTotal(totalMs);
    },
    later(delayMs, task) {
      const timer = startTimer(delayMs, () => {
        timers.delete(timer);
        task();
      });
      timers.add(timer);
    },
    cancelLater,
    asked() {
      if (!overdue) return;
      overdue = false;
      limitTotal(OVERDUE_GRACE_MS);
    },
    end() {
      signal?.removeEventListener("abort", onAbort);
      untrack?.();
      total?.stop();
      overdue = false;
      cancelLater();
    },
  };
}
