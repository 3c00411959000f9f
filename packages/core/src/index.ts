export type { Router, RouterName } from "./router/router.ts";
export type { IdsOfAll, NamesOfAll, RouterOptions } from "./router/router-options.ts";
export type { ObjectCompletion } from "./router/checked-answer.ts";
export type { OutputOption } from "./router/output.ts";
export type { RouteTarget } from "./router/routes.ts";
export type { CloseOptions } from "./router/closing.ts";
export type { CompleteOptions, ObjectRequest, RouterRequest } from "./router/router-request.ts";
export type { RouterStream } from "./router/router-stream.ts";
export type { AttemptSettings, CommitPoint, HedgeOptions } from "./router/attempt-settings.ts";
export type { BreakerOptions, BreakerState } from "./router/circuit-breaker.ts";
export type { BreakerChange, HealthOptions, ModelHealth } from "./router/health.ts";
export type { Limits } from "./router/limiter.ts";
export type { IdsOf, NamesOf, Plugin, PluginObject, Registry } from "./router/plugin.ts";
export type { ProviderSettings, SettingsById, Weights } from "./router/provider-settings.ts";
export type {
  AttemptLabel,
  EventOutcome,
  RequestEnded,
  RequestLabel,
  RouterEvent,
  SeamPlace,
} from "./router/observers.ts";
export type { Strategy } from "./router/strategy.ts";
export type { BreakerFactory, LimiterFactory } from "./router/factories.ts";
export type { LogFields, Logger } from "./router/logger.ts";
export type { Outcome, RetryOptions, Verdict } from "./router/retry.ts";
export type { Completion } from "./completion.ts";
export {
  createRouter,
  AllFailedError,
  ERROR_RULES,
  errorFromJSON,
  InvalidOutputError,
  NoSuchModelError,
  QwenError,
  SpaceChangedError,
  SpaceError,
  StreamInterruptedError,
  TextRewrittenError,
  TimeoutError,
  filesOf,
  imagesOf,
  splitBeginning,
  textOf,
  wrapProvider,
} from "#core";
export type { ProviderHooks } from "./provider-hooks.ts";
export type { Wrapped } from "./wrap-provider.ts";
export type { StandardResult, StandardSchema } from "./standard-schema.ts";
export type { ErrorCode, ErrorRule } from "./error-rules.ts";
export type { AnyQwenError, Attempt, AttemptJSON, QwenErrorJSON, QwenErrorOptions, TimeoutPhase } from "./errors.ts";
export type { BegunChat } from "./beginning.ts";
export type {
  AttachedFilePart,
  ContentPart,
  ImagePart,
  Message,
  ProviderMetadata,
  ReasoningPart,
  Role,
  TextPart,
  ToolCallPart,
  ToolResultPart,
} from "./message.ts";
export type {
  Capabilities,
  ModelInfo,
  Provider,
  ProviderRequest,
  ReasoningEffort,
  Settings,
  SomeModels,
  Timeouts,
  Tool,
} from "./provider.ts";
export type {
  AttemptPart,
  FilePart,
  FinishPart,
  FinishReason,
  ProviderPart,
  ResponseInfo,
  RouterFinishPart,
  SourcePart,
  StartPart,
  StreamPart,
  Usage,
  Warning,
} from "./part.ts";
