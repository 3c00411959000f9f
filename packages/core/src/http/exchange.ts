import type { DispatchController, DispatchHandler, DispatchOptions } from "undici/lib/dispatcher/client.js";
import { QwenError, TimeoutError } from "../errors.ts";
import type { AbortSource } from "../stop.ts";
import { Deadline } from "../timers.ts";
import { bareCause } from "./bare-cause.ts";
import { BufferedBody, type FlowControl } from "./buffered-body.ts";
import type { Connection, Connections } from "./connections.ts";
import { proxyAuthorization } from "./proxy.ts";
import type { OwnRequest, TransportResponse } from "./transport.ts";
import { agrees, LEAST_ASKED_MS } from "./sending-again.ts";
import { SLICE_BYTES, Upload } from "./upload.ts";

/** How a request ends for who sent it. */
export interface ExchangeListener {
  resolve(response: TransportResponse): void;
  reject(error: unknown): void;
}

/** What went over the wire of an exchange. `answering` from the first byte of the answer, `over` when nothing is left to do. */
type Reached = "connecting" | "sent" | "answering" | "answered" | "over";

// Parsers of undici must not be resumed from within one another.
let parsing = 0;
let newestHost = "";

/** One request and its response over undici. Its clock runs from the start. */
export class Exchange implements DispatchHandler, FlowControl {
  readonly #signal: AbortSource | undefined;
  readonly #lane: symbol | undefined;
  readonly #host: string;
  /** Until the head of its answer is there: it has an address, headers and a body, and an answer may take long. */
  #request: OwnRequest | undefined;
  /** Until it has heard how the request ended: what settles a promise keeps what that was settled with. */
  #listener: ExchangeListener | undefined;
  /** As long as the request. */
  #clock: Deadline | undefined = new Deadline(() => this.#expire());
  readonly #body = new BufferedBody(this);
  #connections: Connections | undefined;
  #connection: Connection | undefined;
  #controller: DispatchController | undefined;
  #upload: Upload | undefined;
  #limitMs: number;
  #reached: Reached = "connecting";
  #repeated = false;

  constructor(request: OwnRequest, listener: ExchangeListener) {
    this.#request = request;
    this.#signal = request.signal;
    this.#lane = request.lane;
    const { host } = request.url;
    // One string for all that ask a host: a piece of an address keeps the whole of it.
    this.#host = host === newestHost ? newestHost : (newestHost = host);
    this.#limitMs = request.connectMs;
    this.#listener = listener;
    request.signal?.addEventListener("abort", this, { once: true });
    this.#limit(request.connectMs);
  }

