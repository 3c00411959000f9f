import { QwenError, TimeoutError } from "../errors.ts";
import { markOwn } from "../own-functions.ts";
import { startTimer } from "../timers.ts";
import { bareCause } from "./bare-cause.ts";
import { BufferedBody } from "./buffered-body.ts";
import type { ResponseBody, OwnRequest, OwnTransport, TransportOptions, TransportResponse } from "./transport.ts";

export type { Transport, TransportOptions } from "./transport.ts";

/**
 * HTTP over the platform's `fetch`, for browsers and edge runtimes.
 *
 * `fetch` does not tell when a connection stands, so connect and headers share one limit, their
 * sum. A proxy is the platform's business: naming one is a `TypeError`.
 */
export function createTransport({ proxy }: TransportOptions = {}): OwnTransport {
  if (proxy !== undefined && proxy !== false)
    throw new TypeError(
      "The fetch transport cannot use a proxy of its own. Set it up in the platform, or pass a transport that can.",
    );
  return {
    request: ownExchange,
    async close() {
      // `fetch` keeps its connections to itself.
    },
  };
}

const ownExchange = markOwn(exchange);

async function exchange({
  method,
  url,
  headers,
  body,
  signal,
  connectMs,
  headersMs,
  onStart,
}: OwnRequest): Promise<TransportResponse> {
  signal?.throwIfAborted();
  checkHeaders(headers);
  const inner = new AbortController();
  const onAbort = () => inner.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const limitMs = connectMs + headersMs;
  const timer = startTimer(limitMs, () => inner.abort(new TimeoutError("headers", limitMs)));
  const release = () => {
    timer.stop();
    signal?.removeEventListener("abort", onAbort);
  };

  let response: Response;
  try {
    onStart?.();
    // A redirect is followed above, where it is known which headers may go where.
    response = await fetch(withoutCredentials(url), {
      method,
      headers,
      redirect: "manual",
      signal: inner.signal,
      ...(body === undefined ? {} : { body: bodyFor(body) }),
    });
  } catch (error) {
    release();
    throw inner.signal.aborted ? inner.signal.reason : connectionError(error, url);
  }
  timer.stop();
  if (response.type === "opaqueredirect") {
    release();
    throw new QwenError(
      "protocol",
      `${url.host} redirects, and this platform does not say where. Give the final address of the Space.`,
    );
  }
  return { status: response.status, headers: headersOf(response), body: bodyOf(response, { inner, url, release }) };
}

/** As any other client asks: `fetch` refuses a URL with a user in it, and shows the password in its error. */
function withoutCredentials(url: URL): URL {
  if (url.username === "" && url.password === "") return url;
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare;
}

/** The platform's own error would show the value. */
function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(headers)) {
    try {
      new Headers().append(name, value);
    } catch {
      throw new TypeError(
        `The header ${JSON.stringify(name)} cannot be sent. Check for line breaks and other characters.`,
      );
    }
  }
}

// TypeScript 7 tells an ArrayBuffer from a SharedArrayBuffer; `fetch` takes the first only.
function bodyFor(body: string | Uint8Array): string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" ? body : new Uint8Array(body);
}

function bodyOf(
  response: Response,
  { inner, url, release }: { readonly inner: AbortController; readonly url: URL; readonly release: () => void },
): ResponseBody {
  const reader = response.body?.getReader();
  let wanted = false;
  let pumping = false;
  const body = new BufferedBody({
    pause() {
      wanted = false;
    },
    resume() {
      wanted = true;
      if (!pumping) void pump();
    },
    cancel() {
      release();
      inner.abort(new QwenError("connection", "The response was dropped."));
    },
  });
  const fail = (error: unknown): void => {
    release();
    body.error(inner.signal.aborted ? inner.signal.reason : connectionError(error, url));
  };

  async function pump(): Promise<void> {
    pumping = true;
    try {
      while (wanted) {
        const result = await reader?.read();
        if (result === undefined || result.done) {
          release();
          body.end();
          return;
        }
        body.chunk(result.value);
      }
    } catch (error) {
      fail(error);
    } finally {
      pumping = false;
    }
  }

  // Nobody may be reading when it is aborted.
  inner.signal.addEventListener("abort", () => fail(inner.signal.reason), { once: true });
  return body.handle();
}

function headersOf({ headers }: Response): Record<string, string | readonly string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length === 0 ? {} : { "set-cookie": cookies }) };
}

function connectionError(error: unknown, url: URL): QwenError {
  const message = error instanceof Error ? error.message : String(error);
  return new QwenError("connection", `The connection to ${url.host} failed: ${message}.`, { cause: bareCause(error) });
}
