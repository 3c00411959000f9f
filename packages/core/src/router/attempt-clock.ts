import { TimeoutError, type TimeoutPhase } from "../errors.ts";
import { startTimer, type ResolvedTimeouts, type Deadline } from "../timers.ts";

/** The limits of one attempt, told what happens in it. */
export interface AttemptClock {
  /** A read begins. */
  read(): void;
  /** A sign of life came before any output, with a position in the queue if it tells one. */
  live(position: number | undefined): void;
  /** The first output came. */
  output(): void;
  stop(): void;
}

// Providers that keep time notice up to an eighth late.
const GRACE = 1.25;

/**
 * The backstop for providers that keep no time of their own.
 *
 * It counts only while a read is pending, so a slow consumer never runs into it. It waits a quarter
 * longer than a provider would, so that one that keeps time speaks first: it knows more about what
 * happened.
 */
export function startAttemptClock(
  { firstOutputMs, queueMs, idleMs }: ResolvedTimeouts,
  { isWaiting, onExpired }: { readonly isWaiting: () => boolean; readonly onExpired: (error: TimeoutError) => void },
): AttemptClock {
  const start = (phase: TimeoutPhase, limitMs: number): Deadline =>
    startTimer(limitMs * GRACE, () => {
      if (isWaiting()) onExpired(new TimeoutError(phase, limitMs));
    });

  const firstOutput = start("first-output", firstOutputMs);
  let queue: Deadline | undefined;
  let lastPosition: number | undefined;
  let idle: Deadline | undefined;

  return {
    read() {
      idle?.touch();
    },
    live(position) {
      if (position === undefined) {
        queue?.pause();
        firstOutput.resume();
        return;
      }
      firstOutput.pause();
      if (queue === undefined) queue = start("queue", queueMs);
      else if (position === lastPosition) queue.resume();
      else queue.touch();
      lastPosition = position;
    },
    output() {
      firstOutput.stop();
      queue?.stop();
      idle = start("idle", idleMs);
    },
    stop() {
      firstOutput.stop();
      queue?.stop();
      idle?.stop();
    },
  };
}
