import { watch } from "../disregard.ts";
import { aFunction, aLimitMs, aPositiveMs, aShare, aWholeNumber, readOptions, type Rules } from "../options.ts";

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

const BREAKER_RULES: Rules<BreakerOptions> = {
  failureRate: aShare,
  minimumCalls: aWholeNumber,
  windowMs: aLimitMs,
  openMs: aPositiveMs,
};

/** Reads the options of a breaker, once. Throws a `TypeError` for one that is none. */
export function readBreaker(options: BreakerOptions | undefined): BreakerOptions | undefined {
  return readOptions("breaker", options, BREAKER_RULES);
}

/**
 * `closed`: every call goes. `open`: none should. `half-open`: one call at a time, whose first output closes it; a call that
 * stays silent for `openMs` keeps the place no longer.
 */
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
  /** A call goes, whether it should or not. */
  begin(): GuardedCall;
}

/** One call, as its breaker hears of it. */
export interface GuardedCall {
  /**
   * Its first output. If the breaker is not closed, it closes on probation: until a call has ended well, one failure opens it
   * again.
   */
  output(): void;
  /** Its end, once. */
  end(outcome: CallOutcome): void;
}

/** The one call that a breaker lets through to see whether it may close. */
interface Probe {
  readonly until: number;
}

/** What calls tell their breaker. */
interface BreakerHost {
  output(call: BreakerCall): void;
  ended(call: BreakerCall, outcome: CallOutcome): void;
}

class BreakerCall implements GuardedCall {
  /** How often the breaker had opened before. */
  readonly begunAfter: number;
  readonly probe: Probe | undefined;
  readonly #host: BreakerHost;
  #over = false;

  constructor(host: BreakerHost, begunAfter: number, probe: Probe | undefined) {
    this.#host = host;
    this.begunAfter = begunAfter;
    this.probe = probe;
  }

  output(): void {
    if (!this.#over) this.#host.output(this);
  }

  end(outcome: CallOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#host.ended(this, outcome);
  }
}

const BUCKETS = 10;

/** The calls of a tenth of the window. */
interface Bucket {
  readonly slot: number;
  calls: number;
  failures: number;
}

/** Who watches a breaker. */
export interface BreakerHooks {
  /** Told every change of state when it takes effect. What it throws disturbs nothing. */
  readonly onChange?: ((state: BreakerState) => void) | undefined;
}

/** Makes a closed breaker. Throws a `TypeError` for an option that is none. */
export function createCircuitBreaker(options: BreakerOptions = {}, hooks: BreakerHooks = {}): CircuitBreaker {
  const { onChange = () => {} } = readOptions("hooks", hooks, { onChange: aFunction }) ?? {};
  const { failureRate = 0.5, minimumCalls = 5, windowMs = 30_000, openMs = 5_000 } = readBreaker(options) ?? {};
  let openUntil: number | undefined;
  let onProbation = false;
  let probe: Probe | undefined;
  /** How often it has opened: a call from before tells nothing about now. */
  let openings = 0;
  // The window as a ring of buckets: memory does not grow with traffic.
  let buckets: readonly Bucket[] = [];
  let reported: BreakerState = "closed";

  function report(state: BreakerState): void {
    if (state === reported) return;
    reported = state;
    watch(onChange, state);
  }

  function stateNow(): BreakerState {
    if (openUntil === undefined) return "closed";
    return performance.now() < openUntil ? "open" : "half-open";
  }

  function open(forMs: number): void {
    if (openUntil === undefined) openings++;
    openUntil = Math.max(openUntil ?? 0, performance.now() + forMs);
    buckets = [];
    report("open");
  }

  function close(how: { readonly onProbation: boolean }): void {
    openUntil = undefined;
    ({ onProbation } = how);
    buckets = [];
    report("closed");
  }

  function bucketNow(): Bucket {
    const slot = Math.floor((performance.now() * BUCKETS) / windowMs);
    const newest = buckets.at(-1);
    if (newest?.slot === slot) return newest;
    const bucket = { slot, calls: 0, failures: 0 };
    buckets = [...buckets.filter((old) => old.slot > slot - BUCKETS), bucket];
    return bucket;
  }

  function count(failed: boolean): void {
    const bucket = bucketNow();
    bucket.calls++;
    if (!failed) return;
    bucket.failures++;
    const calls = buckets.reduce((sum, one) => sum + one.calls, 0);
    const failures = buckets.reduce((sum, one) => sum + one.failures, 0);
    if (calls >= minimumCalls && failures / calls >= failureRate) open(openMs);
  }

  function isProbed(): boolean {
    return probe !== undefined && performance.now() < probe.until;
  }

  function endedWell(): void {
    if (openUntil === undefined && !onProbation) count(false);
    else close({ onProbation: false });
  }

  function endedBadly(isProbe: boolean): void {
    if (openUntil === undefined && !onProbation) count(true);
    else if (openUntil === undefined || isProbe) open(openMs);
  }

  const host: BreakerHost = {
    output({ begunAfter }) {
      if (begunAfter === openings && openUntil !== undefined) close({ onProbation: true });
    },
    ended({ begunAfter, probe: own }, outcome) {
      if (own !== undefined && probe === own) probe = undefined;
      if (typeof outcome === "object") open(outcome.pauseMs);
      else if (outcome === "neutral" || begunAfter !== openings) return;
      else if (outcome === "succeeded") endedWell();
      else endedBadly(own !== undefined);
    },
  };

  return {
    get state() {
      return stateNow();
    },
    get allows() {
      const state = stateNow();
      return state === "closed" || (state === "half-open" && !isProbed());
    },
    get recoversInMs() {
      return openUntil === undefined ? 0 : Math.max(0, openUntil - performance.now());
    },
    begin() {
      const state = stateNow();
      const own = state !== "closed" && !isProbed() ? { until: performance.now() + openMs } : undefined;
      probe = own ?? probe;
      if (state === "half-open") report("half-open");
      return new BreakerCall(host, openings, own);
    },
  };
}
