import { QwenError } from "../errors.ts";
import { aCountFrom, readOptions, type Rules } from "../options.ts";

/** How many calls a provider gets at once. */
export interface Limits {
  /**
   * Calls under way at the same time.
   *
   * @defaultValue Infinity
   */
  readonly maxConcurrent?: number | undefined;
  /**
   * Calls that wait for a place; one more is `queue_full`.
   *
   * @defaultValue Infinity
   */
  readonly maxQueueSize?: number | undefined;
}

const LIMIT_RULES: Rules<Limits> = { maxConcurrent: aCountFrom(1), maxQueueSize: aCountFrom(0) };

/** Reads limits, once. Throws a `TypeError` for one that is none. */
export function readLimits(limits: Limits | undefined): Limits | undefined {
  return readOptions("limits", limits, LIMIT_RULES);
}

/** The places of one provider. */
export interface Limiter {
  /** Calls that have a place. */
  readonly running: number;
  /** Calls that wait for one. */
  readonly waiting: number;
  /**
   * Takes a place, first come, first served. Resolves with what gives it back; calling that again does nothing.
   *
   * Rejects with `queue_full`, or with the reason of `signal` as soon as it aborts.
   */
  enter(signal: AbortSignal): Promise<() => void>;
}

/** Makes the places of a provider. Throws a `TypeError` for limits that are none. */
export function createLimiter(provider: string, limits: Limits): Limiter {
  const { maxConcurrent = Infinity, maxQueueSize = Infinity } = readLimits(limits) ?? {};
  // A Set keeps the order, and lets anyone leave from the middle.
  const queue = new Set<() => void>();
  let running = 0;

  function take(): () => void {
    running++;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      running--;
      const [first] = queue;
      if (first === undefined) return;
      queue.delete(first);
      first();
    };
  }

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    async enter(signal) {
      signal.throwIfAborted();
      if (running < maxConcurrent) return take();
      if (queue.size >= maxQueueSize) {
        throw new QwenError(
          "queue_full",
          `The provider "${provider}" is at its limit of ${maxConcurrent} calls, and ${queue.size} more wait.`,
          { provider },
        );
      }
      return new Promise((resolve, reject) => {
        const enter = (): void => {
          signal.removeEventListener("abort", leave);
          // Taken at once, so that nobody slips in between.
          resolve(take());
        };
        const leave = (): void => {
          queue.delete(enter);
          reject(signal.reason);
        };
        queue.add(enter);
        signal.addEventListener("abort", leave, { once: true });
      });
    },
  };
}
