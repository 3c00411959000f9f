import type { Call } from "./route.ts";

/** Tells the time that the gateway takes for itself from the time it waits. */
export interface Stopwatch {
  /** Waits, off the clock. */
  waitFor<Value>(work: Promise<Value>): Promise<Value>;
  /** Since the request came, in ms. */
  elapsedMs(): number;
  /** Of that, what was no waiting. */
  overheadMs(): number;
}

/** The watch of one request. */
export function watchOf({ startedAt }: Pick<Call, "startedAt">): Stopwatch {
  let waitedMs = 0;
  const elapsedMs = (): number => performance.now() - startedAt;
  return {
    async waitFor(work) {
      const from = performance.now();
      try {
        return await work;
      } finally {
        waitedMs += performance.now() - from;
      }
    },
    elapsedMs,
    overheadMs: () => Math.max(0, elapsedMs() - waitedMs),
  };
}

/** What the headers of an answer tell. */
export interface AnswerFacts {
  /** The name that was asked for. */
  readonly route: string;
  /** Who answers, where that is known already. */
  readonly provider?: string | undefined;
  readonly attempts?: number | undefined;
  /** What of the request is not honoured, or was cut. */
  readonly warnings: readonly string[];
  readonly overheadMs: number;
}

/** The headers that say how an answer came about. */
export function answerHeaders({
  route,
  provider,
  attempts,
  warnings,
  overheadMs,
}: AnswerFacts): Record<string, string> {
  const told = [...new Set(warnings)];
  return {
    "x-qwen-route": headerText(route),
    ...(provider !== undefined && { "x-qwen-provider": headerText(provider) }),
    ...(attempts !== undefined && { "x-qwen-attempts": String(attempts) }),
    "x-qwen-overhead-ms": overheadMs.toFixed(2),
    ...(told.length > 0 && { "x-qwen-warnings": headerText(told.join(", ")) }),
  };
}

/** Longest value of a header of ours, in characters. */
const LONGEST = 1024;

/** A text as a header can have it: printable ASCII, all else and `%` percent-encoded, and cut where it is long. */
export function headerText(text: string): string {
  // Before it is encoded, which makes it nine times as long at most.
  const encoded = text
    .slice(0, LONGEST)
    .toWellFormed()
    .replaceAll(/[^\u0020-\u0024\u0026-\u007E]+/g, encodeURIComponent);
  return encoded
    .slice(0, LONGEST)
    .replace(/%[\dA-F]?$/i, "")
    .trim();
}
