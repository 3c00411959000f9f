/** Keeps requests away from a model that keeps failing. */
export interface BreakerOptions {
  /**
   * The share of failed calls, from 0 to 1, at which it opens.
   *
   * @defaultValue 0.5
   */
  readonly failureRate?: number | undefined;
  /**
   * It does not open on fewer calls than this within the window.
   *
   * @defaultValue 5
   */
  readonly minimumCalls?: number | undefined;
  /**
   * How far back calls count, in ms.
   *
   * @defaultValue 30_000
   */
  readonly windowMs?: number | undefined;
  /**
   * How long it stays open before one call probes the model, in ms.
   *
   * @defaultValue 5_000
   */
  readonly openMs?: number | undefined;
}

/** `closed`: every call goes. `open`: none should. `half-open`: one call at a time, whose outcome decides. */
export type BreakerState = "closed" | "open" | "half-open";

/** How a call ended for the breaker: what says nothing about the model (an abort, a lost race) is `neutral`. */
export type CallOutcome = "succeeded" | "failed" | "neutral" | { readonly pauseMs: number };

/** A circuit breaker of one model. */
export interface CircuitBreaker {
  readonly state: BreakerState;
  /** Whether a call should go now. */
  readonly allows: boolean;
  /** Time until it does, in ms. */
  readonly recoversInMs: number;
  /** A call goes, whether it should or not. Returns how to report its end, once. */
  begin(): (outcome: CallOutcome) => void;
}

const BUCKETS = 10;

/** Makes a closed breaker. `onChange` is told every change of state when it takes effect. */
export function createCircuitBreaker(
  { failureRate = 0.5, minimumCalls = 5, windowMs = 30_000, openMs = 5_000 }: BreakerOptions = {},
  { onChange = () => {} }: { readonly onChange?: ((state: BreakerState) => void) | undefined } = {},
): CircuitBreaker {
  let openUntil: number | undefined;
  let probing = false;
  // The window as a ring of buckets: memory does not grow with traffic.
  let buckets: { readonly slot: number; calls: number; failures: number }[] = [];
  let reported: BreakerState = "closed";

  function report(state: BreakerState): void {
    if (state === reported) return;
    reported = state;
    onChange(state);
  }

  function stateNow(): BreakerState {
    if (openUntil === undefined) return "closed";
    return performance.now() < openUntil ? "open" : "half-open";
  }

  function open(forMs: number): void {
    openUntil = Math.max(openUntil ?? 0, performance.now() + forMs);
    buckets = [];
    report("open");
  }

  function close(): void {
    openUntil = undefined;
    buckets = [];
    report("closed");
  }

  function count(failed: boolean): void {
    const slot = Math.floor((performance.now() * BUCKETS) / windowMs);
    let bucket = buckets.at(-1);
    if (bucket?.slot !== slot) {
      bucket = { slot, calls: 0, failures: 0 };
      buckets = buckets.filter((old) => old.slot > slot - BUCKETS);
      buckets.push(bucket);
    }
    bucket.calls++;
    if (!failed) return;
    bucket.failures++;
    const calls = buckets.reduce((sum, one) => sum + one.calls, 0);
    const failures = buckets.reduce((sum, one) => sum + one.failures, 0);
    if (calls >= minimumCalls && failures / calls >= failureRate) open(openMs);
  }

  return {
    get state() {
      return stateNow();
    },
    get allows() {
      const state = stateNow();
      return state === "closed" || (state === "half-open" && !probing);
    },
    get recoversInMs() {
      return openUntil === undefined ? 0 : Math.max(0, openUntil - performance.now());
    },
    begin() {
      const state = stateNow();
      const probe = state !== "closed" && !probing;
      if (probe) probing = true;
      if (state === "half-open") report("half-open");
      let ended = false;

      return (outcome) => {
        if (ended) return;
        ended = true;
        if (probe) probing = false;
        if (typeof outcome === "object") open(outcome.pauseMs);
        else if (outcome === "neutral") return;
        else if (probe && openUntil !== undefined) {
          if (outcome === "succeeded") close();
          else open(openMs);
        } else if (openUntil === undefined) {
          // A call from before it opened tells nothing about now.
          count(outcome === "failed");
        }
      };
    },
  };
}