  /** Sends it, unless it is over by now. */
  send(connections: Connections): void {
    this.#connections = connections;
    if (this.#request !== undefined) this.#dispatch(this.#request, connections);
  }

  /** Ends it with an error, from our side. */
  fail(error: unknown): void {
    if (this.#reached === "over") return;
    this.#finish(error);
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.reject(error);
    this.#body.error(error);
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    if (parsing === 0) this.#controller?.resume();
    else queueMicrotask(() => this.#body.resumeIfFlowing());
  }

  /** Nobody wants the rest of the body. */
  cancel(): void {
    if (this.#reached === "over") return;
    // What is there already may be all: the connection is of use then.
    if (parsing === 0) this.#controller?.resume();
    this.#finish(new QwenError("connection", "The response was dropped."));
  }

  onRequestStart(controller: DispatchController): void {
    // Given up while the connection was made for another request of its lane.
    if (this.#request === undefined) {
      controller.abort(new Error("The request was given up."));
      return;
    }
    this.#controller = controller;
    this.#reached = "sent";
    this.#limit(this.#upload?.limitMs ?? this.#request.headersMs);
    if (!this.#repeated) this.#request.onStart?.();
  }

  onRequestSent(): void {
    // An answer may be there before the whole of a body has gone out.
    if (this.#isWaiting() && this.#upload !== undefined && this.#request !== undefined)
      this.#limit(this.#request.headersMs + this.#upload.restMs);
  }

  onResponseStarted(): void {
    if (this.#reached === "sent") this.#reached = "answering";
  }

  onResponseStart(_: DispatchController, status: number, headers: Record<string, string | string[] | undefined>): void {
    // 1xx only announces the response.
    if (status < 200 || this.#reached === "over") return;
    if (status === 407 && this.#connection?.forwardedBy !== undefined) {
      this.fail(this.#connectionError(new Error("the proxy wants a login, with status 407")));
      return;
    }
    this.#reached = "answered";
    this.#forget();
    this.#listener?.resolve({ status, headers: joined(headers), body: this.#body.handle() });
    this.#listener = undefined;
    const encoding = headers["content-encoding"];
    if (encoding !== undefined && !IS_PLAIN.test(String(encoding))) this.#refuse(String(encoding));
  }

  onResponseData(controller: DispatchController, chunk: Uint8Array): void {
    // They would keep the first 64 KB that came as long as the answer takes.
    controller.rawHeaders = null;
    parsing += 1;
    try {
      this.#body.chunk(chunk);
    } finally {
      parsing -= 1;
    }
  }

  onResponseEnd(): void {
    if (this.#reached === "over") return;
    this.#release();
    if (this.#connection !== undefined) {
      this.#connection.answers += 1;
      this.#connections?.leave(this.#connection, this.#lane);
    }
    // Not from within the parser: who hears of it may send the next request.
    queueMicrotask(() => this.#body.end());
  }

  onResponseError(_: DispatchController | null, error: unknown): void {
    if (this.#reached === "over") return;
    const stale = this.#reached === "sent" && !this.#repeated && (this.#connection?.answers ?? 0) > 0;
    if (stale) void this.#repeat(error);
    else if (this.#reached === "connecting" && isMistake(error)) this.fail(new TypeError(error.message));
    else this.fail(this.#connectionError(error));
  }

  /** The signal of the request has aborted. */
  handleEvent(): void {
    this.fail(this.#signal?.reason);
  }

  /** Until its head is there: an answer begins with its 1xx. */
  #isWaiting(): boolean {
    return this.#reached === "sent" || this.#reached === "answering";
  }

  #limit(limitMs: number): void {
    this.#limitMs = limitMs;
    this.#clock?.start(limitMs);
  }

  #expire(): void {
    const reached = this.#reached;
    // Timers come before sockets in a turn of the event loop: what came in time is heard first, however long the
    // process was busy.
    setImmediate(() => {
      if (this.#reached !== reached || this.#clock?.leftMs !== Infinity) return;
      this.fail(new TimeoutError(reached === "connecting" ? "connect" : "headers", Math.round(this.#limitMs)));
    });
  }

  #dispatch(request: OwnRequest, connections: Connections): void {
    try {
      this.#connection = connections.enter(request, this.#repeated);
      this.#connection.client.dispatch(this.#wire(request, this.#connection), this);
    } catch (error) {
      this.onResponseError(null, error);
    }
  }

  #wire(request: OwnRequest, { forwardedBy }: Connection): DispatchOptions {
    const { method, url, headers, lane } = request;
    const list: string[] = headers["accept-encoding"] === undefined ? ["accept-encoding", "identity"] : [];
    for (const name of Object.keys(headers)) list.push(name, headers[name] ?? "");
    const path = url.pathname + url.search;
    const wire = { path, method, headers: list, ...this.#wireBody(request, list) };
    if (forwardedBy === undefined) return lane === undefined ? wire : { ...wire, blocking: false };
    // One of the caller's is for the host behind, and whoever forwards writes his own in its place.
    if (headers["host"] === undefined) list.push("host", url.host);
    const authorization = proxyAuthorization(forwardedBy);
    if (authorization !== undefined) list.push("proxy-authorization", authorization);
    // undici would make a connection for each host that is named, with TLS to the proxy.
    return { ...wire, path: url.origin + path, servername: forwardedBy.hostname };
  }

  #wireBody({ body, headersMs }: OwnRequest, headers: string[]): Pick<DispatchOptions, "body"> {
    if (body === undefined) return {};
    if (body.length <= SLICE_BYTES) return { body };
    const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
    headers.push("content-length", String(bytes.byteLength));
    this.#upload = new Upload(bytes, {
      limitMs: headersMs,
      onSlice: () => {
        if (this.#isWaiting()) this.#clock?.touch();
      },
    });
    return { body: this.#upload };
  }

  /** Sends it once more over a new connection, where it may be: a kept one was closed by the server in the same moment. */
  async #repeat(error: unknown): Promise<void> {
    const request = this.#request;
    if (request === undefined) return;
    const { method, sendAgain, lane } = request;
    this.#repeated = true;
    this.#controller = undefined;
    this.#limit(Math.max(request.headersMs, LEAST_ASKED_MS));
    if (this.#connection !== undefined) this.#connections?.abandon(this.#connection, lane);
    this.#connection = undefined;
    const allowed = method === "GET" || (await agrees(sendAgain));
    // It may have been aborted meanwhile.
    if (this.#reached === "over" || this.#connections === undefined) return;
    if (!allowed) {
      this.fail(this.#connectionError(error));
      return;
    }
    this.#reached = "connecting";
    this.#limit(request.connectMs);
    this.#dispatch(request, this.#connections);
  }

  #refuse(encoding: string): void {
    const how = KNOWN.exec(encoding)?.[0] ?? "nobody knows how";
    const what = `${this.#host} sends its answer compressed (${how}), although it was asked not to.`;
    this.fail(new QwenError("protocol", what));
  }

  /** Ends it from our side: undici closes the socket on `abort`. */
  #finish(reason: unknown): void {
    if (this.#reached === "over") return;
    this.#release();
    this.#controller?.abort(reason);
    if (this.#connection !== undefined) this.#connections?.abandon(this.#connection, this.#lane);
  }

  #release(): void {
    this.#reached = "over";
    this.#forget();
    this.#signal?.removeEventListener("abort", this);
  }

  /** Nothing is asked any more. */
  #forget(): void {
    this.#clock?.stop();
    this.#clock = undefined;
    this.#request = undefined;
  }

  #connectionError(error: unknown): unknown {
    if (QwenError.isInstance(error)) return error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    const message = error instanceof Error && error.message !== "" ? error.message : code;
    return new QwenError("connection", `The connection to ${this.#host} failed: ${message || "no reason given"}.`, {
      cause: bareCause(error),
    });
  }
}

function joined(headers: Record<string, string | string[] | undefined>): TransportResponse["headers"] {
  for (const name in headers) {
    const value = headers[name];
    if (name === "set-cookie") headers[name] = Array.isArray(value) ? value : [value ?? ""];
    else if (Array.isArray(value)) headers[name] = value.join(", ");
  }
  return headers;
}

/** Whether a `content-encoding` names none. */
const IS_PLAIN = /^(?:[\s,]|identity\b)*$/i;

/** The names of encodings that are shown: a server may write anything there, what it was sent too. */
const KNOWN = /^(?:x-)?(?:gzip|deflate|br|zstd|compress)$/i;

/** Whether undici refuses to send the request at all, for a header it cannot write. */
function isMistake(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "UND_ERR_INVALID_ARG";
}
