export {
  aCountFrom,
  aFlag,
  aFunction,
  aLimitMs,
  anAbortSignal,
  anId,
  anObject,
  aPauseMs,
  aString,
  aTransport,
  aWholeNumber,
  bytesIn,
  checkRequest,
  fileSource,
  findUnsupported,
  GrowingText,
  imageSource,
  isBlob,
  isGroup,
  mustBe,
  oneOf,
  publicReach,
  readable,
  readHeaders,
  readOption,
  readOptions,
  readTimeouts,
  requireOption,
  resolveTimeouts,
  secretsIn,
  sleep,
  startTimer,
  warnOfSettings,
  withoutSecrets,
} from "#core";
export { createProvider } from "../created-provider.ts";
export { ThoughtSplit, type ThoughtSink, type ThoughtSplitOptions } from "../thought-split.ts";
export { bytesInDataUrl, dataUrl } from "./data-url.ts";
export { fetchElsewhere } from "./elsewhere.ts";
export { readEvents } from "./events.ts";
export { follow } from "./follow.ts";
export { guardedTransport } from "./guard.ts";
export { createTransport } from "./platform-transport.ts";
export { durationMs, waitMs } from "./rate-limit.ts";
export { retryAfterMs } from "./retry-after.ts";
export { decodeEvents } from "./sse.ts";
export { failureIn, failureInText } from "./said-failure.ts";
export { meaningOf } from "./told-failure.ts";
export { headerOf, readBytes, readText } from "./transport.ts";
export type { AnswerCall, AnswerClock, ProviderDefinition } from "../created-provider.ts";
export type { CallSource } from "../call.ts";
export type { AbortSource } from "../stop.ts";
export type { EventSink, ReadEventsOptions } from "./sse.ts";
export type { ServerSentEvent } from "./events.ts";
export type { ElsewhereOptions } from "./elsewhere.ts";
export type { Reach } from "./reach.ts";
export type { SaidFailure } from "./said-failure.ts";
export type { FailureMeaning, ToldFailure } from "./told-failure.ts";
export type { FollowedRequest } from "./follow.ts";
export type {
  BodySink,
  OwnTransport,
  ReadOptions,
  ResponseBody,
  Transport,
  TransportOptions,
  TransportRequest,
  TransportResponse,
} from "./transport.ts";
export type { Rule, Rules } from "../options.ts";
export type { AskedFor } from "../capabilities.ts";
export type { Deadline, ResolvedTimeouts } from "../timers.ts";
// What a factory returns, so that a plugin can name it in its declarations.
export type { ModelInfo, Provider, ProviderRequest, SomeModels } from "../provider.ts";
export type { ProviderPart } from "../part.ts";
