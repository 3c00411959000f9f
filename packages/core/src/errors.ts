import { limitFrames } from "./error-stack.ts";
import { ruleOfCode, type ErrorCode } from "./error-rules.ts";
import {
  brand,
  FIELDS,
  isOfFamily,
  jsonOf,
  knownOptions,
  LONGEST_REASON,
  MOST_TOLD,
  setAttempts,
  setFields,
  stackOf,
  type Attempt,
  type QwenErrorJSON,
  type QwenErrorOptions,
} from "./error-fields.ts";
import { hiddenCause, setCause } from "./error-cause.ts";
import { printable, wordsOf } from "./printable.ts";
import type { Timeouts } from "./provider.ts";

/** So much is kept of an answer that is not what was asked for, in characters. */
const MOST_ANSWERED = 1024 * 1024;

export type { Attempt, AttemptJSON, QwenErrorJSON, QwenErrorOptions } from "./error-fields.ts";
/**
 * Every error this SDK throws on purpose, told apart by {@link QwenError.code}.
 *
 * Two things are not of this family: an aborted call rejects with its signal's own reason, and a programming mistake is a `TypeError`.
 *
 * An error is a value: nobody writes on one that was thrown, and no two calls share one. Its message is one line without escape sequences;
 * no message holds a token, and a `cause` with one in it, or a page long, is not printed with its error. What is not set is not there.
 * `JSON.stringify` and cloning of what `toJSON()` gives keep all but causes and texts of answers; `errorFromJSON()` revives it.
 */
export class QwenError<Code extends ErrorCode = ErrorCode> extends Error {
  declare readonly code: Code;
  /** At most a day: beyond that it is a mistake. */
  declare readonly retryAfterMs: number | undefined;
  declare readonly status: number | undefined;
  /** `false` where nothing was sent to the provider, as with a key that is missing; circuit breakers ignore it. */
  declare readonly sent: false | undefined;
  /** Id of the provider that failed. The router fills it in where a provider did not. */
  declare readonly provider: string | undefined;
  /** Of which request of a router it is. */
  declare readonly requestId: string | undefined;
  /** On the error that ends a router's call: every attempt, in order of their start. */
  declare readonly attempts: readonly Attempt[] | undefined;

  constructor(code: Code, message: string, { cause, ...options }: QwenErrorOptions = {}) {
    const words = printable(wordsOf(message));
    const limit = Error.stackTraceLimit;
    limitFrames(Math.min(limit, cause === undefined ? 5 : 2));
    // A function or a symbol says nothing, and cannot be cloned with its error.
    const known = typeof cause === "function" || typeof cause === "symbol" ? undefined : cause;
    super(words);
    limitFrames(limit);
    setCause(this, known);
    if (hiddenCause(this).length > 0) setFields(this, { stack: stackOf(this, this.stack) }, false);
    this.code = code;
    setFields(this, knownOptions(options));
  }

  /** Whether the same call, sent again or to another provider, may succeed. */
  get retryable(): boolean {
    const { sameProvider, nextCandidate } = ruleOfCode(this.code);
    return sameProvider !== "never" || nextCandidate;
  }

  get [brand](): true {
    return true;
  }

  /** The error as plain data, its attempts with it: what a log, a response or another thread can take. */
  toJSON(): QwenErrorJSON {
    return jsonOf(this);
  }

  /**
   * Like `instanceof`, but true as well for an error of another installed copy of the SDK. What
   * comes out is a union, so `switch (error.code)` narrows to the fields of that code.
   */
  static isInstance(value: unknown): value is AnyQwenError {
    return isOfFamily(value);
  }
}

/** No registered provider, alias or route has the requested name. */
export class NoSuchModelError extends QwenError<"no_such_model"> {
  declare readonly name: "NoSuchModelError";
  /** As it was asked for; empty where that was no string. */
  declare readonly model: string;
  /** The nearest known name, where one is near. */
  declare readonly suggestion: string | undefined;

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
    const asked = model === "" ? "The request has no `model` that is a name." : `No provider serves "${model}".`;
    const fact = route === undefined ? asked : `The route "${route}" leads to "${model}", which no provider serves.`;
    const hint =
      suggestion === undefined
        ? `Known names: ${available.join(", ") || "none; register a plugin"}.`
        : `Did you mean "${suggestion}"?`;
    super("no_such_model", `${fact} ${hint}`);
    setFields(this, { model, suggestion });
  }
}

/** The phase of a call that took longer than it may. */
export type TimeoutPhase = "connect" | "headers" | "queue" | "first-output" | "answer" | "idle" | "total";

/** A phase of the call took longer than its limit. A `total` timeout ends the request, the others one attempt. */
export class TimeoutError extends QwenError<"timeout"> {
  declare readonly name: "TimeoutError";
  declare readonly phase: TimeoutPhase;
  declare readonly limitMs: number;

