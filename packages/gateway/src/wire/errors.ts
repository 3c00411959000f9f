import { QwenError, type AnyQwenError, type Attempt, type ErrorCode } from "@qwen/core";
import { Refusal, type RefusalOptions } from "../refusal.ts";

/** What a failure is on the wire. */
type Row = Pick<RefusalOptions, "status" | "code">;

const THEIR_FAULT: Row = { status: 400 };
const UNREACHABLE = 502;

const ROWS: Readonly<Record<Exclude<ErrorCode, "timeout" | "all_failed">, Row>> = {
  invalid_request: THEIR_FAULT,
  ambiguous_model: THEIR_FAULT,
  no_such_model: { status: 404, code: "model_not_found" },
  unsupported: { status: 400, code: "unsupported_value" },
  context_length_exceeded: { status: 400, code: "context_length_exceeded" },
  content_policy: { status: 400, code: "content_policy_violation" },
  rate_limited: { status: 429, code: "rate_limit_exceeded" },
  queue_full: { status: 429, code: "queue_full" },
  quota_exceeded: { status: 429, code: "quota_exceeded" },
  // Never 401: the key of the gateway's own is fine.
  authentication: { status: UNREACHABLE, code: "provider_authentication" },
  space_unavailable: { status: 503, code: "space_unavailable" },
  space_error: { status: UNREACHABLE, code: "space_error" },
  connection: { status: UNREACHABLE, code: "connection" },
  protocol: { status: UNREACHABLE, code: "protocol" },
  session_not_found: { status: UNREACHABLE, code: "session_not_found" },
  space_changed: { status: UNREACHABLE, code: "space_changed" },
  empty_response: { status: UNREACHABLE, code: "empty_response" },
  stream_interrupted: { status: UNREACHABLE, code: "stream_interrupted" },
  invalid_output: { status: UNREACHABLE, code: "invalid_output" },
  text_rewritten: { status: UNREACHABLE, code: "text_rewritten" },
  conversation_busy: { status: 409, code: "conversation_busy" },
  // Clients send a 409 again.
  conversation_expired: { status: 410, code: "conversation_expired" },
};

/** Words of ours for what a provider says of its key or its address. */
const OWN_WORDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  authentication: "refuses the key that this gateway has for it",
  connection: "cannot be reached, or its connection broke",
  protocol: "answered with what cannot be read",
  space_changed: "is no longer what it was",
  session_not_found: "lost the session of this request",
};

/** A pause that nobody waits for within a request, in ms: clients are told not to try again by themselves. */
const LONG_PAUSE_MS = 60_000;

/**
 * Any failure as what the caller gets: its status, body and headers.
 *
 * Nothing of it tells where a provider is, or what its key is; nothing of an error that is none of the SDK's is told.
 */
export function refusalOf(error: unknown): Refusal {
  try {
    return readError(error);
  } catch {
    // Somebody threw what cannot be looked at.
    return internal();
  }
}

function readError(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isClosed(error)) return closed();
  if (!QwenError.isInstance(error)) return internal();
  if (error.code === "all_failed") return allFailed(error.attempts);
  return refusal(error, rowOf(error), wordsFor(error));
}

/** The exact text of an answer that was rewritten after some of it was passed on; a client may show it in place of that. */
export function rewrittenText(error: unknown): string | undefined {
  if (!QwenError.isInstance(error) || error.code !== "text_rewritten") return undefined;
  return error.text;
}

function refusal(error: AnyQwenError, { status, code }: Row, message: string, spent = false): Refusal {
  const param = paramOf(error);
  return new Refusal({ status, code, message, param, headers: headersOf(error, status, spent) });
}

/** Settings are looked at before: what is wrong then is the model, or what is said. */
function paramOf({ code, message, provider }: AnyQwenError): string | undefined {
  if (code === "no_such_model" || code === "ambiguous_model") return "model";
  return code === "invalid_request" && provider === undefined && /\bmessages?\b/.test(message) ? "messages" : undefined;
}

function rowOf(error: AnyQwenError): Row {
  if (error.code === "timeout") return { status: 504, code: `timeout_${error.phase.replaceAll("-", "_")}` };
  if (error.code === "all_failed") return bestOf(error.attempts)?.row ?? ROWS.connection;
  // A newer copy of the SDK may know more codes.
  return Object.hasOwn(ROWS, error.code) ? ROWS[error.code] : { status: UNREACHABLE, code: "provider_error" };
}

function headersOf(error: AnyQwenError, status: number, spent: boolean): Record<string, string> {
  const pauseMs = error.retryAfterMs;
  const isLong = error.code === "quota_exceeded" && (pauseMs ?? Infinity) > LONG_PAUSE_MS;
  const isVain = error.code === "authentication" || (error.code === "timeout" && error.phase === "total");
  return {
    ...((status === 429 || status === 503) && retryAfter(pauseMs ?? (status === 503 ? DEFAULT_PAUSE_MS : undefined))),
    ...((spent || isLong || isVain) && { "x-should-retry": "false" }),
  };
}

