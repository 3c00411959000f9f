import type { RetryOptions } from "./retry.ts";
import type { Strategy } from "./strategy.ts";

/** When output is shown: at the first of it, or when the answer is whole. */
export type CommitPoint = "first-output" | "buffered";

/** Asks another candidate as well where the first is slow, and takes who is quicker. */
export interface HedgeOptions {
  /** How long an attempt may take to its commit point before another candidate is asked as well, in ms. */
  readonly delayMs: number;
  /**
   * Attempts at the same time.
   *
   * @defaultValue 2
   */
  readonly maxAttempts?: number | undefined;
}

/** How requests are tried. */
export interface AttemptSettings {
  /**
   * With `first-output` nothing is tried again once output was shown; with `buffered` any failure
   * can be, because output is held until the answer is whole.
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
  /** For jitter and choices: numbers from 0 up to 1. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
}
