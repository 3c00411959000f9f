import type { Attempt } from "./errors.ts";
import type { Message } from "./message.ts";

/**
 * A source of chat completions. Everything in this SDK implements it or uses it.
 *
 * One object serves any number of calls at once.
 */
export interface Provider<Id extends string = string, Model extends ModelInfo = ModelInfo> {
  /** Unique in a router; holds no "/". */
  readonly id: Id;
  /** What it serves, the default first. */
  readonly models: readonly [Model, ...Model[]];
  /** Limits of its own, stronger than the router's and weaker than the request's. */
  readonly timeouts?: Timeouts | undefined;

  /**
   * Answers one request with parts: exactly one `finish`, last, or the iteration throws.
   *
   * Work starts at the first `next()`. Ending the iteration early, or aborting `request.signal`,
   * stops the work at its source. Deltas are never empty.
   */
  stream(request: ProviderRequest): AsyncIterable<ProviderPart>;

  /** Ends what is left (clean-ups, idle connections). The provider stays usable. */
  close?(): Promise<void>;
}

/** One model of a provider, and what it can do. */
export interface ModelInfo<Name extends string = string> {
  readonly id: Name;
  /** Other names of the model in a router. */
  readonly aliases: readonly Name[];
  /** A name for people. */
  readonly label?: string | undefined;
  readonly capabilities: Capabilities;
}

/** What a model can do with a request. */
export interface Capabilities {
  readonly images: boolean;
  /** Whether a system prompt has a slot of its own or is written into the prompt. */
  readonly system: "native" | "prompt";
  /** Whether earlier turns have a slot of their own or are written into the prompt. */
  readonly history: "native" | "prompt";
  /** Whether `finish` carries a conversation that a later request can continue. */
  readonly conversation: boolean;
  readonly tools: boolean;
  readonly json: boolean;
  /** Whether the last message may be the assistant's: the beginning of the answer. @defaultValue false */
  readonly prefill?: boolean | undefined;
}

/** Limits of the phases of a call, in ms. `Infinity` lifts one. They count what arrives, not what is consumed. */
export interface Timeouts {
  /** Until a connection stands; nothing else limits connecting. @defaultValue 10_000 */
  readonly connectMs?: number | undefined;
  /**
   * Until the headers of each HTTP response. In Node a large body goes out before that: each slice of it may take as
   * long, but at least 5 s.
   *
   * @defaultValue 30_000
   */
  readonly headersMs?: number | undefined;
  /** In the queue without moving. @defaultValue 300_000 */
  readonly queueMs?: number | undefined;
  /** Until the first output, not counting the time in a moving queue. @defaultValue 60_000 */
  readonly firstOutputMs?: number | undefined;
  /** Between two messages of the job, once output began. @defaultValue 60_000 */
  readonly idleMs?: number | undefined;
  /**
   * For the whole: of a request or a router, the request over all its attempts, its waits included; of a provider, each attempt
   * at it, after which the next candidate is asked. @defaultValue 3_600_000
   */
  readonly totalMs?: number | undefined;
}

/** What the caller would like of the model. What a provider cannot do becomes a warning in `finish`. */
export interface Settings {
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** JSON asked of a model that cannot is `unsupported`. */
  readonly responseFormat?:
    | { readonly type: "text" }
    | { readonly type: "json"; readonly schema?: unknown }
    | undefined;
  /** Tools given to a model that cannot call any are `unsupported`. */
  readonly tools?: readonly Tool[] | undefined;
  readonly toolChoice?: "auto" | "none" | "required" | { readonly toolName: string } | undefined;
}

/** A function the model may ask the caller to run. */
export interface Tool {
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON Schema of the input. */
  readonly inputSchema: unknown;
}

/** What a router asks of a provider. */
export interface ProviderRequest {
  /** Id of one of the provider's models; the default without it. */
  readonly model?: string | undefined;
  /** The whole history; the last one is what to answer. */
  readonly messages: readonly Message[];
  readonly signal?: AbortSignal | undefined;
  readonly settings?: Settings | undefined;
  /** From the `finish` of an earlier request: go on with that conversation. */
  readonly conversation?: string | undefined;
  readonly timeouts?: Timeouts | undefined;
  /** Leave a queue whose expected wait, or the wait itself, is longer than this, in ms, with `queue_full`. */
  readonly maxQueueMs?: number | undefined;
  /** Options only one provider understands, by provider id. */
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Headers for the requests to the provider. The caller's own header wins over the SDK's. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** Why the model stopped. */
export type FinishReason = "stop" | "length" | "content-filter" | "tool-calls" | "other";

/** Tokens, where the provider counts them. */
export interface Usage {
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
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
}

/** The model asks the caller to run a tool. */
export interface ToolCallPart {
  readonly type: "tool-call";
  readonly toolCallId: string;
  readonly toolName: string;
  /** JSON text. */
  readonly input: string;
}

/** The last part of a whole answer. */
export interface FinishPart {
  readonly type: "finish";
  readonly reason: FinishReason;
  readonly usage?: Usage | undefined;
  readonly warnings: readonly Warning[];
  /** Opaque and JSON-safe: pass it as `conversation` to go on where this answer ends. */
  readonly conversation?: string | undefined;
}

/** What a provider yields. Consumers ignore types they do not know: new ones come in minor releases. */
export type ProviderPart =
  | { readonly type: "reasoning-delta"; readonly text: string }
  | { readonly type: "text-delta"; readonly text: string }
  /** The provider rewrote what it had said: `text` is the whole text so far. */
  | { readonly type: "text-replace"; readonly text: string }
  | FilePart
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

/** What a router yields. Consumers ignore types they do not know: new ones come in minor releases. */
export type StreamPart = Exclude<ProviderPart, FinishPart> | AttemptPart | RouterFinishPart;

/**
 * What a package registers itself with. A bare {@link Provider} is a plugin too.
 *
 * The names a plugin adds are those of the registry that `register` returns.
 */
export type Plugin = Provider | PluginObject;

/** A plugin that registers providers, one or more. */
export interface PluginObject {
  /** For messages about clashing names. */
  readonly name: string;
  register(registry: Registry): Registry<string>;
}

/** Where a plugin puts its providers. `Names` grows with each of them. */
export interface Registry<Names extends string = never> {
  provider<const P extends Provider>(provider: P): Registry<Names | NamesOf<P>>;
  /** Never called; it keeps `Names` in the type. */
  readonly names?: (() => Names) | undefined;
}

/** Every name a plugin adds to a router: model ids, aliases, and `provider/model` of each. */
export type NamesOf<P> =
  P extends Provider<infer Id, infer Model>
    ? ProviderNames<Id, Model["id"] | Model["aliases"][number]>
    : P extends { register(registry: never): Registry<infer Names> }
      ? Names
      : never;

// `string & Record<never, never>` keeps the completions of the other names; `string` alone would swallow them.
type ProviderNames<Id extends string, Name extends string> = string extends Name
  ? string & Record<never, never>
  : Name | `${Id}/${Name}`;
