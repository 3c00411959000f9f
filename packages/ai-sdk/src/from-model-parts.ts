import type { LanguageModelV4StreamPart, SharedV4ProviderMetadata, SharedV4Warning } from "@ai-sdk/provider";
import {
  QwenError,
  StreamInterruptedError,
  type FinishPart,
  type FinishReason,
  type ProviderPart,
  type ResponseInfo,
  type Warning,
} from "@qwen/core";
import { dataUrl } from "@qwen/core/http";
import { failureOf } from "./model-errors.ts";
import { isFailed, kindOfPart, OPENED, usageOf, type ModelPart } from "./parts.ts";

type V4Part<Type extends LanguageModelV4StreamPart["type"]> = Extract<LanguageModelV4StreamPart, { type: Type }>;

/** Of which model the parts are, and where what they say goes. */
export interface ModelPartsOptions {
  readonly provider: string;
  readonly model: string;
  /** Of what of the request the model never heard. */
  readonly warnings: readonly Warning[];
  push(part: ProviderPart): void;
  /** Output came. */
  output(): void;
}

/**
 * Reads the parts of a model's stream as those of a provider.
 *
 * What a vendor ran itself, asks approval for or has no word for here is passed over: a sign of life and no more.
 */
export class ModelParts {
  readonly #options: ModelPartsOptions;
  readonly #warnings: Warning[];
  #response: ResponseInfo = {};
  #hasBegun = false;
  #hasOutput = false;
  #text = "";
  /** What the vendor wants back with thoughts and with the input of calls, by the ids of their blocks. */
  readonly #metadata = new Map<string, SharedV4ProviderMetadata>();
  readonly #tools = new Map<string, string>();
  readonly #vendorsOwn = new Set<string>();

  constructor(options: ModelPartsOptions) {
    this.#options = options;
    this.#warnings = [...options.warnings];
  }

  /** Takes a part; returns the `finish` where it ends the answer. Throws the failure that it tells. */
  take(part: ModelPart): FinishPart | undefined {
    if (part?.type !== OPENED) kindOfPart(part as LanguageModelV4StreamPart);
    switch (part.type) {
      case OPENED:
        this.#response = { ...this.#response, ...(part.response?.headers && { headers: part.response.headers }) };
        return undefined;
      case "stream-start":
        this.#warnings.push(...warningsOf(part.warnings));
        return undefined;
      case "response-metadata":
        this.#answers(part);
        return undefined;
      case "text-delta":
        this.#say("text-delta", part.delta);
        return undefined;
      case "reasoning-start":
      case "reasoning-delta":
      case "reasoning-end":
        this.#think(part);
        return undefined;
      case "tool-input-start":
      case "tool-input-delta":
      case "tool-call":
        this.#call(part);
        return undefined;
      case "file":
        this.#out({ type: "file", url: urlOf(part), mediaType: part.mediaType, ...metadataOf(part.providerMetadata) });
        return undefined;
      case "source":
        this.#begin();
        this.#options.push(sourceOf(part));
        return undefined;
      case "error":
        throw this.failure(part.error);
      case "finish":
        return this.#finish(part);
      default:
        return undefined;
    }
  }

  /** What an error of the model means. */
  failure(error: unknown): unknown {
    const { provider, model } = this.#options;
    const hasOutput = this.#hasOutput;
    const known = failureOf(error, { provider, model, hasOutput });
    if (QwenError.isInstance(known)) return known;
    if (hasOutput) return this.#interrupted("broke off", known);
    return new QwenError("protocol", `The model "${model}" of "${provider}" answers unlike a model.`, {
      provider,
      cause: known,
    });
  }

  /** The failure of a stream that is over without having said so. */
  ended(): unknown {
    return this.#interrupted("ended before its answer did");
  }

