import type {
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamPart,
  LanguageModelV4StreamResult,
  LanguageModelV4Usage,
} from "@ai-sdk/provider";
import { QwenError, type Usage } from "@qwen/core";
import { isGroup } from "@qwen/core/http";
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

/** What a part of each type is to an attempt, and which strings make it up. */
const KNOWN: ReadonlyMap<unknown, readonly [kind: PartKind, ...strings: readonly string[]]> = new Map(
  Object.entries<readonly [PartKind, ...(readonly string[])]>({
    "text-delta": ["output", "delta"],
    "reasoning-delta": ["output", "delta"],
    "tool-input-delta": ["output", "delta"],
    "tool-call": ["output", "toolCallId", "toolName", "input"],
    "tool-result": ["output", "toolCallId", "toolName"],
    "tool-approval-request": ["output"],
    file: ["output"],
    "reasoning-file": ["output"],
    custom: ["output"],
    "stream-start": ["opening"],
    "response-metadata": ["opening"],
    "text-start": ["opening"],
    "text-end": ["opening"],
    "reasoning-start": ["opening"],
    "reasoning-end": ["opening"],
    "tool-input-start": ["opening", "id", "toolName"],
    "tool-input-end": ["opening"],
    source: ["opening"],
    raw: ["opening"],
    finish: ["finish"],
    error: ["error"],
  }),
);

/**
 * What a part of a model's stream is to an attempt. Types it does not know are `live`: they pass, and are no sign of an answer.
 * White space, blocks that begin and end, sources and raw chunks are `opening`; a `finish` of a stream that was cut or failed is
 * an `error`. Throws a `TypeError` for what is no part, or lacks what makes it up.
 */
export function kindOfPart(part: LanguageModelV4StreamPart): PartKind {
  // Nearly all are one of these.
  if ((part.type === "text-delta" || part.type === "reasoning-delta") && typeof part.delta === "string")
    return isBlank(part.delta) ? "opening" : "output";
  const known = KNOWN.get(part.type);
  if (known === undefined) {
    if (typeof part.type === "string") return "live";
    // It may be a promise, whose failure is nobody's.
    void Promise.resolve<unknown>(part).catch(() => {});
    throw new TypeError("It yielded something that is no part: an object with a `type`.");
  }
  const [kind, ...strings] = known;
  checkPart(part, strings);
  if (part.type === "tool-input-delta" && isBlank(part.delta)) return "opening";
  if (part.type !== "finish") return kind;
  // It is read again once the attempt is over: what throws is to throw while that is to blame.
  Object.values(part);
  knownUsage(part.usage);
  return isFailed(part.finishReason) ? "error" : kind;
}

function checkPart(part: { readonly type: string }, strings: readonly string[]): void {
  const { data, warnings = [], ...said }: Readonly<Record<string, unknown>> & { readonly warnings?: unknown } = part;
  const isWhole =
    strings.every((name) => typeof said[name] === "string" && (said[name] !== "" || MAY_BE_EMPTY.has(name))) &&
    (!/^(?:reasoning-)?file$/.test(part.type) || isFileData(data)) &&
    (part.type !== "stream-start" || warnings === null || (Array.isArray(warnings) && warnings.every(isGroup)));
  if (!isWhole) throw new TypeError(`It yielded a part of the type "${part.type}" that lacks what makes it up.`);
}

const MAY_BE_EMPTY: ReadonlySet<string> = new Set(["delta", "input", "text"]);

function isFileData(data: unknown): boolean {
  const file = data as
    | { readonly type?: unknown; readonly data?: unknown; readonly url?: Partial<URL> }
    | null
    | undefined;
  if (file?.type === "url") return typeof file.url?.href === "string";
  if (file?.type === "data") return typeof file.data === "string" || ArrayBuffer.isView(file.data);
  return typeof file?.type === "string";
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

function isPiece(part: LanguageModelV4Content): boolean {
  const strings = part.type === "text" || part.type === "reasoning" ? ["text"] : KNOWN.get(part.type)?.slice(1);
  checkPart(part, strings ?? []);
  return typeof part.type === "string";
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
  const { inputTokens, outputTokens } = knownUsage(usage);
  const told = {
    inputTokens: inputTokens.total,
    outputTokens: outputTokens.total,
    cachedInputTokens: inputTokens.cacheRead,
    reasoningTokens: outputTokens.reasoning,
  };
  const known = Object.entries(told).filter(([, tokens]) => tokens !== undefined);
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

/** Whether it is white space only, or nothing. */
export function isBlank(text: string): boolean {
  // Asked of every delta: nearly always the first character tells, or the one behind a space.
  return !isPrintable(text.charCodeAt(0)) && !isPrintable(text.charCodeAt(1)) && !/\S/.test(text);
}

function isPrintable(code: number): boolean {
  return code > 0x20 && code < 0x7f;
}