  constructor(phase: TimeoutPhase, limitMs: number, options?: QwenErrorOptions) {
    super(
      "timeout",
      `${PHASES[phase]} within ${limitMs} ms. The limit is the timeout "${TIMEOUT_NAMES[phase]}".`,
      options,
    );
    setFields(this, { phase, limitMs });
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
  answer: "The answer was not there",
  idle: "Nothing more arrived",
  total: "The request was not answered",
};

/** Of which of the timeouts the limit of a phase is. */
export const TIMEOUT_NAMES: Readonly<Record<TimeoutPhase, keyof Timeouts>> = {
  connect: "connectMs",
  headers: "headersMs",
  queue: "queueMs",
  "first-output": "firstOutputMs",
  answer: "answerMs",
  idle: "idleMs",
  total: "totalMs",
};

/** The stream ended before the answer did: EOF, reset or truncation. */
export class StreamInterruptedError extends QwenError<"stream_interrupted"> {
  declare readonly name: "StreamInterruptedError";
  /** What had arrived of the answer. Not enumerable: no log is to show it by chance. */
  declare readonly text: string;

  constructor(message: string, { text, ...options }: QwenErrorOptions & { readonly text: string }) {
    super("stream_interrupted", message, options);
    setFields(this, { text }, false);
  }
}

type SpaceErrorOptions = QwenErrorOptions & Partial<Pick<SpaceError, "hidden" | "title" | "durationMs">>;

/** The Space's own code failed. */
export class SpaceError extends QwenError<"space_error"> {
  declare readonly name: "SpaceError";
  /** True where Gradio hides what happened: any exception but `gr.Error`, unless the app shows errors. */
  declare readonly hidden: boolean;
  declare readonly title: string | undefined;
  /** How long its app would show the error, in ms. */
  declare readonly durationMs: number | undefined;

  constructor(message: string, { hidden = false, title, durationMs, ...options }: SpaceErrorOptions = {}) {
    super("space_error", message, options);
    setFields(this, { hidden, title: title === undefined ? undefined : printable(title), durationMs });
  }
}

/** The Space no longer has the endpoint that was called, or has it elsewhere. */
export class SpaceChangedError extends QwenError<"space_changed"> {
  declare readonly name: "SpaceChangedError";
  /** Names of the endpoints there are now. */
  declare readonly endpoints: readonly string[];

  constructor(
    message: string,
    { endpoints, ...options }: QwenErrorOptions & { readonly endpoints: readonly string[] },
  ) {
    super("space_changed", message, options);
    setFields(this, { endpoints: endpoints.map((name) => printable(name)) });
  }
}

/** The provider rewrote text that an append-only consumer had already passed on. */
export class TextRewrittenError extends QwenError<"text_rewritten"> {
  declare readonly name: "TextRewrittenError";
  /** The exact answer. Not enumerable: no log is to show it by chance. */
  declare readonly text: string;

  constructor(text: string, options?: QwenErrorOptions) {
    super(
      "text_rewritten",
      'The provider rewrote text that was already passed on. The exact answer is in `text`; `complete()` and `commit: "buffered"` always return it.',
      options,
    );
    setFields(this, { text }, false);
  }
}

/** The answer to a request with `output`, or for JSON from an emulated model, holds no JSON, or none that its schema takes. */
export class InvalidOutputError extends QwenError<"invalid_output"> {
  declare readonly name: "InvalidOutputError";
  /** What is wrong with it, each by its path. */
  declare readonly issues: readonly string[];
  /** The answer as it came, its first 1,048,576 characters; of an emulated model its words. Not enumerable: no log is to show it by chance. */
  declare readonly text: string;

  constructor(
    { issues, text }: { readonly issues: readonly string[]; readonly text: string },
    options?: QwenErrorOptions,
  ) {
    super("invalid_output", `The answer is not what was asked for: ${issues.join("; ")}.`, options);
    setFields(this, { issues: issues.map((issue) => printable(wordsOf(issue))) });
    setFields(this, { text: text.slice(0, MOST_ANSWERED) }, false);
  }
}

/**
 * Every candidate failed. With one candidate and one attempt its own error is thrown instead.
 *
 * It has no `cause`: each attempt has its error.
 */
export class AllFailedError extends QwenError<"all_failed"> {
  declare readonly name: "AllFailedError";
  declare readonly attempts: readonly Attempt[];

  constructor(model: string, attempts: readonly Attempt[], options?: Pick<QwenErrorOptions, "requestId">) {
    // Said once, however often it was the same.
    const reasons = new Set(
      attempts
        .slice(-MOST_TOLD)
        .map(({ provider, error }) => `${provider}: ${printable(wordsOf(error), LONGEST_REASON)}`),
    );
    super(
      "all_failed",
      `No candidate for "${model}" answered in ${attempts.length} attempts. ${[...reasons].join(" · ")}`,
      options,
    );
    setAttempts(this, attempts);
  }
}

/** Those with a class of their own. */
type OwnClassError =
  | NoSuchModelError
  | TimeoutError
  | StreamInterruptedError
  | SpaceError
  | SpaceChangedError
  | TextRewrittenError
  | InvalidOutputError
  | AllFailedError;

/** The family as a union: `code` tells which member it is. */
export type AnyQwenError = QwenError<Exclude<ErrorCode, OwnClassError["code"]>> | OwnClassError;

// On the prototypes, where no log looks: names, which classes lose when they are minified, and what is not set.
const NAMES = {
  QwenError,
  NoSuchModelError,
  TimeoutError,
  StreamInterruptedError,
  SpaceError,
  SpaceChangedError,
  TextRewrittenError,
  InvalidOutputError,
  AllFailedError,
};
for (const [name, { prototype }] of Object.entries(NAMES)) setFields(prototype, { name }, false);
for (const name of [...FIELDS, "attempts"])
  Object.defineProperty(QwenError.prototype, name, { value: undefined, writable: true, configurable: true });
