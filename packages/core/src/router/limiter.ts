import { watch } from "../disregard.ts";
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

/** Reads limits, once. Throws a `TypeError` for one that is none, under the name of the option. */
export function readLimits(limits: Limits | undefined, name = "limits"): Limits | undefined {
  return readOptions(name, limits, LIMIT_RULES);
}

/** A call's place among those of a provider, or in the queue for one. */
export interface Place {
  /** Whether the call may begin. */
  readonly isGiven: boolean;
  /** Gives it back, or leaves the queue. Again, it does nothing. */
  leave(): void;
}

/** The places of one provider. */
export interface Limiter {
  /** Calls that have a place. */
  readonly running: number;
  /** Calls that wait for one. */
  readonly waiting: number;
  /**
   * Takes a place, first come, first served. Where there is none, `onGiven` is called later, once there is; whoever waits
   * keeps the time. What it throws disturbs nothing. Throws `queue_full`.
   */
  take(onGiven: () => void): Place;
}

/** The places of one provider, as `createLimiter()` makes them. */
export interface AwaitedLimiter extends Limiter {
  /**
   * Takes a place, and resolves with what gives it back; calling that again does nothing.
   *
   * Rejects with `queue_full`, or with the reason of `signal` as soon as it aborts.
   */
  enter(signal: AbortSignal): Promise<() => void>;
}

/** Makes the places of a provider. Throws a `TypeError` for limits that are none. */
export function createLimiter(provider: string, limits: Limits): AwaitedLimiter {
  const { maxConcurrent = Infinity, maxQueueSize = Infinity } = readLimits(limits) ?? {};
  // A Set keeps the order, and lets anyone leave from the middle.
  const queue = new Set<LimitedPlace>();
  // One walk along all of them: a new one would pass over the gaps of all who have left.
  let inOrder = queue.values();
  let running = 0;

  function first(): LimitedPlace | undefined {
    let { value } = inOrder.next();
    if (value === undefined) {
      inOrder = queue.values();
      ({ value } = inOrder.next());
    }
    return value;
  }

  function leave(place: LimitedPlace): void {
    if (queue.delete(place)) return;
    running--;
    const next = first();
    if (next === undefined) return;
    queue.delete(next);
    // Given at once, so that nobody slips in between.
    running++;
    next.give();
  }

  function take(onGiven: () => void): Place {
    const place = new LimitedPlace(onGiven, leave);
    if (running < maxConcurrent) {
      running++;
      place.isGiven = true;
    } else if (queue.size < maxQueueSize) {
      queue.add(place);
      place.wait();
    } else {
      throw new QwenError(
        "queue_full",
        `The provider "${provider}" is at its limit of ${maxConcurrent} calls, and ${queue.size} more wait.`,
        { provider },
      );
    }
    return place;
  }

  return {
    get running() {
      return running;
    },
    get waiting() {
      return queue.size;
    },
    take,
    async enter(signal) {
      signal.throwIfAborted();
      return await new Promise((resolve, reject) => {
        const place = take(() => entered());
        const entered = (): void => {
          signal.removeEventListener("abort", onAbort);
          resolve(() => place.leave());
        };
        const onAbort = (): void => {
          place.leave();
          reject(signal.reason);
        };
        if (place.isGiven) entered();
        else signal.addEventListener("abort", onAbort, { once: true });
      });
    },
  };
}

class LimitedPlace implements Place {
  isGiven = false;
  readonly #onGiven: () => void;
  readonly #onLeft: (place: LimitedPlace) => void;
  #giving: (() => void) | undefined;
  #left = false;

  constructor(onGiven: () => void, onLeft: (place: LimitedPlace) => void) {
    this.#onGiven = onGiven;
    this.#onLeft = onLeft;
  }

  /**
   * Waits to be given. By a promise of its own: who gives a place back is not to pay for what the next one does, and in an
   * edge runtime what follows from a promise belongs to the request that made it, what follows from a call to the caller's.
   */
  wait(): void {
    const given = new Promise<void>((resolve) => {
      this.#giving = resolve;
    });
    void given.then(() => {
      if (!this.#left) watch(this.#onGiven, undefined);
    });
  }

  give(): void {
    this.isGiven = true;
    this.#giving?.();
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#onLeft(this);
  }
}
