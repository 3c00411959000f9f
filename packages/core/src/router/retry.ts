import { disregard } from "../disregard.ts";
import { ERROR_RULES, ruleOfCode, type ErrorRule } from "../error-rules.ts";
import { QwenError, type Attempt } from "../errors.ts";
import { printable, wordsOf } from "../printable.ts";

/** How often and how soon a request is tried again. */
export interface RetryOptions {
  /**
   * Attempts of one request over all its candidates.
   *
   * @defaultValue two more than there are candidates
   */
  readonly maxAttempts?: number | undefined;
  /**
   * No attempt begins later than this after the request did, in ms.
   *
   * @defaultValue Infinity
   */
  readonly maxElapsedMs?: number | undefined;
  /**
   * The first wait before asking the same provider again is a random time up to this, in ms; each
   * further one may be twice as long.
   *
   * @defaultValue 500
   */
  readonly baseDelayMs?: number | undefined;
  /**
   * The longest such wait, in ms.
   *
   * @defaultValue 8_000
   */
  readonly maxDelayMs?: number | undefined;
  /**
   * A provider that asks for a longer pause than this, in ms, is not asked again by the same request.
   *
   * @defaultValue 30_000
   */
  readonly maxRetryAfterMs?: number | undefined;
  /**
   * Decides otherwise than the errors table; `undefined` leaves it to the table.
   *
   * An outcome with a `result` comes only where the answer is whole before anyone sees it: in
   * `complete()` and with `commit: "buffered"`.
   */
  readonly shouldRetry?: ((outcome: Outcome, attempt: Attempt) => Verdict | undefined) | undefined;
}

/** How an attempt ended. */
export type Outcome<Result = unknown> =
  | { readonly error: unknown; readonly result?: undefined }
  | { readonly result: Result; readonly error?: undefined };

/** Ask the same provider again, go on to the next candidate, or end the request with this outcome. */
export type Verdict = "retry" | "next" | "stop";

const VERDICTS: ReadonlySet<unknown> = new Set<Verdict>(["retry", "next", "stop"]);

/** What `shouldRetry` decided. A promise, or anything else that is no verdict, is a `TypeError`. */
export function readVerdict(verdict: unknown): Verdict | undefined {
  if (verdict === undefined || verdict === null || verdict === false) return undefined;
  if (VERDICTS.has(verdict)) return verdict as Verdict;
  disregard(verdict);
  const what = verdict instanceof Promise ? "a promise" : printable(wordsOf(verdict), 100);
  throw new TypeError(
    `\`shouldRetry\` must return "retry", "next", "stop" or undefined, and at once; it returned ${what}.`,
  );
}

/** The row of the errors table for an error of the family. */
export function ruleOf(error: unknown): ErrorRule {
  if (!QwenError.isInstance(error)) return ERROR_RULES.protocol;
  return ruleOfCode(error.code);
}
