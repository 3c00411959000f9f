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
  | "invalid_output"
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
 * A total timeout ends the request although other timeouts move on: see `TimeoutError`. It cannot be changed.
 */
export const ERROR_RULES: Readonly<Record<ErrorCode, ErrorRule>> = frozen({
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
  invalid_output: { sameProvider: "once", nextCandidate: true, breaker: "ignore" },
  stream_interrupted: { sameProvider: "always", nextCandidate: true, breaker: "count" },
  timeout: { sameProvider: "never", nextCandidate: true, breaker: "count" },
  conversation_expired: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  conversation_busy: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  text_rewritten: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
  all_failed: { sameProvider: "never", nextCandidate: false, breaker: "ignore" },
});

/** The row of the errors table for a code; a newer copy of the SDK may know more of them. */
export function ruleOfCode(code: string): ErrorRule {
  return Object.hasOwn(ERROR_RULES, code) ? ERROR_RULES[code as ErrorCode] : UNKNOWN_RULE;
}

const UNKNOWN_RULE: ErrorRule = { sameProvider: "never", nextCandidate: true, breaker: "count" };

/** It is shared by all routers of a process: nobody may change it for the others. */
function frozen<Table extends Readonly<Record<string, object>>>(table: Table): Table {
  for (const row of Object.values(table)) Object.freeze(row);
  return Object.freeze(table);
}
