import type { PhaseClock } from "../phase-clock.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { JobListener } from "./job-listener.ts";
import type { Session } from "./session.ts";
import type { TrackedEndpoint } from "./tracked-endpoint.ts";

/** What to run, and who listens. */
export interface JobOptions {
  readonly session: Session;
  readonly endpoint: TrackedEndpoint;
  /** Runs on `/queue/join`, whose messages are edits. Without it `/call/{endpoint}` sends whole values. */
  readonly fnIndex: number | undefined;
  readonly inputs: readonly unknown[];
  readonly timeouts: ResolvedTimeouts;
  /** Its phases are the job's; whoever made it tells the job what expired, by `fail`. */
  readonly clock: PhaseClock;
  /** Leave a queue whose estimate, or the wait itself, is longer than this, in ms. */
  readonly maxQueueMs?: number | undefined;
  /** Ask for the stream beside the join. For a new session only: in one that the server knows, it may find another job's. */
  readonly earlyStream: boolean;
  readonly listener: JobListener;
}
