import type {
  LanguageModelV4File,
  LanguageModelV4FinishReason,
  LanguageModelV4Source,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
  SharedV4Warning,
} from "@ai-sdk/provider";
import type { ProviderMetadata, RouterFinishPart, StreamPart, Usage, Warning } from "@qwen/core";
import { attemptsOf, type AttemptTold } from "./model-errors.ts";
import { knownUsage } from "./parts.ts";

type Part<Type extends StreamPart["type"]> = Extract<StreamPart, { type: Type }>;

/** What an answer's `providerMetadata.qwen` says: who answered, and what was tried. */
export interface RouterMetadata {
  readonly provider: string | undefined;
  readonly model: string | undefined;
  readonly attempts: readonly AttemptTold[];
  /** Pass it as `providerOptions.qwen.conversation` to go on where the answer ends. */
  readonly conversation?: string | undefined;
  /** What was sent differs from the exact text in white space. */
  readonly rewritten?: true;
}

/** How an answer ended, as a `finish` or the result of `doGenerate` says it. */
export interface AnswerEnd {
  readonly finishReason: LanguageModelV4FinishReason;
  readonly usage: LanguageModelV4Usage;
  readonly providerMetadata: SharedV4ProviderMetadata;
}

/** The end of an answer in the words of the AI SDK. */
export function endOf(
  { reason, rawReason, usage, provider, model, attempts, conversation, providerMetadata }: RouterFinishPart,
  { start, rewritten }: { readonly start: Part<"start"> | undefined; readonly rewritten: boolean },
): AnswerEnd {
  const told = {
    provider,
    model,
    attempts: attemptsOf(attempts),
    ...(conversation !== undefined && { conversation }),
    ...(rewritten && { rewritten }),
  } as const;
  return {
    finishReason: { unified: reason, raw: rawReason },
    usage: usageOf(usage),
    providerMetadata: metadataOf(told, start?.providerMetadata, providerMetadata),
  };
}

/** The metadata of an answer: what vendors said, and ours. */
export function metadataOf(
  qwen: RouterMetadata,
  ...own: readonly (ProviderMetadata | undefined)[]
): SharedV4ProviderMetadata {
  const vendors: ProviderMetadata = Object.assign({}, ...own);
  const beside = vendors["qwen"];
  const told: ProviderMetadata = { ...vendors, qwen: { ...(typeof beside === "object" && beside), ...qwen } };
  // Vendors' own is JSON by the contract of providers.
  return told as SharedV4ProviderMetadata;
}

/** What a vendor wants back with a part. */
export function vendorsOwn(own: ProviderMetadata | undefined): {
  readonly providerMetadata?: SharedV4ProviderMetadata;
} {
  return own === undefined ? {} : { providerMetadata: own as SharedV4ProviderMetadata };
}

/** Tokens; of what nobody told, and of what is no number of them, `undefined`. */
export function usageOf(usage: Usage | undefined): LanguageModelV4Usage {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, raw } = usage ?? {};
  return knownUsage({
    inputTokens: {
      total: inputTokens,
      noCache: difference(inputTokens, cachedInputTokens),
      cacheRead: cachedInputTokens,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: outputTokens,
      text: difference(outputTokens, reasoningTokens),
      reasoning: reasoningTokens,
    },
    ...(typeof raw === "object" && raw !== null && { raw: raw as NonNullable<LanguageModelV4Usage["raw"]> }),
  });
}

function difference(all: number | undefined, some: number | undefined): number | undefined {
  return all === undefined || some === undefined ? undefined : Math.max(0, all - some);
}

/** Warnings. Tools and JSON that a model cannot do are an error: a warning of them says how it is done. */
export function warningsOf(warnings: readonly Warning[]): SharedV4Warning[] {
  return warnings.map(({ feature, message }) => ({
    type: feature === "tools" || feature === "responseFormat" ? "compatibility" : "unsupported",
    feature,
    details: message,
  }));
}

/** A file that the model made. One in a `data:` URL goes out as its base64. */
export function fileOf({ url, mediaType, providerMetadata }: Part<"file">): LanguageModelV4File {
  const [, type, base64] = /^data:([^,;]*)[^,]*;base64,(.*)$/is.exec(url.href) ?? [];
  return {
    type: "file",
    mediaType: mediaType ?? (type === undefined || type === "" ? "application/octet-stream" : type),
    data: base64 === undefined ? { type: "url", url } : { type: "data", data: base64 },
    ...vendorsOwn(providerMetadata),
  };
}

/** What the answer relies on. `id` is for one that has none. */
export function sourceOf(part: Part<"source">, id: string): LanguageModelV4Source {
  const { sourceId = id, url, title, mediaType, filename, providerMetadata } = part;
  if (url !== undefined) {
    const named = title === undefined ? {} : { title };
    return {
      type: "source",
      sourceType: "url",
      id: sourceId,
      url: url.href,
      ...named,
      ...vendorsOwn(providerMetadata),
    };
  }
  return {
    type: "source",
    sourceType: "document",
    id: sourceId,
    mediaType: mediaType ?? "application/octet-stream",
    title: title ?? filename ?? sourceId,
    ...(filename !== undefined && { filename }),
    ...vendorsOwn(providerMetadata),
  };
}

/** A sign of life as it is, without why the attempt before it failed. */
export function rawOf(part: StreamPart): unknown {
  return part.type === "attempt" ? { ...part, lastError: undefined } : part;
}
