/** Longest wait believed, in ms: beyond a day a header is a mistake. */
const LONGEST_MS = 24 * 60 * 60 * 1000;

/**
 * How long a response asks to wait, in ms: `retry-after-ms`, or `Retry-After` in seconds or as an
 * HTTP date (RFC 9110, section 10.2.3). Nothing where neither is there or readable.
 */
export function retryAfterMs(
  header: (name: string) => string | undefined,
  now: number = Date.now(),
): number | undefined {
  const exact = numberIn(header("retry-after-ms"));
  if (exact !== undefined) return Math.min(exact, LONGEST_MS);
  const value = header("retry-after");
  const seconds = numberIn(value);
  if (seconds !== undefined) return Math.min(seconds * 1000, LONGEST_MS);
  const date = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.min(Math.max(date - now, 0), LONGEST_MS);
}

function numberIn(value: string | undefined): number | undefined {
  return value !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}
