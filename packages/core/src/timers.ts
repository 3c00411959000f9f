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
      const limitMs = layer?.[name];
      if (limitMs === undefined) continue;
      // Negated, so that NaN fails as well.
      if (typeof limitMs !== "number" || !(limitMs > 0)) throw new TypeError(`The timeout "${name}" must be a positive number of ms or Infinity.`);
      resolved[name] = limitMs;
      break;
    }
  }
  return resolved;
}

/** A limit on one phase of a call. */
export interface Timer {
  /**
   * Starts the limit anew, also after a pause and after it ran out.
   *
   * Cheap enough for every message: it reads the clock, and no timer is cleared or set.
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
 * Starts a timer that calls `onExpired` once `limitMs` have passed without a `touch()`, never early.
 *
 * It runs from now. `Infinity` never expires and costs nothing. A running one keeps the process
 * alive, as the call it watches should: stop it when that ends.
 */
export function startTimer(limitMs: number, onExpired: () => void): Timer {
  if (limitMs === Infinity) return NEVER;

  let deadline = performance.now() + limitMs;
  // What was left when it was paused.
  let left: number | undefined;
  let stopped = false;
  let handle: ReturnType<typeof setTimeout> | undefined;

  // The handle never fires later than the deadline, because a deadline only moves away: so it is
  // set again when it fires too early, instead of on every touch.
  const fire = (): void => {
    handle = undefined;
    if (left !== undefined) return;
    const remaining = deadline - performance.now();
    if (remaining > 0) arm(remaining);
    else onExpired();
  };
  const arm = (delayMs: number): void => {
    handle = setTimeout(fire, Math.min(Math.ceil(delayMs), LONGEST_DELAY_MS));
  };
  arm(limitMs);

  return {
    touch() {
      if (stopped) return;
      left = undefined;
      deadline = performance.now() + limitMs;
      if (handle === undefined) arm(limitMs);
    },
    pause() {
      left ??= Math.max(0, deadline - performance.now());
    },
    resume() {
      if (stopped || left === undefined) return;
      deadline = performance.now() + left;
      if (handle === undefined) arm(left);
      left = undefined;
    },
    stop() {
      stopped = true;
      clearTimeout(handle);
      handle = undefined;
    },
  };
}

/**
 * Waits. Rejects with the reason of `signal` as soon as it aborts.
 *
 * @param delayMs at once where it is 0 or less
 */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason);
      return;
    }
    const timer = startTimer(Math.max(0, delayMs), () => {
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

const TIMEOUT_NAMES = Object.keys(DEFAULT_TIMEOUTS) as readonly (keyof Timeouts)[];

// setTimeout takes 32 bits: a longer delay would fire at once.
const LONGEST_DELAY_MS = 2 ** 31 - 1;

const NEVER: Timer = { touch: noop, pause: noop, resume: noop, stop: noop };

function noop(): void {}
