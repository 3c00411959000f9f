import {
  APICallError,
  InvalidPromptError,
  LoadAPIKeyError,
  LoadSettingError,
  NoContentGeneratedError,
  NoSuchModelError,
  UnsupportedFunctionalityError,
} from "@ai-sdk/provider";
import { QwenError, type AnyQwenError, type Attempt, type ErrorCode, type QwenErrorOptions } from "@qwen/core";
import type { ContinuedBy } from "@qwen/core/router";
import { failureInText, meaningOf, retryAfterMs, type ToldFailure } from "@qwen/core/http";

/** Of which model an error is. */
export interface FailedModel {
  /** By which errors and attempts tell it. */
  readonly provider: string;
  readonly model: string;
  /** Whether some of its answer was there already. */
  readonly hasOutput: boolean;
}

/**
 * What an error of a V4 model means by the errors table: an error of the family, whose `cause` it is. What was thrown, rejected
 * with or said in an `error` part may be anything, and is never written on.
 *
 * What a status says holds for that model: its 400 is `unsupported`, so that the next one is asked. An error that nothing is known
 * of is returned as it is; the attempt loop makes `protocol` of it, and `stream_interrupted` after output, where a connection that
 * broke and a body that was cut are left to it as well.
 */
export function failureOf(error: unknown, about: FailedModel): unknown {
  try {
    return known(error, about) ?? error;
  } catch {
    // What can be looked at by nobody.
    return error;
  }
}

function known(error: unknown, about: FailedModel): QwenError | undefined {
  if (QwenError.isInstance(error)) return ofFamily(error, about, error);
  if (APICallError.isInstance(error)) {
    // One of a model of ours, which knows better.
    if (QwenError.isInstance(error.cause)) return ofFamily(error.cause, about, error);
    const { statusCode, responseHeaders, responseBody } = error;
    // Some that could not reach a server say 0.
    const status = Number(statusCode) >= 100 ? Number(statusCode) : undefined;
    if (status !== undefined && status >= 400) {
      const said = saidIn(error.data) ?? failureInText(responseBody ?? "");
      const header = (name: string): string | undefined => valueOf(responseHeaders, name);
      return meant({ ...said, message: `${error.message} ${said.message}` }, about, error, {
        status,
        retryAfterMs: retryAfterMs(header),
      });
    }
    if (about.hasOutput) return undefined;
    return failed(status === undefined ? "connection" : "protocol", about, error, { status });
  }
  const code = codeByClass(error);
  if (code !== undefined) return failed(code, about, error, code === "authentication" ? { sent: false } : {});
  if (about.hasOutput) return undefined;
  if (isOfConnection(error)) return failed("connection", about, error);
  // As servers have it in a stream, where there is no status.
  const said = error instanceof Error ? undefined : saidIn({ error });
  if (said === undefined) return undefined;
  return meant(said, about, error);
}

/** What a model of ours says of itself: where it has no more to try, or cannot, the next model can. */
function ofFamily(error: AnyQwenError, about: FailedModel, cause: unknown): QwenError {
  if (error.code === "all_failed") return failed("space_unavailable", about, cause);
  if (MODELS_OWN.has(error.code)) return failed("unsupported", about, cause);
  return error;
}

const MODELS_OWN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "no_such_model",
  "ambiguous_model",
  "conversation_expired",
  "conversation_busy",
  "text_rewritten",
]);

/** Errors of the AI SDK without a status, by whose making they are. */
function codeByClass(error: unknown): ErrorCode | undefined {
  if (LoadAPIKeyError.isInstance(error) || LoadSettingError.isInstance(error)) return "authentication";
  if (NoContentGeneratedError.isInstance(error)) return "empty_response";
  if (
    UnsupportedFunctionalityError.isInstance(error) ||
    NoSuchModelError.isInstance(error) ||
    InvalidPromptError.isInstance(error)
  )
    return "unsupported";
  return undefined;
}

/** The words in `{ error: { message, code, type } }`. */
function saidIn(body: unknown): ToldFailure | undefined {
  const { error } = (body ?? {}) as { readonly error?: unknown };
  if (typeof error !== "object" || error === null) return undefined;
  const { message, code, type } = error as Readonly<Record<string, unknown>>;
  return typeof message === "string" ? { message, code: word(code), type: word(type) } : undefined;
}

function word(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 100) : "";
}

function meant(
  said: ToldFailure,
  about: FailedModel,
  cause: unknown,
  { status: outer, retryAfterMs: pauseMs }: Pick<QwenErrorOptions, "status" | "retryAfterMs"> = {},
): QwenError {
  const { code, fact, status, waitMs } = meaningOf(said, outer);
  return failed(code, about, cause, { fact, status, retryAfterMs: pauseMs ?? waitMs });
}

const FACTS: Partial<Record<ErrorCode, string>> = {
  authentication: "wants another key",
  unsupported: "cannot take what it was sent",
  connection: "could not be reached",
  protocol: "answers unlike an API",
  empty_response: "gave no answer",
};

