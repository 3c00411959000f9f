import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import type { Usage } from "@qwen/core";
import { isGroup } from "@qwen/core/http";
import { isBlank, type PartKind } from "@qwen/core/router";

/** Symbols, so that no model can say one of them. */
export const OPENED: unique symbol = Symbol("opened");
export const GENERATED: unique symbol = Symbol("generated");
export const PREPARING: unique symbol = Symbol("preparing");

/** What `doStream` resolved with, besides its stream. Comes first of an attempt. */
export interface OpenedPart {
  readonly type: typeof OPENED;
  /** Of the model that was asked. */
  readonly modelId: string;
  readonly request: LanguageModelV4StreamResult["request"];
  readonly response: LanguageModelV4StreamResult["response"];
}

/** A whole answer, as `doGenerate` gave it. */
export interface GeneratedPart {
  readonly type: typeof GENERATED;
  readonly result: LanguageModelV4GenerateResult;
}

/** Whether the options of the attempt are still being made: no time of the model's. */
export interface PreparingPart {
  readonly type: typeof PREPARING;
  readonly isReady: boolean;
}

/** A part as an attempt at a model reads it: one of its stream, or one of ours about it. */
export type ModelPart = LanguageModelV4StreamPart | OpenedPart | GeneratedPart | PreparingPart;

const OUTPUT =
  /^(?:(?:text|reasoning|tool-input)-delta|tool-(?:call|result|approval-request)|(?:reasoning-)?file|custom)$/;
const OPENING = /^(?:(?:text|reasoning|tool-input)-(?:start|end)|stream-start|response-metadata|source|raw)$/;

/** Without these strings a part is none. */
const STRINGS: ReadonlyMap<string, readonly string[]> = new Map([
  ["text", ["text"]],
  ["reasoning", ["text"]],
  ["text-delta", ["delta"]],
  ["reasoning-delta", ["delta"]],
  ["tool-input-delta", ["delta"]],
  ["tool-input-start", ["toolName", "id"]],
  ["tool-call", ["toolName", "toolCallId", "input"]],
  ["tool-result", ["toolName", "toolCallId"]],
]);

/**
 * What a part of a model's stream is to an attempt. Types it does not know are `live`: they pass, and are no sign of an answer.
 * White space, blocks that begin and end, sources and raw chunks are `opening`; a `finish` of a stream that was cut or failed is
 * an `error`. Throws a `TypeError` for what is no part, or lacks what makes it up.
 */
export function kindOfPart(part: LanguageModelV4StreamPart): PartKind {
  // Nearly all are one of these.
  if ((part.type === "text-delta" || part.type === "reasoning-delta") && typeof part.delta === "string")
    return isBlank(part.delta) ? "opening" : "output";
  checkPart(part);
  if (part.type === "tool-input-delta" && isBlank(part.delta)) return "opening";
  if (part.type === "error") return "error";
  if (part.type === "finish") {
    // It is read again once the attempt is over: what throws is to throw while that is to blame.
    Object.values(part);
    usageOf(part.usage);
    return isFailed(part.finishReason) ? "error" : "finish";
  }
  if (OUTPUT.test(part.type)) return "output";
  return OPENING.test(part.type) ? "opening" : "live";
}

/** Throws a `TypeError` for what is no part of a stream or of an answer, or lacks what makes it up. */
function checkPart(part: LanguageModelV4StreamPart | LanguageModelV4Content): void {
  const { type, data, warnings: given, ...said } = part as Readonly<Record<string, unknown>>;
  const warnings = given ?? [];
  if (
    typeof type === "string" &&
    STRINGS.get(type)?.every((name) => typeof said[name] === "string") !== false &&
    said["toolName"] !== "" &&
    (!/^(?:reasoning-)?file$/.test(type) || isFileData(data)) &&
    (type !== "stream-start" || (Array.isArray(warnings) && warnings.every(isGroup)))
  )
    return;
  // It may be a promise, whose failure is nobody's.
  void Promise.resolve<unknown>(part).catch(() => {});
  throw new TypeError("It gave something that is no part, or lacks what makes it up.");
}

function isFileData(given: unknown): boolean {
  const { type, data, url } = (given ?? {}) as { readonly type?: unknown; readonly data?: unknown; readonly url?: URL };
  if (type === "url") return typeof url?.href === "string";
  if (type === "data") return typeof data === "string" || ArrayBuffer.isView(data);
  return typeof type === "string";
}

/** The kind of a whole answer: a mere `finish` without any output, unless `mayBeEmpty`. Throws a `TypeError` for what is none. */
export function kindOfResult(result: LanguageModelV4GenerateResult, mayBeEmpty: boolean): PartKind {
  const { content, finishReason } = result ?? {};
  if (!Array.isArray(content)) throw new TypeError("`doGenerate` gave no answer: an object with `content`.");
  for (const part of content) checkPart(part);
  if (isFailed(finishReason)) return "error";
  const isEmpty = content.every((part) =>
    part.type === "text" || part.type === "reasoning" ? isBlank(part.text) : part.type === "source",
  );
  return isEmpty && !(mayBeEmpty && isByItself(finishReason)) ? "finish" : "whole";
}

/** Whether a model came to its end by itself, so that behind the results of tools it may have nothing to say. */
export function isByItself({ unified }: LanguageModelV4FinishReason): boolean {
  return unified !== "content-filter" && unified !== "length";
}

/** As servers say in the place of a reason that an answer broke off. */
const FAILED = /^(?:error|abort(?:ed)?|cancell?ed|network_?error|timeout)$/i;

/** Whether it says that an answer was cut or has failed. Throws a `TypeError` for what says nothing. */
export function isFailed(reason: LanguageModelV4FinishReason | undefined): boolean {
  const unified: unknown = reason?.unified;
  if (typeof unified !== "string") throw new TypeError("It finished without a `finishReason`.");
  // Clients know few words of servers: what they tell as any other end may be one of a failure.
  return unified === "error" || unified === "interrupted" || (unified === "other" && FAILED.test(String(reason?.raw)));
}

/** The usage of a model in core's words; nothing of what it does not tell. */
export function usageOf(usage: LanguageModelV4Usage | undefined): Usage | undefined {
  const { inputTokens, outputTokens } = knownUsage(usage);
  const told = {
    inputTokens: inputTokens.total,
    outputTokens: outputTokens.total,
    cachedInputTokens: inputTokens.cacheRead,
    reasoningTokens: outputTokens.reasoning,
  };
  const known = Object.entries(told).filter(([, count]) => count !== undefined);
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** The usage of a model as its users may count on it: what it does not tell, and what is no number of tokens, is `undefined`. */
export function knownUsage(usage?: LanguageModelV4Usage): LanguageModelV4Usage {
  const { inputTokens, outputTokens, ...more } = { ...(isGroup(usage) ? usage : undefined) };
  const { total, noCache, cacheRead, cacheWrite } = { ...inputTokens };
  const { total: all, text, reasoning } = { ...outputTokens };
  return {
    ...more,
    inputTokens: {
      total: tokens(total),
      noCache: tokens(noCache),
      cacheRead: tokens(cacheRead),
      cacheWrite: tokens(cacheWrite),
    },
    outputTokens: { total: tokens(all), text: tokens(text), reasoning: tokens(reasoning) },
  };
}

/** A number of tokens; of anything else, `undefined`. */
function tokens(told: unknown): number | undefined {
  return Number.isFinite(told) && Number(told) >= 0 ? Number(told) : undefined;
}
