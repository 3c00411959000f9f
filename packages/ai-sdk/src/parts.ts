import type {
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { QwenError, type Usage } from "@qwen/core";
import type { PartKind } from "@qwen/core/router";

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

/**
 * What a part of a model's stream is to an attempt. Types it does not know are `live`: they pass, and are no sign of an answer.
 * White space, blocks that begin and end, sources and raw chunks are `opening`; a `finish` of a stream that was cut or failed is
 * an `error`. Throws a `TypeError` for what is no part.
 */
export function kindOfPart(part: LanguageModelV4StreamPart): PartKind {
  switch (part.type) {
    case "text-delta":
    case "reasoning-delta":
    case "tool-input-delta":
      if (typeof part.delta !== "string")
        throw new TypeError(`It yielded a "${part.type}" whose \`delta\` is no string.`);
      return isBlank(part.delta) ? "opening" : "output";
    case "tool-call":
    case "tool-result":
    case "tool-approval-request":
    case "file":
    case "reasoning-file":
    case "custom":
      return "output";
    case "stream-start":
    case "response-metadata":
    case "text-start":
    case "text-end":
    case "reasoning-start":
    case "reasoning-end":
    case "tool-input-start":
    case "tool-input-end":
    case "source":
    case "raw":
      return "opening";
    case "finish":
      return isFailed(part.finishReason) ? "error" : "finish";
    case "error":
      return "error";
    default:
      if (typeof (part as { readonly type?: unknown }).type === "string") return "live";
      // It may be a promise, whose failure is nobody's.
      void Promise.resolve<unknown>(part).catch(() => {});
      throw new TypeError("It yielded something that is no part: an object with a `type`.");
  }
}

/** The kind of a whole answer: one without any output fails, unless `mayBeEmpty`. Throws a `TypeError` for what is none. */
export function kindOfResult(result: LanguageModelV4GenerateResult, mayBeEmpty: boolean): "whole" | "error" {
  const { content, finishReason } = result ?? {};
  if (!Array.isArray(content)) throw new TypeError("`doGenerate` gave no answer: an object with `content`.");
  if (!content.every(isPiece)) throw new TypeError("`doGenerate` gave `content` that is no array of parts.");
  if (isFailed(finishReason)) return "error";
  const isEmpty = content.every((part) =>
    part.type === "text" || part.type === "reasoning" ? isBlank(part.text) : part.type === "source",
  );
  return isEmpty && !(mayBeEmpty && isByItself(finishReason)) ? "error" : "whole";
}

function isPiece(part: unknown): boolean {
  const { type, text } = (part ?? {}) as { readonly type?: unknown; readonly text?: unknown };
  return typeof type === "string" && (typeof text === "string" || (type !== "text" && type !== "reasoning"));
}

/** What an answer without any output fails with. */
export function emptyFailure({ unified }: LanguageModelV4FinishReason, provider: string): QwenError {
  const nothing = `The model of "${provider}" finished without an answer`;
  if (unified === "content-filter")
    return new QwenError("content_policy", `${nothing}: its content filter stopped it.`, { provider });
  if (unified === "length")
    return new QwenError("context_length_exceeded", `${nothing}: no tokens were left for one.`, { provider });
  return new QwenError("empty_response", `${nothing}.`, { provider });
}

/** Whether a model came to its end by itself, so that behind the results of tools it may have nothing to say. */
export function isByItself({ unified }: LanguageModelV4FinishReason): boolean {
  return unified !== "content-filter" && unified !== "length";
}

/** Whether it says that an answer was cut or has failed. Throws a `TypeError` for what says nothing. */
export function isFailed(reason: LanguageModelV4FinishReason | undefined): boolean {
  const unified: unknown = reason?.unified;
  if (typeof unified !== "string") throw new TypeError("It finished without a `finishReason`.");
  return unified === "error" || unified === "interrupted";
}

/** The usage of a model in core's words; nothing of what it does not tell. */
export function usageOf(usage: LanguageModelV4Usage | undefined): Usage | undefined {
  const { inputTokens, outputTokens } = usage ?? {};
  const told = {
    inputTokens: inputTokens?.total,
    outputTokens: outputTokens?.total,
    cachedInputTokens: inputTokens?.cacheRead,
    reasoningTokens: outputTokens?.reasoning,
  };
  const known = Object.entries(told).filter(([, tokens]) => typeof tokens === "number");
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

/** Usage of which nothing is known. */
export const UNKNOWN_USAGE: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
};

/** Whether it is white space only, or nothing. */
export function isBlank(text: string): boolean {
  // Asked of every delta: nearly always the first character tells, or the one behind a space.
  return !isPrintable(text.charCodeAt(0)) && !isPrintable(text.charCodeAt(1)) && !/\S/.test(text);
}

function isPrintable(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