function failed(
  code: ErrorCode,
  { provider, model }: FailedModel,
  cause: unknown,
  {
    fact = FACTS[code] ?? "cannot answer now",
    ...more
  }: Omit<QwenErrorOptions, "provider" | "cause"> & { readonly fact?: string } = {},
): QwenError {
  const reason = more.status === undefined ? "" : ` (status ${more.status})`;
  return new QwenError(code, `The model "${model}" of "${provider}" ${fact}${reason}.`, { ...more, provider, cause });
}

function valueOf(headers: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  const found = Object.entries(headers ?? {}).find(([each]) => each.toLowerCase() === name)?.[1];
  return typeof found === "string" ? found : undefined;
}

/** What `fetch` and sockets fail with. */
function isOfConnection(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, cause } = error as { readonly code?: unknown; readonly cause?: unknown };
  const inner = (cause as { readonly code?: unknown } | undefined)?.code;
  return (
    /^(?:E[A-Z]{3,}|UND_ERR_\w+|ConnectionRefused)$/.test(word(code) || word(inner)) ||
    (error instanceof TypeError &&
      /fetch failed|failed to fetch|network|terminated|load failed/i.test(error.message)) ||
    error.name === "AbortError" ||
    error.name === "TimeoutError"
  );
}

/**
 * An error of the family as users of the AI SDK know it: an `APICallError` that is not to be tried again, with the status of the
 * last attempt that had one, or a `NoSuchModelError`. Anything else, such as the reason of an abort, is returned as it is.
 *
 * What it shows may reach a browser: codes and ids, no words of a server, no prompt, no headers. The error it was made of, with its
 * `attempts`, is its `cause`, which no log prints as JSON.
 */
export function asModelError(error: unknown): unknown {
  if (!QwenError.isInstance(error)) return error;
  if (error.code === "no_such_model")
    return new NoSuchModelError({ modelId: error.model, modelType: "languageModel", message: error.message });
  const tried = [error, ...(error.attempts ?? []).map((attempt) => attempt.error)].filter(QwenError.isInstance);
  const statusCode = tried.findLast(({ status }) => status !== undefined)?.status;
  const told = new APICallError({
    message: wordsOf(error),
    url: bare(tried.map(({ cause }) => (APICallError.isInstance(cause) ? cause.url : undefined)).findLast(Boolean)),
    requestBodyValues: {},
    isRetryable: false,
    ...(statusCode !== undefined && { statusCode }),
  });
  Object.defineProperty(told, "cause", { value: error, enumerable: false });
  return told;
}

/** Whether a call ended by its caller, for a reason that is the caller's. What failed before it, though it is told later, is not. */
export function isAbort(reason: unknown, signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true && reason === signal.reason;
}

/** These say in words of our own what is wrong with a call. */
const OWN_WORDS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["invalid_request", "timeout"]);

function wordsOf(error: AnyQwenError): string {
  // What says that a model cannot take something, without having asked anybody, says so in words of our own, too.
  const isOwn =
    OWN_WORDS.has(error.code) || (error.code === "unsupported" && !("cause" in error) && error.status === undefined);
  if (isOwn) return error.message;
  const attempts = attemptsOf(error.attempts);
  if (attempts.length < 2) return `The model ${nameOf(error, attempts)}failed: ${error.code}.`;
  const reasons = attempts.map(({ provider, model, code = "answered" }) => `${provider}/${model}: ${code}`);
  return `No model answered. ${[...new Set(reasons)].join(", ")}.`;
}

function nameOf({ provider }: AnyQwenError, [only]: readonly AttemptTold[]): string {
  if (only !== undefined) return `"${only.provider}/${only.model}" `;
  return provider === undefined ? "" : `of "${provider}" `;
}

/** An attempt as it may be shown to anybody: plain JSON. */
export type AttemptTold = {
  readonly provider: string;
  readonly model: string;
  /** Why it failed; absent where it answered. */
  readonly code?: string;
  readonly ms: number;
  /** Where it went on with an answer that others had begun: the characters shown before it. */
  readonly continuedAt?: number;
  /** And by which way. */
  readonly continuedBy?: ContinuedBy;
};

/** Attempts as they may be shown to anybody: ids, codes, milliseconds and places in the answer. */
export function attemptsOf(attempts: readonly Attempt[] = []): AttemptTold[] {
  return attempts.map(({ provider, model, durationMs, error, continuedAt, continuedBy }) => ({
    provider,
    model,
    ...(error !== undefined && { code: codeIn(error) }),
    ms: Math.round(durationMs),
    ...(continuedAt !== undefined && { continuedAt }),
    ...(continuedBy !== undefined && { continuedBy }),
  }));
}

function codeIn(error: unknown): string {
  if (QwenError.isInstance(error)) return error.code;
  return error instanceof Error && error.name === "AbortError" ? "cancelled" : "turned_down";
}

/** An address without what may be a secret. */
function bare(url: string | undefined): string {
  try {
    const { origin, pathname } = new URL(url ?? "");
    return origin === "null" ? "" : origin + pathname;
  } catch {
    return "";
  }
}
