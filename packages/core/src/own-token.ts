import type { ErrorCode } from "./error-rules.ts";

/** What a provider says of a token, not of itself. */
export const ABOUT_TOKENS: ReadonlySet<string> = new Set<ErrorCode>([
  "authentication",
  "rate_limited",
  "quota_exceeded",
]);

/** Headers of a request. */
export type RequestHeaders = Readonly<Record<string, string>> | undefined;

/**
 * Whether headers of a request carry something that tells its caller from others: a token, a key or a cookie.
 *
 * What a provider says of such a caller (too often, no quota left, wrong token) holds for nobody else.
 */
export function carriesToken(headers: RequestHeaders): boolean {
  return tokenNames(headers).length > 0;
}

/** Whether headers carry a token that is not among those. */
export function carriesOtherToken(headers: RequestHeaders, others: RequestHeaders): boolean {
  return tokenNames(headers).some((name) => headers?.[name] !== others?.[name]);
}

function tokenNames(headers: RequestHeaders): readonly string[] {
  if (headers === undefined) return [];
  return Object.keys(headers).filter((name) => /auth|token|key|cookie|secret|session/i.test(name));
}
