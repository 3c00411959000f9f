import {
  aCountFrom,
  aFiniteMs,
  aFunction,
  aPauseMs,
  isGroup,
  mustBe,
  readable,
  readOption,
  readOptions,
  type Rules,
} from "../options.ts";
import type { RetryOptions } from "./retry.ts";
import { readStrategy, type Strategy } from "./strategy.ts";

/** When output is shown: at the first of it, or when the answer is whole; and whether an answer that breaks off is gone on with. */
export type CommitPoint = "first-output" | "buffered" | "continue" | { readonly continue: "replay" };

/** Asks another candidate as well where the first is slow, and takes who is quicker. */
export interface HedgeOptions {
  /** How long an attempt may take to its commit point before another candidate is asked as well, in ms. */
  readonly delayMs: number;
  /**
   * Attempts at the same time.
   *
   * @defaultValue 2
   */
  readonly maxConcurrent?: number | undefined;
}

/** How requests are tried. */
export interface AttemptSettings {
  /**
   * With `first-output` nothing is tried again once output was shown; with `buffered` any failure
   * can be, because output is held until the answer is whole.
   *
   * With `continue` a stream that breaks off after output is gone on with, by more attempts within the same budget, one at a
   * time. By replay: it is asked again from the start, held until it covers what was shown, and left where it differs by a
   * character. By prefill: a model with `prefill` gets what was shown as the beginning of its answer; that stands, and the
   * rest is written behind it. With a temperature of 0 or a seed a replay comes first, else a prefill. A prefill is never
   * tried with `{ continue: "replay" }`, for JSON, nor with `maxOutputTokens` or `stopSequences`.
   *
   * Where nobody goes on the stream throws `stream_interrupted` with the text so far, and so it does at once where more
   * than text was shown, or the request has a `conversation`. `finish.attempts` say where the seams are. `complete()`
   * stays `buffered`.
   *
   * @defaultValue "first-output"
   */
  readonly commit?: CommitPoint | undefined;
  readonly retry?: RetryOptions | undefined;
  /** Who of the candidates is asked first. @defaultValue "in-order" */
  readonly strategy?: Strategy | undefined;
  /** With `first-output` the first output wins, with `buffered` the first whole answer. @defaultValue no hedging */
  readonly hedge?: HedgeOptions | undefined;
  /** Leave a queue that is expected to take longer than this, in ms. @defaultValue Infinity */
  readonly maxQueueMs?: number | undefined;
}

/** What a router sets for all requests and a request may set for itself. */
type SharedSettings = Pick<AttemptSettings, "commit" | "retry" | "maxQueueMs"> & {
  readonly hedge?: HedgeOptions | false | undefined;
};

/** Reads the settings of a router, once. Throws a `TypeError` for one that is none, naming it and what it must be. */
export function readAttemptSettings({ strategy, hedge, ...shared }: AttemptSettings): AttemptSettings {
  return {
    ...readSharedSettings(shared),
    hedge: readHedge(hedge),
    strategy: readStrategy(strategy),
  };
}

/** Reads those of them that a request may set as well. */
export function readSharedSettings({ commit, retry, hedge, maxQueueMs }: SharedSettings): SharedSettings {
  return {
    commit: readCommit(commit),
    retry: readOptions("retry", retry, RETRY_RULES),
    hedge: hedge === false ? hedge : readHedge(hedge),
    maxQueueMs: readOption("maxQueueMs", maxQueueMs, aPauseMs),
  };
}

function readHedge(hedge: HedgeOptions | undefined): HedgeOptions | undefined {
  const read = readOptions("hedge", hedge, HEDGE_RULES);
  if (read !== undefined && read.delayMs === undefined)
    throw new TypeError("`hedge.delayMs` must be set: after how many ms another candidate is asked as well.");
  return read;
}

/** It is copied: what its owner changes later changes nothing. */
function readCommit(commit: CommitPoint | undefined): CommitPoint | undefined {
  if (commit === undefined || COMMIT_POINTS.has(commit)) return commit;
  const way = readable("commit", () => {
    return isGroup(commit) && Object.keys(commit).length === 1 ? commit.continue : undefined;
  });
  if (way === "replay") return { continue: way };
  throw mustBe("commit", '"first-output", "buffered", "continue" or { continue: "replay" }', commit);
}

/** Whether an answer that breaks off is gone on with. */
export function continues(commit: CommitPoint | undefined): boolean {
  return commit === "continue" || typeof commit === "object";
}

const COMMIT_POINTS: ReadonlySet<unknown> = new Set<CommitPoint>(["first-output", "buffered", "continue"]);

const RETRY_RULES: Rules<RetryOptions> = {
  maxAttempts: aCountFrom(1),
  maxElapsedMs: aPauseMs,
  baseDelayMs: aFiniteMs,
  maxDelayMs: aPauseMs,
  maxRetryAfterMs: aPauseMs,
  shouldRetry: aFunction,
};

const HEDGE_RULES: Rules<HedgeOptions> = { delayMs: aFiniteMs, maxConcurrent: aCountFrom(1) };
