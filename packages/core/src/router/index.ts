export {
  AppendOnlyText,
  chooseCandidate,
  continues,
  createCircuitBreaker,
  createHealth,
  createLimiter,
  createObservers,
  emptyByReason,
  isBlank,
  nearest,
  final as endsCall,
  flowOf,
  readAttemptSettings,
  resolveTimeouts,
  runAttempts,
  shortened,
} from "#core";
export type { AttemptsRun } from "./attempts.ts";
export type { AttemptsOptions, RunningRequest } from "./attempts-options.ts";
export type { AttemptSettings, CommitPoint, HedgeOptions } from "./attempt-settings.ts";
export type { Candidate } from "./candidate.ts";
export type { ContinuedBy } from "./continuation.ts";
export type {
  BreakerHooks,
  BreakerOptions,
  BreakerState,
  CallOutcome,
  CircuitBreaker,
  GuardedCall,
} from "./circuit-breaker.ts";
export type { BreakerChange, CandidateHealth, Health, HealthOptions, ModelHealth, OwnOfCall, Visit } from "./health.ts";
export type { AwaitedLimiter, Limiter, Limits, Place } from "./limiter.ts";
export type {
  AttemptLabel,
  EventOutcome,
  Observers,
  RequestEnded,
  RequestLabel,
  RouterEvent,
  SeamPlace,
} from "./observers.ts";
export type { Answered, AttemptStart, PartCollector, PartKind, PartReader, QueuePlace } from "./part-reader.ts";
export type { ProviderSettings, SettingsById, Weights } from "./provider-settings.ts";
export type { BreakerFactory, LimiterFactory } from "./factories.ts";
export type { LogFields, Logger } from "./logger.ts";
export type { Outcome, RetryOptions, Verdict } from "./retry.ts";
export type { Flow, FlowReader } from "../flow.ts";
export type { ResolvedTimeouts } from "../timers.ts";
export type { Choosable, Strategy } from "./strategy.ts";
