/**
 * Why a call failed. The codes are stable: switch on them, never on a message.
 *
 * What each one leads to is {@link ERROR_RULES}.
 */
export type ErrorCode =
  | "invalid_request"
  | "content_policy"
  | "no_such_model"
  | "ambiguous_model"
  | "unsupported"
  | "context_length_exceeded"
  | "authentication"
  | "space_changed"
  | "rate_limited"
  | "queue_full"
  | "quota_exceeded"
  | "space_unavailable"
  | "space_error"
  | "connection"
  | "session_not_found"
  | "protocol"
  | "empty_response"
  | "stream_interrupted"
  | "timeout"
  | "conversation_expired"
  | "conversation_busy"
  | "text_rewritten"
  | "all_failed";

/** What an error leads to. One row of {@link ERROR_RULES}. */
export interface ErrorRule {
  /** Whether the same provider may be asked again, and how often. */
  readonly sameProvider: "never" | "once" | "always";
  /** Whether the next candidate of the route may be asked. */
  readonly nextCandidate: boolean;
  /** What the circuit breaker makes of it: nothing, one failure, or a pause of `retryAfterMs`. */
  readonly breaker: "ignore" | "count" | "pause";
}

/**
 * The errors table: what a router does after each kind of error, before the commit point.
 *
 * A total timeout ends the request although other timeouts move on: see {@link TimeoutError}.
 */
export const ERROR_RULES: Readonly<Record<ErrorCode, ErrorRule>> = {
  invalid_request: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  content_policy: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  no_such_model: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  ambiguous_model: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  unsupported: { sameProvider: "never", nextCandidate: true, breaker: "ignore" },
  context_length_exceeded: { sameProvider: "never", nextCandidate: true, breaker: "ignore" },
  authentication: { sameProvider: "never", nextCandidate: true, breaker: "count" },
  space_changed: { sameProvider: "never", nextCandidate: true, breaker: "count" },
  rate_limited: { sameProvider: "always", nextCandidate: true, breaker: "pause" },
  queue_full: { sameProvider: "always", nextCandidate: true, breaker: "pause" },
  quota_exceeded: { sameProvider: "never", nextCandidate: true, breaker: "pause" },
  space_unavailable: { sameProvider: "always", nextCandidate: true, breaker: "count" },
  space_error: { sameProvider: "once", nextCandidate: true, breaker: "count" },
  connection: { sameProvider: "always", nextCandidate: true, breaker: "count" },
  session_not_found: { sameProvider: "always", nextCandidate: true, breaker: "count" },
  protocol: { sameProvider: "always", nextCandidate: true, breaker: "count" },
  empty_response: { sameProvider: "always", nextCandidate: true, breaker: "count" },
  stream_interrupted: { sameProvider: "always", nextCandidate: true, breaker: "count" },
  timeout: { sameProvider: "never", nextCandidate: true, breaker: "count" },
  conversation_expired: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  conversation_busy: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  text_rewritten: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  all_failed: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
};

/** One try of one provider, as told by a result or by the router's final error. */
export interface Attempt {
  readonly provider: string;
  readonly model: string;
  /** 1 for the first try of the request, counted over all providers. */
  readonly number: number;
  /** Milliseconds from the start of the attempt to its end. */
  readonly durationMs: number;
  /** Why the attempt failed; absent on the one that answered. */
  readonly error?: unknown;
}

/** What is known about a failure besides its code and message. */
export interface QwenErrorOptions {
  /** How long to wait before asking the same provider again, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** Id of the provider that failed. */
  readonly provider?: string | undefined;
  /** HTTP status of the answer that failed. */
  readonly status?: number | undefined;
  /** The error underneath, where there is one. */
  readonly cause?: unknown;
}

// A symbol of the global registry is the same in every installed copy of this file.
const brand = Symbol.for("qwen.error");

/**
 * Every error this SDK throws on purpose, told apart by {@link QwenError.code}.
 *
 * Two things are not of this family: an aborted call rejects with its signal's own reason, and a
 * programming mistake is a `TypeError`. No message or `cause` holds a token.
 */
export class QwenError<Code extends ErrorCode = ErrorCode> extends Error {
  override name = "QwenError";
  readonly code: Code;
  readonly retryAfterMs: number | undefined;
  readonly status: number | undefined;
  /** Id of the provider that failed. The router fills it in where a provider did not. */
  provider: string | undefined;
  /** On the error that ends a router's call: every attempt, in order of their start. */
  attempts: readonly Attempt[] | undefined;

  constructor(code: Code, message: string, options: QwenErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.provider = options.provider;
    this.status = options.status;
  }

  /** Whether the same call, sent again or to another provider, may succeed. */
  get retryable(): boolean {
    const { sameProvider, nextCandidate } = ERROR_RULES[this.code];
    return sameProvider !== "never" || nextCandidate;
  }

  get [brand](): true {
    return true;
  }

  /**
   * Like `instanceof`, but true as well for an error of another installed copy of the SDK. What
   * comes out is a union, so `switch (error.code)` narrows to the fields of that code.
   */
  static isInstance(value: unknown): value is AnyQwenError {
    return value instanceof Error && brand in value;
  }
}

/** No registered provider, alias or route has the requested name. */
export class NoSuchModelError extends QwenError<"no_such_model"> {
  override readonly name = "NoSuchModelError";
  readonly model: string;
  /** The nearest known name, where one is near. */
  readonly suggestion: string | undefined;

