export {
  aCountFrom,
  aFlag,
  aFunction,
  aLimitMs,
  anAbortSignal,
  anObject,
  aString,
  aWholeNumber,
  bytesInDataUrl,
  checkRequest,
  createTransport,
  fetchElsewhere,
  fileSource,
  findUnsupported,
  follow,
  headerOf,
  imageSource,
  isBlob,
  mustBe,
  oneOf,
  publicReach,
  readBytes,
  readEvents,
  readHeaders,
  readOption,
  readOptions,
  readText,
  readTimeouts,
  requireOption,
  resolveTimeouts,
  retryAfterMs,
  sleep,
  startTimer,
  warnOfSettings,
} from "#core";
export type { ReadEventsOptions, ServerSentEvent } from "./events.ts";
export type { ElsewhereOptions, Reach } from "./elsewhere.ts";
export type { FollowedRequest } from "./follow.ts";
export type {
  BodySink,
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
export type { ModelInfo, Provider, ProviderRequest } from "../provider.ts";
export type { ProviderPart } from "../part.ts";
