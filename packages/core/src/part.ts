import type { Attempt } from "./errors.ts";
import type { ProviderMetadata, ToolCallPart } from "./message.ts";

/** Why the model stopped. */
export type FinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "other";

/** Tokens, where the provider counts them. What it does not tell is absent. */
export interface Usage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  /** Of the input, what the provider had read before. */
  readonly cachedInputTokens?: number | undefined;
  /** Of the output, what was thought and not answered. */
  readonly reasoningTokens?: number | undefined;
  /** Counted by somebody else than the model, so about right. @defaultValue false */
  readonly estimated?: boolean | undefined;
  /** As the provider told it. */
  readonly raw?: unknown;
}

/** A part of the request that the provider could not honour. */
export interface Warning {
  /** The setting or feature, for example `temperature`. */
  readonly feature: string;
  readonly message: string;
}

/** A file the model made. */
export interface FilePart {
  readonly type: "file";
  readonly url: URL;
  readonly mediaType?: string | undefined;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** What the provider's service says of its answer. */
export interface ResponseInfo {
  /** By which the service knows the answer. */
  readonly id?: string | undefined;
  /** The model that the service says it used. */
  readonly modelId?: string | undefined;
  readonly timestamp?: Date | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The answer begins: what is known of it before its first output. A provider may leave it out. */
export interface StartPart {
  readonly type: "start";
  readonly warnings: readonly Warning[];
  readonly response?: ResponseInfo | undefined;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** Something the answer relies on: a page, by its address, or a document, by its name. */
export interface SourcePart {
  readonly type: "source";
  readonly sourceId?: string | undefined;
  readonly url?: URL | undefined;
  readonly title?: string | undefined;
  readonly mediaType?: string | undefined;
  readonly filename?: string | undefined;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** The last part of a whole answer. */
export interface FinishPart {
  readonly type: "finish";
  readonly reason: FinishReason;
  /** The reason in the provider's own word. */
  readonly rawReason?: string | undefined;
  readonly usage?: Usage | undefined;
  /** All there are, those of `start` as well. @defaultValue none */
  readonly warnings?: readonly Warning[] | undefined;
  readonly response?: ResponseInfo | undefined;
  /** Opaque and JSON-safe: pass it as `conversation` to go on where this answer ends. */
  readonly conversation?: string | undefined;
  readonly providerMetadata?: ProviderMetadata | undefined;
}

/** What a provider yields. Consumers ignore types they do not know: new ones come in minor releases. */
export type ProviderPart =
  | StartPart
  | { readonly type: "reasoning-delta"; readonly text: string }
  /** What was thought is whole; text may follow, or more of it. */
  | { readonly type: "reasoning-end"; readonly providerMetadata?: ProviderMetadata | undefined }
  | { readonly type: "text-delta"; readonly text: string }
  /** The provider rewrote what it had said: `text` is the whole text so far. */
  | { readonly type: "text-replace"; readonly text: string }
  | FilePart
  | SourcePart
  /** A piece of the input of a tool call, as a sign of life: the whole `tool-call` still follows. */
  | {
      readonly type: "tool-input-delta";
      readonly toolCallId: string;
      readonly toolName: string;
      readonly text: string;
      readonly providerMetadata?: ProviderMetadata | undefined;
    }
  | ToolCallPart
  /** Where the job waits: 0 is next. */
  | {
      readonly type: "queue";
      readonly position: number;
      readonly size?: number | undefined;
      readonly etaMs?: number | undefined;
    }
  /** Signs of life that are not output. `fraction` is between 0 and 1. */
  | { readonly type: "progress"; readonly message?: string | undefined; readonly fraction?: number | undefined }
  | { readonly type: "log"; readonly level: "info" | "warning" | "success" | "error"; readonly message: string }
  | FinishPart;

/** The `finish` of a router: it says as well who answered and what was tried. */
export interface RouterFinishPart extends FinishPart {
  readonly warnings: readonly Warning[];
  /** That of the request: its `requestId`, or one of the router's own. */
  readonly requestId: string;
  readonly provider: string;
  readonly model: string;
  readonly attempts: readonly Attempt[];
}

/** An attempt begins. `lastError` is why the one before it failed. */
export interface AttemptPart {
  readonly type: "attempt";
  readonly provider: string;
  readonly model: string;
  /** 1 for the first of the request. */
  readonly number: number;
  readonly lastError?: unknown;
}

/** What a router yields: one `start` before the first output, `finish` last. Consumers ignore types they do not know: new ones come in minor releases. */
export type StreamPart = Exclude<ProviderPart, FinishPart> | AttemptPart | RouterFinishPart;
