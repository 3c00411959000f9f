import type { AttemptLog } from "./attempt-log.ts";
import type { Attempt } from "./attempt.ts";
import type { Candidate } from "./candidate.ts";
import type { Seam } from "./continuation.ts";
import type { PartKind, PartReader } from "./part-reader.ts";
import type { Telling } from "./telling.ts";

/** Where an attempt belongs to up to its commit point. */
export interface AttemptOwner<Part, Result> {
  /** Whether the caller lags so far that attempts pause. */
  readonly isPaused: boolean;
  readonly reader: PartReader<Part, Result>;
  readonly log: AttemptLog;
  /** What is held up to the commit point: nothing where only the outcome is of interest. */
  readonly holds: boolean;
  /** Whether the commit point is the end. */
  readonly buffered: boolean;
  /** Leave a queue that is expected to take longer than this, in ms. */
  readonly maxQueueMs: number;
  /** Where an attempt at the candidate is to go on with an answer that broke off. */
  seamAt(candidate: Candidate<Part>): Seam<Part> | undefined;
  /** A part that passes at once, before the commit point. */
  live(attempt: Attempt<Part, Result>, part: Part): void;
  /** Tells the parts of attempts that only their outcome is wanted of, where somebody watches. */
  readonly telling: Telling<Part, Result> | undefined;
  /** Its provider is done, and its answer is still looked at: nobody is to be asked beside it. */
  answered(): void;
  /** The commit point is reached. */
  committed(attempt: Attempt<Part, Result>): void;
  failed(attempt: Attempt<Part, Result>, error: unknown): void;
}

/** Where the attempt that answers is handed over to. */
export interface AttemptReceiver<Part, Result> {
  pass(attempt: Attempt<Part, Result>, part: Part, kind: PartKind): void;
  brokeOff(attempt: Attempt<Part, Result>, error: unknown): void;
}
