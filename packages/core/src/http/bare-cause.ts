/**
 * The error underneath a failed connection, without what it stumbled over: bytes, which may be a cookie or an answer, and
 * whoever logs the error would log them; and certificates, which fill pages. It is the library's own, made for this failure.
 */
export function bareCause(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < DEEPEST && inner instanceof Error; depth += 1) {
    for (const name of STUMBLED_OVER) if (name in inner) Reflect.deleteProperty(inner, name);
    inner = inner.cause;
  }
  return error;
}

const DEEPEST = 5;

/** As undici's parser and Node's TLS call it. */
const STUMBLED_OVER = ["data", "cert"];
