import {
  aFunction,
  aLimitMs,
  anAbortSignal,
  anObject,
  aPauseMs,
  mustBe,
  readOption,
  readOptions,
  refuseUnknown,
  requireOption,
  type Rules,
} from "./options.ts";
import type { Timeouts } from "./provider.ts";
import type { AbortSource } from "./stop.ts";

/** The limits that hold where nobody sets another. */
export const DEFAULT_TIMEOUTS: Readonly<ResolvedTimeouts> = {
  connectMs: 10_000,
  headersMs: 30_000,
  queueMs: 300_000,
  firstOutputMs: 60_000,
  answerMs: 300_000,
  idleMs: 60_000,
  totalMs: 3_600_000,
};

/** {@link Timeouts} with every limit known. */
export type ResolvedTimeouts = { readonly [Name in keyof Timeouts]-?: number };

/**
 * Merges limits: the first layer that sets one wins, then {@link DEFAULT_TIMEOUTS}.
 *
 * The order is request, provider, router. Throws a `TypeError` for a limit that is not a positive
 * number of ms and for a name that is none; `Infinity` is a limit, and lifts it.
 */
export function resolveTimeouts(...layers: readonly (Timeouts | undefined)[]): ResolvedTimeouts {
  const resolved: Record<keyof Timeouts, number> = { ...DEFAULT_TIMEOUTS };
  const given = layers.filter((layer) => layer !== undefined);
  for (const layer of given) refuseUnknown("`timeouts`", requireOption("timeouts", layer, anObject), TIMEOUT_RULES);
  // Nearly always: who asks sets none.
  if (given.length === 0) return resolved;
  // By index: in a new process an iterator makes an object for each step, which were a tenth of what a call allocates.
  for (let index = 0; index < TIMEOUT_NAMES.length; index++) {
    const name = TIMEOUT_NAMES[index] as keyof Timeouts;
    const limit = firstLimit(given, name);
    if (limit === undefined) continue;
    const expected = aLimitMs(limit);
    if (expected !== undefined) throw mustBe(`timeouts.${name}`, expected, limit);
    resolved[name] = limit;
  }
  return resolved;
}

function firstLimit(layers: readonly Timeouts[], name: keyof Timeouts): number | undefined {
  for (let index = 0; index < layers.length; index++) {
    const limit = layers[index]?.[name];
    if (limit !== undefined) return limit;
  }
  return undefined;
}

/**
 * Reads the `timeouts` that somebody gave. Throws a `TypeError` for a limit that is none, and for a name that is none, under the
 * name of the option.
 */
export function readTimeouts(timeouts: Timeouts | undefined, name = "timeouts"): Timeouts | undefined {
  return readOptions(name, timeouts, TIMEOUT_RULES);
}

/** After so many touches in a row, the next ones are reckoned as one. */
const RUSH = 16;

/** Those are in a row that are less than this apart, in ms. */
const IN_A_ROW_MS = 0.1;

/**
 * A limit in time that can be started anew, moved and held: never early, late only by what the event loop is.
 *
 * It re-arms one `setTimeout` of its own, and only when an earlier end is due: a touch costs a look at the clock, and nothing in a
 * rush of them, whose end is the last one's time. A running one keeps the process alive, as the call it watches should: stop it
 * when that ends.
 */
export class Deadline {
  readonly #onExpired: () => void;
  #limitMs = Infinity;
  #endsAt = Infinity;
  /** What was left when it was paused. */
  #left: number | undefined;
  #handle: ReturnType<typeof setTimeout> | undefined;
  #firesAt = Infinity;
  /** Touches in a row. From {@link RUSH} on the timer is one that ends the rush. */
  #inARow = 0;

  /** It does not run yet. */
  constructor(onExpired: () => void) {
    this.#onExpired = onExpired;
  }