/** What a service that is down for an unknown time is given. */
const DEFAULT_PAUSE_MS = 5000;

function retryAfter(pauseMs: number | undefined): Record<string, string> {
  if (pauseMs === undefined) return {};
  return { "retry-after": String(Math.ceil(pauseMs / 1000)), "retry-after-ms": String(Math.ceil(pauseMs)) };
}

function allFailed(attempts: readonly Attempt[]): Refusal {
  const best = bestOf(attempts);
  const tried = attempts.map(
    ({ provider, error }) => `${provider}: ${QwenError.isInstance(error) ? error.code : "error"}`,
  );
  const told = [...new Set(tried)].slice(0, MOST_TOLD).join(", ");
  const fact = `No candidate answered in ${attempts.length} attempts (${told}).`;
  if (best === undefined)
    return new Refusal({ status: UNREACHABLE, code: "all_failed", message: fact, headers: SPENT });
  const { error, row } = best;
  const message = `${fact} ${wordsFor(error)}`;
  const { status } = row;
  const pause = status === 429 || status === 503 ? retryAfter(shortestPause(attempts) ?? DEFAULT_PAUSE_MS) : {};
  return new Refusal({ ...row, message, headers: { ...SPENT, ...pause } });
}

/** The shortest pause that any attempt was asked for. */
function shortestPause(attempts: readonly Attempt[]): number | undefined {
  const pauses = attempts
    .map(({ error }) => (QwenError.isInstance(error) ? error.retryAfterMs : undefined))
    .filter((pause) => pause !== undefined);
  return pauses.length === 0 ? undefined : Math.min(...pauses);
}

const MOST_TOLD = 12;
const SPENT = { "x-should-retry": "false" };

/** Where one candidate only has to be waited for, that is what the caller can do about it; a request that nobody takes comes last. */
const USEFUL: readonly number[] = [429, 503, 504, UNREACHABLE];

function bestOf(attempts: readonly Attempt[]): { readonly error: AnyQwenError; readonly row: Row } | undefined {
  const failures = attempts.map(({ error }) => error).filter((error) => QwenError.isInstance(error));
  const known = failures.map((error) => ({ error, row: rowOf(error) }));
  const rank = ({ row }: { readonly row: Row }): number => {
    const index = USEFUL.indexOf(row.status);
    return index < 0 ? USEFUL.length : index;
  };
  return known.toSorted((a, b) => rank(a) - rank(b))[0];
}

function wordsFor(error: AnyQwenError): string {
  const own = OWN_WORDS[error.code];
  if (own !== undefined) return `The provider${error.provider === undefined ? "" : ` "${error.provider}"`} ${own}.`;
  return OF_THE_REQUEST.has(error.code) ? shortNames(error.message) : withoutPlaces(error.message);
}

/** What is said of these is said by the SDK, of what the caller sent. */
const OF_THE_REQUEST: ReadonlySet<string> = new Set<ErrorCode>(["invalid_request", "no_such_model", "ambiguous_model"]);

/** What a caller wrote is quoted as far as it takes to know it again. */
function shortNames(message: string): string {
  return message.replaceAll(/"([^"]{64})[^"]+"/gu, '"$1…"');
}

/** Addresses, names of hosts and paths of files say where a private endpoint is, and who runs it; what is left says what went wrong. */
function withoutPlaces(message: string): string {
  return message
    .replaceAll(/\b[a-z][a-z\d+.-]{0,20}:\/\/[^\s"'<>)]+/gi, HIDDEN)
    .replaceAll(/\[[\da-f:.]*:[\da-f:.]*\](?::\d+)?/gi, HIDDEN)
    .replaceAll(/(?<![\w.)/])[.~]{0,2}(?:\/[\w.@+-]+){2,}\/?/g, "(path)")
    .replaceAll(/\b[a-z]:[\\/][^\s"'<>|]+/gi, "(path)")
    .replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, HIDDEN)
    .replaceAll(/[\w.-]+/g, (word) => (/\.[a-z]{2,}$/i.test(word) ? HIDDEN : word))
    .replaceAll(/(?:\(address\)|\b[a-z][\w-]*):\d{2,5}\b/gi, HIDDEN);
}

const HIDDEN = "(address)";

/** The router was closed by its owner. Of a caller who has left nobody asks. */
function isClosed(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

function closed(): Refusal {
  return new Refusal({
    status: 503,
    code: "draining",
    message: "The gateway is being closed. Try again.",
    headers: retryAfter(1000),
  });
}

function internal(): Refusal {
  return new Refusal({ status: 500, code: "internal_error", message: "The gateway failed." });
}
