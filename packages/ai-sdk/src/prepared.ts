import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { isGroup, mustBe } from "@qwen/core/http";

/** The options that a caller's `prepare` made of these; without a signal of its own they have theirs. */
export function chosen(
  made: LanguageModelV4CallOptions | undefined,
  options: LanguageModelV4CallOptions,
): LanguageModelV4CallOptions {
  if (made === undefined) return options;
  if (!isGroup(made)) throw mustBe("prepare()", "undefined or the options of a call", made);
  return made.abortSignal === undefined ? withSignal(made, options.abortSignal) : made;
}

/** A copy of them. Without a signal they keep the one they have. */
export function withSignal(
  options: LanguageModelV4CallOptions,
  signal: AbortSignal | undefined,
): LanguageModelV4CallOptions {
  return { ...options, ...(signal !== undefined && { abortSignal: signal }) };
}
