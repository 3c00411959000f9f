import { LONGEST_PAUSE_MS } from "../error-fields.ts";
import { aFunction, requireOption } from "../options.ts";

/**
 * How long a response asks to wait, in ms: `retry-after-ms`, or `Retry-After` in seconds or as an
 * HTTP date (RFC 9110, section 10.2.3). Nothing where neither is there or readable. Throws a `TypeError` for what gives no header
 * by its name.
 */
export function retryAfterMs(
  header: (name: string) => string | undefined,
  now: number = Date.now(),
): number | undefined {
  requireOption("header", header, aFunction);
  const exact = numberIn(header("retry-after-ms"));
  if (exact !== undefined) return Math.min(exact, LONGEST_PAUSE_MS);
  const value = header("retry-after");
  const seconds = numberIn(value);
  if (seconds !== undefined) return Math.min(seconds * 1000, LONGEST_PAUSE_MS);
  const date = dateIn(value);
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - now, 0), LONGEST_PAUSE_MS);
}

/** An HTTP date begins with its weekday. `Date.parse` alone would read a date into almost anything, such as "-5". */
function dateIn(value = ""): number {
  if (!/^\s*(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? /i.test(value)) return Number.NaN;
  // The form of C's asctime names no zone; all three forms mean GMT.
  return Date.parse(/\bGMT\b/i.test(value) ? value : `${value} GMT`);
}

function numberIn(value: string | undefined): number | undefined {
  return value !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