  /** What is left of it, in ms; `Infinity` where it does not run. */
  get leftMs(): number {
    if (this.#left !== undefined) return this.#left;
    if (this.#isRushed) return this.#limitMs;
    return this.#endsAt === Infinity ? Infinity : Math.max(0, this.#endsAt - performance.now());
  }

  /** Ends in so many ms, whatever it was before. `Infinity` never expires and costs nothing. */
  start(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#inARow = 0;
    this.touch();
  }

  /** Starts the same limit anew, also after a pause and after it ran out. */
  touch(): void {
    this.#left = undefined;
    if (this.#isRushed) return;
    const before = this.#endsAt;
    this.#endAfter(this.#limitMs);
    this.#inARow = this.#endsAt - before < IN_A_ROW_MS ? this.#inARow + 1 : 0;
    if (!this.#isRushed) return;
    this.#disarm();
    this.#arm(0);
  }

  /** Stops the clock until `resume()`, `touch()` or `start()`. */
  pause(): void {
    this.#left ??= this.leftMs;
    this.#endsAt = Infinity;
  }

  /** Goes on with what was left at the pause. */
  resume(): void {
    if (this.#left === undefined) return;
    const left = this.#left;
    this.#left = undefined;
    if (!this.#isRushed) this.#endAfter(left);
  }

  /** Does not expire unless it is started anew; nothing is left that keeps the process. */
  stop(): void {
    this.#limitMs = Infinity;
    this.#inARow = 0;
    this.#left = undefined;
    this.#endsAt = Infinity;
    this.#disarm();
  }

  get #isRushed(): boolean {
    return this.#inARow >= RUSH;
  }

  #endAfter(delayMs: number): void {
    this.#endsAt = delayMs === Infinity ? Infinity : performance.now() + delayMs;
    if (this.#endsAt >= this.#firesAt) return;
    this.#disarm();
    this.#arm(Math.max(1, delayMs));
  }

  #arm(delayMs: number): void {
    const roundedMs = Math.min(Math.ceil(delayMs), LONGEST_DELAY_MS);
    this.#firesAt = performance.now() + roundedMs;
    this.#handle = setTimeout(Deadline.#fire, roundedMs, this);
  }

  #disarm(): void {
    if (this.#handle === undefined) return;
    clearTimeout(this.#handle);
    this.#handle = undefined;
    this.#firesAt = Infinity;
  }

  static #fire(deadline: Deadline): void {
    deadline.#handle = undefined;
    deadline.#firesAt = Infinity;
    if (deadline.#isRushed) {
      deadline.#inARow = 0;
      if (deadline.#left === undefined) deadline.touch();
      return;
    }
    if (deadline.#endsAt === Infinity) return;
    const leftMs = deadline.#endsAt - performance.now();
    // Timers of a platform may be early by a part of a ms.
    if (leftMs > 0) deadline.#arm(leftMs);
    else {
      deadline.#endsAt = Infinity;
      deadline.#onExpired();
    }
  }
}

/**
 * Starts a {@link Deadline} that calls `onExpired` once `limitMs` have passed without a `touch()`. Throws a `TypeError` for what
 * is no time or function.
 */
export function startTimer(limitMs: number, onExpired: () => void): Deadline {
  requireOption("limitMs", limitMs, aPauseMs);
  requireOption("onExpired", onExpired, aFunction);
  const deadline = new Deadline(onExpired);
  deadline.start(limitMs);
  return deadline;
}

/**
 * Waits `delayMs`. Rejects with the reason of `signal` as soon as it aborts, and with a `TypeError` for what is no time or signal.
 */
export function sleep(delayMs: number, signal?: AbortSource): Promise<void> {
  return new Promise((resolve, reject) => {
    requireOption("delayMs", delayMs, aPauseMs);
    readOption("signal", signal, anAbortSignal);
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const timer = startTimer(delayMs, () => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    });
    const onAbort = (): void => {
      timer.stop();
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** What a promise resolves with, or `undefined` where that takes longer than `limitMs`. Rejects as the promise does. */
export function within<Value>(limitMs: number, promise: Promise<Value>): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const timer = startTimer(limitMs, () => resolve(undefined));
    promise.then(
      (value) => {
        timer.stop();
        resolve(value);
      },
      (error: unknown) => {
        timer.stop();
        reject(error);
      },
    );
  });
}

const TIMEOUT_NAMES = Object.keys(DEFAULT_TIMEOUTS) as readonly (keyof Timeouts)[];

const TIMEOUT_RULES: Rules<Timeouts> = {
  connectMs: aLimitMs,
  headersMs: aLimitMs,
  queueMs: aLimitMs,
  firstOutputMs: aLimitMs,
  answerMs: aLimitMs,
  idleMs: aLimitMs,
  totalMs: aLimitMs,
};

// setTimeout takes 32 bits: a longer delay would fire at once.
const LONGEST_DELAY_MS = 2 ** 31 - 1;
