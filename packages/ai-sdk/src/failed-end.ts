import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { QwenError, type Attempt, type ErrorCode, type ProviderMetadata } from "@qwen/core";
import { asModelError, attemptsOf } from "./model-errors.ts";
import { knownUsage } from "./parts.ts";
import { metadataOf } from "./router-provider-words.ts";

/** What is known of an answer that broke off. */
export interface BrokenAnswer {
  /** Where the error has none of its own. */
  readonly tried?: readonly Attempt[] | undefined;
  /** Who was asked last, where no attempt is told. */
  readonly asked?: { readonly provider: string; readonly model: string } | undefined;
  /** What vendors have said of it. */
  readonly own?: ProviderMetadata | undefined;
}

/** What is not the model's word: the answer was cut, or went silent. */
const CUT: ReadonlySet<ErrorCode | undefined> = new Set(["stream_interrupted", "connection", "timeout"]);

/** What a stream ends with that broke off or has failed: its `error`, and a `finish` that says so. */
export function failedEnd(
  error: unknown,
  { tried = [], asked, own }: BrokenAnswer = {},
): readonly [LanguageModelV4StreamPart, LanguageModelV4StreamPart] {
  const { attempts = tried, code }: { attempts?: readonly Attempt[] | undefined; code?: ErrorCode } =
    QwenError.isInstance(error) ? error : {};
  const { provider, model } = attempts.at(-1) ?? asked ?? {};
  return [
    { type: "error", error: asModelError(error) },
    {
      type: "finish",
      finishReason: { unified: CUT.has(code) ? "interrupted" : "error", raw: undefined },
      usage: knownUsage(),
      providerMetadata: metadataOf({ provider, model, attempts: attemptsOf(attempts) }, own),
    },
  ];
}