  constructor(
    model: string,
    {
      available,
      suggestion,
      route,
    }: {
      readonly available: readonly string[];
      readonly suggestion?: string | undefined;
      readonly route?: string | undefined;
    },
  ) {
    const fact =
      route === undefined
        ? `No provider serves "${model}".`
        : `The route "${route}" leads to "${model}", which no provider serves.`;
    const hint =
      suggestion === undefined
        ? `Known names: ${available.join(", ") || "none; register a plugin"}.`
        : `Did you mean "${suggestion}"?`;
    super("no_such_model", `${fact} ${hint}`);
    this.model = model;
    this.suggestion = suggestion;
  }
}

/** The phase of a call that took longer than it may. */
export type TimeoutPhase = "connect" | "headers" | "queue" | "first-output" | "idle" | "total";

/** A phase of the call took longer than its limit. A `total` timeout ends the request, the others one attempt. */
export class TimeoutError extends QwenError<"timeout"> {
  override readonly name = "TimeoutError";
  readonly phase: TimeoutPhase;
  readonly limitMs: number;

  constructor(phase: TimeoutPhase, limitMs: number, options?: QwenErrorOptions) {
    super(
      "timeout",
      `${PHASES[phase]} within ${limitMs} ms. The limit is the timeout "${TIMEOUT_NAMES[phase]}".`,
      options,
    );
    this.phase = phase;
    this.limitMs = limitMs;
  }

  override get retryable(): boolean {
    return this.phase !== "total";
  }
}

const PHASES: Readonly<Record<TimeoutPhase, string>> = {
  connect: "No connection",
  headers: "No response headers",
  queue: "The queue did not move",
  "first-output": "No output began",
  idle: "Nothing more arrived",
  total: "The request was not answered",
};

const TIMEOUT_NAMES: Readonly<Record<TimeoutPhase, string>> = {
  connect: "connectMs",
  headers: "headersMs",
  queue: "queueMs",
  "first-output": "firstOutputMs",
  idle: "idleMs",
  total: "totalMs",
};

/** The stream ended before the answer did: EOF, reset or truncation. */
export class StreamInterruptedError extends QwenError<"stream_interrupted"> {
  override readonly name = "StreamInterruptedError";
  /** What had arrived of the answer. */
  readonly text: string;

  constructor(message: string, { text, ...options }: QwenErrorOptions & { readonly text: string }) {
    super("stream_interrupted", message, options);
    this.text = text;
  }
}

/** The Space's own code failed. */
export class SpaceError extends QwenError<"space_error"> {
  override readonly name = "SpaceError";
  /** True where Gradio hides what happened: any exception but `gr.Error`, unless the app shows errors. */
  readonly hidden: boolean;
  readonly title: string | undefined;

  constructor(
    message: string,
    {
      hidden = false,
      title,
      ...options
    }: QwenErrorOptions & { readonly hidden?: boolean; readonly title?: string | undefined } = {},
  ) {
    super("space_error", message, options);
    this.hidden = hidden;
    this.title = title;
  }
}

/** The Space no longer has the endpoint that was called, or has it elsewhere. */
export class SpaceChangedError extends QwenError<"space_changed"> {
  override readonly name = "SpaceChangedError";
  /** Names of the endpoints there are now. */
  readonly endpoints: readonly string[];

  constructor(
    message: string,
    { endpoints, ...options }: QwenErrorOptions & { readonly endpoints: readonly string[] },
  ) {
    super("space_changed", message, options);
    this.endpoints = endpoints;
  }
}

/** The provider rewrote text that an append-only consumer had already passed on. */
export class TextRewrittenError extends QwenError<"text_rewritten"> {
  override readonly name = "TextRewrittenError";
  /** The exact answer. */
  readonly text: string;

  constructor(text: string, options?: QwenErrorOptions) {
    super(
      "text_rewritten",
      'The provider rewrote text that was already passed on. The exact answer is in `text`; `complete()` and `commit: "buffered"` always return it.',
      options,
    );
    this.text = text;
  }
}

/** Every candidate failed. With one candidate and one attempt its own error is thrown instead. */
export class AllFailedError extends QwenError<"all_failed"> {
  override readonly name = "AllFailedError";
  declare attempts: readonly Attempt[];

  constructor(model: string, attempts: readonly Attempt[]) {
    // Said once, however often it was the same.
    const reasons = new Set(attempts.map(({ provider, error }) => `${provider}: ${messageOf(error)}`));
    super(
      "all_failed",
      `No candidate for "${model}" answered in ${attempts.length} attempts. ${[...reasons].join(" · ")}`,
      {
        cause: attempts.at(-1)?.error,
      },
    );
    this.attempts = attempts;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "failed";
}

type OwnClassCode =
  | "no_such_model"
  | "timeout"
  | "stream_interrupted"
  | "space_error"
  | "space_changed"
  | "text_rewritten"
  | "all_failed";

/** The family as a union: `code` tells which member it is. */
export type AnyQwenError =
  | QwenError<Exclude<ErrorCode, OwnClassCode>>
  | NoSuchModelError
  | TimeoutError
  | StreamInterruptedError
  | SpaceError
  | SpaceChangedError
  | TextRewrittenError
  | AllFailedError;
