/**
 * The error underneath a failed connection, without the bytes that it stumbled over: they may be a cookie, or an answer,
 * and whoever logs the error would log them. It is the library's own, made for this failure.
 */
export function bareCause(error: unknown): unknown {
  let inner = error;
  for (let depth = 0; depth < DEEPEST && inner instanceof Error; depth += 1) {
    // As undici's parser calls them.
    if ("data" in inner) Reflect.deleteProperty(inner, "data");
    inner = inner.cause;
  }
  return error;
}

const DEEPEST = 5;
