import type { QwenError } from "../errors.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { CandidateHealth } from "./health.ts";
import type { Outcome, Verdict } from "./retry.ts";

/** A provider's model, ready to be asked one request. */
export interface Candidate<Part> {
  readonly provider: string;
  readonly model: string;
  /** Of one attempt. They are kept here for providers that keep no time of their own. */
  readonly timeouts: ResolvedTimeouts;
  /** It is known that the answer comes whole: until it is there, `answerMs` holds in place of `firstOutputMs`. @defaultValue false */
  readonly comesWhole?: boolean | undefined;
  /** How it is doing, for circuit breakers, limits and the choice among candidates. */
  readonly health?: CandidateHealth | undefined;
  /** How often it is asked first where the strategy is `weighted`, in proportion to the others. @defaultValue 1 */
  readonly weight?: number | undefined;
  /** The request has a token of its own for the provider. */
  readonly ownToken?: boolean | undefined;
  /** The limits without those that the request sets: who is slower than a caller wishes has not failed. */
  readonly usualTimeouts?: ResolvedTimeouts | undefined;
  /** What `start` returns ends its work at once when it is left: it needs no signal. @defaultValue false */
  readonly isLeavable?: boolean | undefined;
  /** What follows an attempt at it, where that is no matter of the errors table, nor of `shouldRetry`, which is not asked then. */
  decide?(outcome: Outcome): Verdict | undefined;
  /** Why it cannot take the request at all. Such a candidate is passed over, and nothing is sent. */
  refuse?(): QwenError | undefined;
  /** Whether it goes on behind a given beginning of its answer. @defaultValue false */
  readonly prefill?: boolean | undefined;
  /**
   * Asks, for what comes behind `beginning` where it can do that and there is one. Aborting `signal` stops the work at its
   * source; there is none where it can be left without.
   */
  start(signal: AbortSignal | undefined, beginning?: string): AsyncIterable<Part>;
}
