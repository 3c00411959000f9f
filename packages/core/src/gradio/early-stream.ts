import type { JobStream } from "./job-stream.ts";

/**
 * Whether a status says that the early stream came at a wrong time: before its session, or behind another request where that
 * must not be. What says more of who asks, or how often, would say it again.
 */
export function isOutOfTurn(status: number): boolean {
  return status >= 400 && status < 500 && status !== 401 && status !== 403 && status !== 429;
}

/** A stream that was asked for before the session was known to exist. */
export interface EarlyStream {
  /** Nothing where it was lost. */
  readonly opened: Promise<JobStream | undefined>;
  drop(): void;
}
