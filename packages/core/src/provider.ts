import type { Message } from "./message.ts";
import type { ProviderPart } from "./part.ts";

/**
 * A source of chat completions. Everything in this SDK implements it or uses it.
 *
 * One object serves any number of calls at once. Written with `as const satisfies Provider`, or in its place among a
 * router's plugins, it has its names typed.
 *
 * @example
 * ```ts
 * const echo = {
 *   id: "echo",
 *   models: [{ id: "echo-1" }],
 *   async *stream({ messages }) {
 *     yield { type: "text-delta", text: `You said: ${JSON.stringify(messages.at(-1)?.content)}` };
 *     yield { type: "finish", reason: "stop" };
 *   },
 * } as const satisfies Provider;
 * ```
 */
export interface Provider<Id extends string = string, Model extends ModelInfo = ModelInfo> {
  /** Unique in a router; holds no "/". */
  readonly id: Id;
  /** What it serves, the default first. */
  readonly models: readonly [Model, ...Model[]];
  /** Limits of its own, stronger than the router's and weaker than the request's. */
  readonly timeouts?: Timeouts | undefined;

  /**
   * Answers one request with parts: exactly one `finish`, last, or the iteration throws. One that ends without a `finish`
   * counts as broken off: nobody can tell an answer that is whole from one whose source was cut.
   *
   * Work starts at the first `next()`. Ending the iteration early, or aborting `request.signal`,
   * stops the work at its source. Deltas are never empty.
   *
   * Of a part that an iteration yields a copy goes on, so that it may be held and yielded again; bytes and whatever else has a class are
   * no copies.
   */
  stream(request: ProviderRequest): AsyncIterable<ProviderPart>;

  /** Ends what is left (clean-ups, idle connections). The provider stays usable. */
  close?(): Promise<void>;
}

/** One model of a provider, and what it can do. */
export interface ModelInfo<Name extends string = string> {
  readonly id: Name;
  /** Other names of the model in a router. @defaultValue none */
  readonly aliases?: readonly Name[] | undefined;
  /** A name for people. */
  readonly label?: string | undefined;
  /** Left out, it takes text in messages of any role, and nothing else. */
  readonly capabilities?: Capabilities | undefined;
}

/** The models of a provider, whatever each says of itself, the default first. */
export type SomeModels = readonly [ModelInfo, ...ModelInfo[]];

/** What a model can do with a request. Left out, it takes text in messages of any role, and nothing else. */
export interface Capabilities {
  /** @defaultValue false */
  readonly images?: boolean | undefined;
  /** Files other than images. @defaultValue false */
  readonly files?: boolean | undefined;
  /** Whether a system prompt has a slot of its own or is written into the prompt. @defaultValue "native" */
  readonly system?: "native" | "prompt" | undefined;
  /** Whether earlier turns have a slot of their own or are written into the prompt. @defaultValue "native" */
  readonly history?: "native" | "prompt" | undefined;
  /** Whether `finish` carries a conversation that a later request can continue. @defaultValue false */
  readonly conversation?: boolean | undefined;
  /** Whether it can call tools. For one that cannot, a router tells the calls and results of a chat in words. @defaultValue false */
  readonly tools?: boolean | undefined;
  /** Whether it answers in JSON where that is asked for. @defaultValue false */
  readonly json?: boolean | undefined;
  /** Whether it goes on behind a given beginning of its answer: then the last message may be the assistant's. @defaultValue false */
  readonly prefill?: boolean | undefined;
  /** The settings it honours; of the others it warns. @defaultValue unknown */
  readonly settings?: readonly (keyof Settings)[] | undefined;
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
  /** In place of `firstOutputMs` where it is known that the answer comes whole: until it is there. @defaultValue 300_000 */
  readonly answerMs?: number | undefined;
  /** Until more of the answer, once it began: signs of life do not count. @defaultValue 60_000 */
  readonly idleMs?: number | undefined;
  /**
   * For the whole: of a request or a router, the request over all its attempts, its waits included; of a provider, each attempt
   * at it, after which the next candidate is asked. @defaultValue 3_600_000
   */
  readonly totalMs?: number | undefined;
}

/** What the caller would like of the model. What a provider cannot do becomes a warning in `start` and `finish`. */
export interface Settings {
  readonly maxOutputTokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly topP?: number | undefined;
  readonly topK?: number | undefined;
  readonly presencePenalty?: number | undefined;
  readonly frequencyPenalty?: number | undefined;
  readonly stopSequences?: readonly string[] | undefined;
  readonly seed?: number | undefined;
  /** How much the model is to think before it answers. @defaultValue the provider's */
  readonly reasoning?: ReasoningEffort | undefined;
  /** JSON asked of a model that cannot is `unsupported`. */
  readonly responseFormat?:
    | { readonly type: "text" }
    | { readonly type: "json"; readonly schema?: unknown }
    | undefined;
  /** Tools given to a model that cannot call any are `unsupported`. */
  readonly tools?: readonly Tool[] | undefined;
  readonly toolChoice?: "auto" | "none" | "required" | { readonly toolName: string } | undefined;
  /** Whether the model may call several tools at once. @defaultValue the provider's */
  readonly parallelToolCalls?: boolean | undefined;
}

/** How much a model is to think, from not at all. */
export type ReasoningEffort = "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max";

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
  /**
   * By which events, errors, `finish` and logs of a router tell the request: 1 to 128 visible ASCII characters without spaces.
   * A provider may hand it on.
   *
   * @defaultValue one of the router's own
   */
  readonly requestId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly settings?: Settings | undefined;
  /** From the `finish` of an earlier request: go on with that conversation. */
  readonly conversation?: string | undefined;
  readonly timeouts?: Timeouts | undefined;
  /**
   * Leave a queue whose expected wait, or the wait itself, is longer than this, in ms, with `queue_full`. The waits of a job
   * that goes back into its queue count together.
   */
  readonly maxQueueMs?: number | undefined;
  /**
   * Whether what was said is kept until the call ends, as the `text` of a `stream_interrupted`. `false` is for who passes a long answer
   * on to a reader who may be slow: that `text` may be empty then.
   *
   * @defaultValue true
   */
  readonly keepText?: boolean | undefined;
  /** Options only one provider understands, by provider id. */
  readonly providerOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Headers for the requests to the provider. The caller's own header wins over the SDK's. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}
