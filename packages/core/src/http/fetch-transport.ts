import { QwenError, TimeoutError } from "../errors.ts";
import { startTimer } from "../timers.ts";
import { createBufferedBody } from "./buffered-body.ts";
import type { Transport, TransportOptions, TransportRequest, TransportResponse } from "./transport.ts";

export type { Transport, TransportOptions } from "./transport.ts";

/**
 * HTTP over the platform's `fetch`, for browsers and edge runtimes.
 *
 * `fetch` does not tell when a connection stands, so connect and headers share one limit, their
 * sum. A proxy is the platform's business: naming one is a `TypeError`.
 */
export function createTransport({ proxy }: TransportOptions = {}): Transport {
  if (typeof proxy === "string")
    throw new TypeError(
      "The fetch transport cannot use a proxy of its own. Set it up in the platform, or pass a transport that can.",
    );
  return {
    request: exchange,
    async close() {
      // `fetch` keeps its connections to itself.
    },
  };
}

async function exchange({
  method,
  url,
  headers,
  body,
  signal,
  connectMs,
  headersMs,
  onStart,
}: TransportRequest): Promise<TransportResponse> {
  signal?.throwIfAborted();
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
    response = await fetch(url, {
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

// TypeScript 7 tells an ArrayBuffer from a SharedArrayBuffer; `fetch` takes the first only.
function bodyFor(body: string | Uint8Array): string | Uint8Array<ArrayBuffer> {
  return typeof body === "string" ? body : new Uint8Array(body);
}

function bodyOf(
  response: Response,
  { inner, url, release }: { readonly inner: AbortController; readonly url: URL; readonly release: () => void },
) {
  let resume: (() => void) | undefined;
  let paused: Promise<void> | undefined;
  inner.signal.addEventListener("abort", () => resume?.(), { once: true });
  const body = createBufferedBody({
    pause() {
      paused ??= new Promise((resolve) => {
        resume = resolve;
      });
    },
    resume() {
      paused = undefined;
      resume?.();
    },
    cancel() {
      release();
      inner.abort(new QwenError("connection", "The response was dropped."));
    },
  });

  async function pump(): Promise<void> {
    const reader = response.body?.getReader();
    for (let result = await reader?.read(); result !== undefined && !result.done; result = await reader?.read()) {
      body.sink.chunk(result.value);
      if (paused !== undefined) await paused;
    }
  }

  pump().then(
    () => {
      release();
      body.sink.end();
    },
    (error: unknown) => {
      release();
      body.sink.error(inner.signal.aborted ? inner.signal.reason : connectionError(error, url));
    },
  );
  return body;
}

function headersOf({ headers }: Response): Record<string, string | readonly string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length === 0 ? {} : { "set-cookie": cookies }) };
}

function connectionError(error: unknown, url: URL): QwenError {
  const message = error instanceof Error ? error.message : String(error);
  return new QwenError("connection", `The connection to ${url.host} failed: ${message}.`, { cause: error });
}
