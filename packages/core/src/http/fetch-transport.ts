import { keepsCookies } from "#platform";
import { QwenError, TimeoutError } from "../errors.ts";
import { markOwn } from "../own-functions.ts";
import { startTimer } from "../timers.ts";
import { bareCause } from "./bare-cause.ts";
import { BufferedBody } from "./buffered-body.ts";
import type { ResponseBody, OwnRequest, OwnTransport, TransportOptions, TransportResponse } from "./transport.ts";

/**
 * HTTP over the platform's `fetch`, for browsers and edge runtimes.
 *
 * `fetch` does not tell when a connection stands, so connect and headers share one limit, their
 * sum. A proxy is the platform's business: naming one is a `TypeError`. In a browser cookies are too, which a request says that it
 * needs, and a redirect cannot be followed; what a browser sends of itself only is a `TypeError` as well.
 */
export function createTransport({ proxy }: TransportOptions = {}): OwnTransport {
  if (proxy !== undefined && proxy !== false)
    throw new TypeError(
      "`proxy` cannot be set here, where the platform makes the connections. Pass a `transport` that can.",
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
  withCookies = false,
  outlivesPage = false,
}: OwnRequest): Promise<TransportResponse> {
  signal?.throwIfAborted();
  const ofPage = keepsCookies();
  const sent = sendable(headers, ofPage);
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
      headers: sent,
      redirect: "manual",
      signal: inner.signal,
      // Elsewhere there is no such thing, and some runtimes refuse to hear of it.
      ...(ofPage && { credentials: withCookies ? "include" : "omit", keepalive: outlivesPage }),
      // TypeScript 7 tells an ArrayBuffer from a SharedArrayBuffer; `fetch` takes the first only.
      body: typeof body === "object" ? new Uint8Array(body) : (body ?? null),
    });
  } catch (error) {
    release();
    const hint = ofPage ? " It may be down, or not let this page ask (CORS)." : "";
    throw inner.signal.aborted ? inner.signal.reason : connectionError(error, url, hint);
  }
  timer.stop();
  if (response.type === "opaqueredirect") {
    release();
    throw new QwenError(
      "protocol",
      `${url.host} redirects, and a browser does not say where to. Give the final address.`,
    );
  }
  return { status: response.status, headers: headersOf(response), body: bodyOf(response, { inner, url, release }) };
}

/** As any other client asks: `fetch` refuses a URL with a user in it, and shows the password in its error. */
function withoutCredentials(url: URL): URL {
  return Object.assign(new URL(url), { username: "", password: "" });
}

/** What can be sent of them. The platform's own error would show the value, and a browser says nothing of what it leaves out. */
function sendable(headers: Readonly<Record<string, string>>, ofPage: boolean): Headers {
  const sent = new Request("https://localhost").headers;
  for (const [name, value] of Object.entries(headers)) {
    // What a browser says of itself; another value is asked about first, wherever the page is not from.
    if (ofPage && OURS[name] === value) continue;
    try {
      sent.append(name, value);
    } catch {
      throw new TypeError(
        `The header ${JSON.stringify(name)} cannot be sent. Check for line breaks and other characters.`,
      );
    }
    if (ofPage && !sent.has(name))
      throw new TypeError(`The header ${JSON.stringify(name)} is the browser's own, which nobody else sets.`);
  }
  return sent;
}

const OURS: Readonly<Record<string, string | undefined>> = {
  "accept-encoding": "identity",
  "user-agent": "qwen-sdk",
};

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
  inner.signal.addEventListener("abort", fail, { once: true });
  return body.handle();
}

function headersOf({ headers }: Response): Record<string, string | readonly string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { "set-cookie": cookies }) };
}

function connectionError(error: unknown, url: URL, hint = ""): QwenError {
  const message = error instanceof Error ? error.message : String(error);
  return new QwenError("connection", `The connection to ${url.host} failed: ${message}.${hint}`, {
    cause: bareCause(error),
  });
}