  #interrupted(what: string, cause?: unknown): StreamInterruptedError {
    const { provider, model } = this.#options;
    return new StreamInterruptedError(`The stream of the model "${model}" of "${provider}" ${what}.`, {
      text: this.#text,
      provider,
      cause,
    });
  }

  /** What is known before the first output is told once, right before it. */
  #begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#options.push({ type: "start", warnings: [...this.#warnings], response: { ...this.#response } });
  }

  #out(part: ProviderPart): void {
    this.#begin();
    this.#hasOutput = true;
    this.#options.output();
    this.#options.push(part);
  }

  #say(type: "text-delta" | "reasoning-delta", delta: string): void {
    if (delta === "") return;
    if (type === "text-delta") this.#text += delta;
    this.#out({ type, text: delta });
  }

  #answers({ id, modelId, timestamp }: V4Part<"response-metadata">): void {
    this.#response = {
      ...this.#response,
      ...(typeof id === "string" && { id }),
      ...(typeof modelId === "string" && { modelId }),
      ...(timestamp instanceof Date && { timestamp }),
    };
  }

  #think(part: V4Part<"reasoning-start" | "reasoning-delta" | "reasoning-end">): void {
    if (part.providerMetadata !== undefined) this.#metadata.set(part.id, part.providerMetadata);
    if (part.type === "reasoning-delta") this.#say("reasoning-delta", part.delta);
    if (part.type !== "reasoning-end") return;
    this.#begin();
    this.#options.push({ type: "reasoning-end", ...metadataOf(this.#metadata.get(part.id)) });
    this.#metadata.delete(part.id);
  }

  #call(part: V4Part<"tool-input-start" | "tool-input-delta" | "tool-call">): void {
    if (part.type === "tool-input-start") {
      if (part.providerExecuted === true) this.#vendorsOwn.add(part.id);
      this.#tools.set(part.id, part.toolName);
      if (part.providerMetadata !== undefined) this.#metadata.set(part.id, part.providerMetadata);
      return;
    }
    const id = part.type === "tool-call" ? part.toolCallId : part.id;
    // Nobody is to run what was run already.
    if (this.#vendorsOwn.has(id) || (part.type === "tool-call" && part.providerExecuted === true)) {
      this.#options.output();
      return;
    }
    const toolName = part.type === "tool-call" ? part.toolName : this.#tools.get(id);
    const own = metadataOf(part.providerMetadata ?? this.#metadata.get(id));
    if (toolName === undefined) return;
    if (part.type === "tool-input-delta") {
      if (part.delta !== "") this.#out({ type: part.type, toolCallId: id, toolName, text: part.delta, ...own });
      return;
    }
    // Of a tool without any input, some say nothing.
    const input = part.input === "" ? "{}" : part.input;
    this.#out({ type: "tool-call", toolCallId: id, toolName, input, ...own });
  }

  #finish({ finishReason, usage, providerMetadata }: V4Part<"finish">): FinishPart {
    const { unified, raw } = finishReason;
    if (isFailed(finishReason)) {
      if (unified === "interrupted") throw this.#interrupted("was interrupted");
      throw this.failure(new Error(`The model finished with the reason "${unified}".`));
    }
    this.#begin();
    const told = usageOf(usage);
    return {
      type: "finish",
      reason: KNOWN_REASONS.has(unified) ? (unified as FinishReason) : "other",
      ...(raw !== undefined && { rawReason: raw }),
      ...(told !== undefined && { usage: { ...told, ...(usage.raw !== undefined && { raw: usage.raw }) } }),
      warnings: [...this.#warnings],
      response: { ...this.#response },
      ...metadataOf(providerMetadata),
    };
  }
}

const KNOWN_REASONS: ReadonlySet<string> = new Set(["stop", "length", "content-filter", "tool-calls", "other"]);

function warningsOf(warnings: readonly SharedV4Warning[] | undefined): readonly Warning[] {
  return (warnings ?? []).map((warning) => {
    switch (warning.type) {
      case "unsupported":
        return { feature: warning.feature, message: warning.details ?? `The model ignores "${warning.feature}".` };
      case "compatibility":
        return {
          feature: warning.feature,
          message: warning.details ?? `The model does "${warning.feature}" in its way.`,
        };
      case "deprecated":
        return { feature: warning.setting, message: warning.message };
      default:
        return { feature: "other", message: warning.message };
    }
  });
}

function metadataOf(own: SharedV4ProviderMetadata | undefined): {
  readonly providerMetadata?: SharedV4ProviderMetadata;
} {
  return own === undefined ? {} : { providerMetadata: own };
}

function urlOf({ data, mediaType }: V4Part<"file">): URL {
  if (data.type === "url") return data.url;
  return new URL(
    typeof data.data === "string" ? `data:${mediaType};base64,${data.data}` : dataUrl(data.data, mediaType),
  );
}

function sourceOf(part: V4Part<"source">): ProviderPart {
  const { id: sourceId, title } = part;
  const own = metadataOf(part.providerMetadata);
  if (part.sourceType === "document")
    return { type: "source", sourceId, title, mediaType: part.mediaType, filename: part.filename, ...own };
  const url = URL.parse(part.url);
  return {
    type: "source",
    sourceId,
    ...(url !== null && { url }),
    title: title ?? (url === null ? part.url : undefined),
    ...own,
  };
}
