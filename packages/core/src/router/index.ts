export type { Candidate } from "./attempt.ts";
export { runAttempts } from "./attempts.ts";
export type { AttemptsOptions, AttemptsRun, CommitPoint } from "./attempts.ts";
export type { Answered, AttemptStart, PartCollector, PartKind, PartReader, QueuePlace } from "./part-reader.ts";
export type { Outcome, RetryOptions, Verdict } from "./retry.ts";
