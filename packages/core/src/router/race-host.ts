import type { Flow } from "../flow.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { Attempt } from "./attempt.ts";

/** Why a request ends badly. `broken`: by what was thrown in it, not by a provider, as in a callback that decides. */
export type Ending = "failed" | "exhausted" | "broken" | "timed-out" | "aborted";

/** The run that a race is held for. */
export interface RaceHost<Part, Result> {
  readonly flow: Flow<Part>;
  readonly log: AttemptLog;
  readonly isOver: boolean;
  /** When the request began, by the clock of `performance`. */
  readonly startedAt: number;
  /** This one answers: it is at its commit point, and all the others are stopped. */
  won(attempt: Attempt<Part, Result>): void;
  end(reason: unknown, how: Ending): void;
}
