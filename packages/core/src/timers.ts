import { aLimitMs, mustBe, readOptions, type Rules } from "./options.ts";
import type { Timeouts } from "./provider.ts";

/** The limits that hold where nobody sets another. */
export const DEFAULT_TIMEOUTS: Readonly<ResolvedTimeouts> = {
  connectMs: 10_000,
  headersMs: 30_000,
  queueMs: 300_000,
  firstOutputMs: 60_000,
  idleMs: 60_000,
  totalMs: Infinity,
};

/** {@link Timeouts} with every limit known. */
export type ResolvedTimeouts = { readonly [Name in keyof Timeouts]-?: number };

/**
 * Merges limits: the first layer that sets one wins, then {@link DEFAULT_TIMEOUTS}.
 *
 * The order is request, provider, router. Throws a `TypeError` for a limit that is not a positive
 * number of ms; `Infinity` is one, and lifts the limit.
 */
export function resolveTimeouts(...layers: readonly (Timeouts | undefined)[]): ResolvedTimeouts {
  const resolved: Record<keyof Timeouts, number> = { ...DEFAULT_TIMEOUTS };
  for (const name of TIMEOUT_NAMES) {
    for (const layer of layers) {
      const limit = layer?.[name];
      if (limit === undefined) continue;
      const expected = aLimitMs(limit);
      if (expected !== undefined) throw mustBe(`timeouts.${name}`, expected, limit);
      resolved[name] = limit;
      break;
    }
  }
  return resolved;
}

/** Reads the `timeouts` that somebody gave. Throws a `TypeError` for a limit that is none, and for a name that is none. */
export function readTimeouts(timeouts: Timeouts | undefined): Timeouts | undefined {
  return readOptions("timeouts", timeouts, TIMEOUT_RULES);
}

/** A limit on one phase of a call. */
export interface Timer {
  /**
   * Starts the limit anew, also after a pause and after it ran out.
   *
   * Costs next to nothing, so it may be called for every message.
   */
  touch(): void;
  /** Stops the clock until `resume()` or `touch()`. */
  pause(): void;
  /** Goes on with what was left at the pause. */
  resume(): void;
  /** Ends it for good: `onExpired` is not called any more. */
  stop(): void;
}

/**
 * Starts a timer that calls `onExpired` once `limitMs` have passed without a `touch()`: never
 * early, after a touch at most an eighth of the limit late.
 *
 * It runs from now. `Infinity` never expires and costs nothing. A running one keeps the process
 * alive, as the call it watches should: stop it when that ends.
 */
export function startTimer(limitMs: number, onExpired: () => void): Timer {
  if (limitMs === Infinity) return NEVER;

  // Reading the clock or setting a timer costs more than handing out a part does. So a touch only
  // leaves a mark, and the mark is found at the next of eight checks within the limit.
  const checkMs = limitMs / 8;
  let deadline = performance.now() + limitMs;
  let touched = false;
  // What was left when it was paused.
  let left: number | undefined;
  let stopped = false;
  let handle: ReturnType<typeof setTimeout> | undefined;

  const check = (): void => {
    handle = undefined;
    if (left !== undefined) return;
    const now = performance.now();
    if (touched) {
      touched = false;
      deadline = now + limitMs;
    }
    if (now < deadline) arm(deadline - now);
    else onExpired();
  };
  const arm = (remainingMs: number): void => {
    handle = setTimeout(check, Math.min(Math.ceil(Math.min(checkMs, remainingMs)), LONGEST_DELAY_MS));
  };
  arm(limitMs);

  return {
    touch() {
      touched = true;
      left = undefined;
      if (handle === undefined && !stopped) arm(limitMs);
    },
    pause() {
      left ??= touched ? limitMs : Math.max(0, deadline - performance.now());
      touched = false;
    },
    resume() {
      if (left === undefined) return;
      deadline = performance.now() + left;
      left = undefined;
      if (handle === undefined && !stopped) arm(deadline - performance.now());
    },
    stop() {
      stopped = true;
      clearTimeout(handle);
      handle = undefined;
    },
  };
}

/**
 * Waits `delayMs`. Rejects with the reason of `signal` as soon as it aborts.
 */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
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
export async function within<Value>(limitMs: number, promise: Promise<Value>): Promise<Value | undefined> {
  const settled = new AbortController();
  try {
    // Who is late may still reject; the race has handled that.
    return await Promise.race([promise, sleep(limitMs, settled.signal).then(() => undefined)]);
  } finally {
    settled.abort();
  }
}

const TIMEOUT_NAMES = Object.keys(DEFAULT_TIMEOUTS) as readonly (keyof Timeouts)[];

const TIMEOUT_RULES: Rules<Timeouts> = {
  connectMs: aLimitMs,
  headersMs: aLimitMs,
  queueMs: aLimitMs,
  firstOutputMs: aLimitMs,
  idleMs: aLimitMs,
  totalMs: aLimitMs,
};

// setTimeout takes 32 bits: a longer delay would fire at once.
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const NEVER: Timer = { touch: noop, pause: noop, resume: noop, stop: noop };

function noop(): void {}
