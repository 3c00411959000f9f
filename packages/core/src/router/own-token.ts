/**
 * Whether headers of a request carry something that tells its caller from others: a token, a key or a cookie.
 *
 * What a provider says of such a caller (too often, no quota left, wrong token) holds for nobody else.
 */
export function carriesToken(headers: Readonly<Record<string, string>> | undefined): boolean {
  return (
    headers !== undefined && Object.keys(headers).some((name) => /auth|token|key|cookie|secret|session/i.test(name))
  );
}
