import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, Server as NetServer, type Socket } from "node:net";
import { constants } from "node:os";
import { aPauseMs, aString, aWholeNumber, readOptions, type Rule, type Rules } from "@qwen/core/http";

import { cameBy, forget } from "../connection.ts";
import type { Gateway } from "../gateway.ts";
import { insideOf } from "../inside.ts";
import { type CloseOptions, readCloseOptions } from "../lifecycle.ts";
import { Refusal } from "../refusal.ts";
import { Answers } from "./answers.ts";
import { NodeBody, write } from "./direct.ts";
import { checkRawRequest } from "./raw-request.ts";
import { LINGER_MS, linger } from "./linger.ts";
import { getRequestListener, RESPONSE_ALREADY_SENT } from "./listener.js";
import { onSignals } from "./signals.ts";

/** Options of {@link serveGateway}. */
export interface ServeOptions {
  /** 0 for one that is free. @defaultValue 8787 */
  readonly port?: number | undefined;
  /** The address to listen at. One beyond loopback takes keys. @defaultValue "127.0.0.1" */
  readonly host?: string | undefined;
  /** Connections at a time; more are closed. @defaultValue 4,096 */
  readonly maxConnections?: number | undefined;
  /** Until the headers of a request are there, in ms. @defaultValue 10 s */
  readonly headersMs?: number | undefined;
  /** Until a whole request is there, in ms; its answer may take longer. @defaultValue 60 s */
  readonly requestMs?: number | undefined;
  /** How long requests are taken still once it closes, in ms, while `/readyz` says no. @defaultValue 0 */
  readonly drainDelayMs?: number | undefined;
  /** How long answers may go on then, in ms. @defaultValue 30 s */
  readonly drainMs?: number | undefined;
  /**
   * Signals of the process that close it, after which they do what they always do; a second one closes it at once.
   *
   * @defaultValue SIGTERM and SIGINT
   */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
}

/** A gateway that listens. */
export interface ServedGateway {
  /** Where, such as `http://127.0.0.1:8787`. */
  readonly url: string;
  readonly port: number;
  /**
   * Says no at `/readyz` at once, takes requests for `delayMs` still, then waits for what is under way, at most for `drainMs`; by
   * default as `serveGateway()` was told. What is left ends with an error of the code `draining`, in band where it has begun. A
   * second call while that goes on ends all at once. Rejects with a `TypeError` for an option that is none, and does nothing then.
   */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * Serves a gateway by Node's own HTTP server.
 *
 * Rejects with a `TypeError` for an option that is none, and for a host beyond loopback while the gateway has no keys; and where it cannot
 * listen. Slow senders are ended. What is no HTTP is answered as every error, in
 * JSON, and its connection closed.
 *
 * @example
 * ```ts
 * const { url } = await serveGateway(createGateway({ router }), { port: 8787 });
 * ```
 */
export async function serveGateway(gateway: Gateway, options?: ServeOptions): Promise<ServedGateway> {
  const {
    port = 8787,
    host = "127.0.0.1",
    maxConnections = 4096,
    headersMs = 10_000,
    requestMs = 60_000,
    drainDelayMs = 0,
    drainMs = 30_000,
    signals = ["SIGTERM", "SIGINT"],
  } = readOptions("options", options, RULES) ?? {};
  const { hasKeys } = insideOf(gateway);
  if (!hasKeys && !isLoopback(host))
    throw new TypeError(
      `Without keys everybody who reaches ${JSON.stringify(host)} could use the gateway. Give it \`keys\`, or listen at "127.0.0.1".`,
    );

  const serving = new Serving(gateway, { headersMs, requestMs });
  serving.server.maxConnections = maxConnections;
  await serving.listen(port, host);
  let isClosing = false;
  const close = async (given?: CloseOptions): Promise<void> => {
    const how = readCloseOptions(given);
    const first = !isClosing;
    isClosing = true;
    await serving.close(first ? { delayMs: how.delayMs ?? drainDelayMs, drainMs: how.drainMs ?? drainMs } : how);
    stopListening();
  };
  const stopListening = onSignals(signals, close);
  return { url: serving.url(host), port: serving.port, close };
}

class Serving {
  readonly server: Server;
  readonly #gateway: Gateway;
  readonly #answers: Answers;
  /** Connections on which something was refused: what follows is no request. */
  readonly #refused = new WeakSet<Socket>();
  #isLeaving = false;
  #isListening = true;
  #port = 0;

  constructor(gateway: Gateway, { headersMs, requestMs }: { readonly headersMs: number; readonly requestMs: number }) {
    this.#gateway = gateway;
    this.#answers = new Answers(insideOf(gateway).idleClientMs);
    const answer = getRequestListener((request, exchanged) => this.#answer(request, exchanged), {
      // What programs of the same process make of `Response` is theirs.
      overrideGlobalObjects: false,
      errorHandler: answerTo,
    });
    const settings = {
      maxHeaderSize: 16 * 1024,
      headersTimeout: Math.min(headersMs, requestMs),
      requestTimeout: requestMs,
      // Longer than those of balancers, so that no request meets a connection that is being closed.
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: Math.min(1000, headersMs, requestMs),
      // Node's own answer has no body.
      requireHostHeader: false,
      insecureHTTPParser: false,
      noDelay: true,
      // What waits in the process for one who does not read.
      highWaterMark: 16 * 1024,
    };
    this.server = createServer(settings, (incoming, outgoing) => this.#take(incoming, outgoing, answer));
    this.server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => this.#refuse(error, socket));
    this.server.on("checkExpectation", (incoming: IncomingMessage, outgoing: ServerResponse) =>
      this.#take(incoming, outgoing, async () => this.#turnDown(outgoing, unexpected())),
    );
  }

  /** The port that was bound. Requests come on connections that are left when it no longer is. */
  get port(): number {
    return this.#port;
  }

  url(host: string): string {
    const name = host.includes(":") ? `[${host}]` : host;
    return `http://${name}:${this.port}`;
  }

  async listen(port: number, host: string): Promise<void> {
    const listening = Promise.withResolvers<void>();
    this.server.once("error", listening.reject);
    this.server.listen(port, host, listening.resolve);
    await listening.promise;
    this.server.off("error", listening.reject);
    this.#port = (this.server.address() as AddressInfo).port;
  }

  async close({ delayMs = 0, drainMs }: CloseOptions): Promise<void> {
    this.#isLeaving = true;
    // The gateway itself says no at `/readyz` at once. What comes on connections that are left is answered as long as anything is.
    const drained = insideOf(this.#gateway).drain({ delayMs, drainMs }, () => this.#answers.none());
    const stopping = setTimeout(() => this.#stopListening(), Math.min(delayMs, LONGEST_MS));
    await drained;
    clearTimeout(stopping);
    this.#stopListening();
    this.server.close();
    this.server.closeAllConnections();
  }

  #stopListening(): void {
    if (!this.#isListening) return;
    this.#isListening = false;
    // Not by its own `close()`, which would close idle connections as well: a request may be on its way on one.
    NetServer.prototype.close.call(this.server);
  }

  async #answer(request: Request, { incoming, outgoing }: Exchanged): Promise<Response> {
    cameBy(request, {
      port: this.port,
      leave: () => outgoing.destroy(),
      body: new NodeBody(incoming),
      respond: (answer) => {
        write(outgoing, answer);
        return RESPONSE_ALREADY_SENT;
      },
    });
    outgoing.once("close", () => forget(request));
    const response = await this.#gateway.fetch(request);
    if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) return response;
    // It knows no chunks: there the end of the connection is the end of the answer.
    if (outgoing.req.httpVersion === "1.0") return response;
    // Told so, the adapter does not hold the first piece of a stream back, for a timer, to see whether it is the last.
    response.headers.set("transfer-encoding", "chunked");
    // The headers and what is there already go out in one piece.
    const { socket } = outgoing;
    socket?.cork();
    process.nextTick(() => socket?.uncork());
    return response;
  }

  #take(incoming: IncomingMessage, outgoing: ServerResponse, answer: Listener): void {
    const { socket } = incoming;
    // It stood behind something that was refused: who knows whose it is.
    if (this.#refused.has(socket)) return;
    this.#answers.begin(outgoing, socket, () => {
      if (this.#refused.has(socket)) socket.destroySoon();
    });
    // Nobody who means well sends so many without waiting: the number of connections would bound nothing.
    const isTooMany = this.#answers.on(socket).size > MOST_AT_ONCE;
    // So that its client looks for another process.
    if (this.#isLeaving) outgoing.shouldKeepAlive = false;
    if (!incoming.complete) linger(incoming);
    try {
      if (isTooMany) throw tooMany();
      checkRawRequest(incoming);
    } catch (error) {
      this.#turnDown(outgoing, error instanceof Refusal ? error : internal());
      return;
    }
    void answer(incoming, outgoing);
  }

  /** What follows on its connection is no request. */
  #turnDown(outgoing: ServerResponse, refusal: Refusal): void {
    this.#refused.add(outgoing.req.socket);
    refuse(outgoing, refusal);
  }

  /** What is no HTTP, or no more of it. */
  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    if (this.#refused.has(socket)) return;
    this.#refused.add(socket);
    const [first, second] = this.#answers.on(socket);
    if (!socket.writable || error.code === "ECONNRESET") {
      socket.destroy();
      return;
    }
    // Into an answer that has begun nothing else may be written: it ends as it would, and what has been read whole is answered; then the
    // connection ends.
    if (first !== undefined && (second !== undefined || first.headersSent || first.req.complete)) return;
    socket.end(wireOf(refusalOf(error)));
    // Its sender may go on for ever.
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }
}

/** Requests on one connection that wait for their answers. */
const MOST_AT_ONCE = 16;

function tooMany(): Refusal {
  return new Refusal({
    status: 429,
    code: "rate_limit_exceeded",
    message: `More than ${MOST_AT_ONCE} requests on one connection wait for their answers.`,
    headers: { ...CLOSE, "retry-after": "1" },
  });
}

/** A request and its response, as Node has them. */
interface Exchanged {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

function unexpected(): Refusal {
  return new Refusal({
    status: 417,
    code: "expectation_failed",
    message: "Only `100-continue` can be expected.",
    headers: CLOSE,
  });
}

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

const CLOSE = { connection: "close" };
const LONGEST_MS = 2 ** 31 - 1;

function refusalOf({ code }: NodeJS.ErrnoException): Refusal {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT")
    return new Refusal({
      status: 408,
      code: "request_timeout",
      message: "The request came too slowly.",
      headers: CLOSE,
    });
  if (code === "HPE_HEADER_OVERFLOW")
    return new Refusal({
      status: 431,
      code: "headers_too_large",
      message: "The headers are larger than 16 KiB.",
      headers: CLOSE,
    });
  return new Refusal({ status: 400, code: "bad_request", message: "The request is no HTTP/1.1.", headers: CLOSE });
}

/** Written by hand: there is no response to write it with. */
function wireOf(refusal: Refusal): string {
  const headers = {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(refusal.body)),
    date: new Date().toUTCString(),
    ...refusal.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  return `HTTP/1.1 ${refusal.status} Refused\r\n${lines.join("\r\n")}\r\n\r\n${refusal.body}`;
}

function refuse(outgoing: ServerResponse, refusal: Refusal): void {
  outgoing.writeHead(refusal.status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(refusal.body),
    ...refusal.headers,
  });
  outgoing.end(refusal.body);
}

/** What the adapter makes of a request that it cannot read, and of one that the gateway failed at. */
function answerTo(error: unknown): Response {
  if (error instanceof Error && error.name === "RequestError")
    return new Refusal({
      status: 400,
      code: "bad_request",
      message: "The request's URL is none.",
      headers: CLOSE,
    }).toResponse();
  return internal().toResponse();
}

function internal(): Refusal {
  return new Refusal({ status: 500, code: "internal_error", message: "The gateway made a mistake." });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

const aPort: Rule = (value) =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535
    ? undefined
    : "a port from 0 to 65535";
const aTimerMs: Rule = (value) =>
  aWholeNumber(value) === undefined && (value as number) <= LONGEST_MS ? undefined : "a whole number of ms from 1";
const someSignals: Rule = (value) =>
  Array.isArray(value) && value.every((signal) => Object.hasOwn(constants.signals, signal) && !UNHEARD.has(signal))
    ? undefined
    : 'an array of signals that can be heard, such as "SIGTERM"';
const UNHEARD: ReadonlySet<string> = new Set(["SIGKILL", "SIGSTOP"]);

const RULES: Rules<ServeOptions> = {
  port: aPort,
  host: (value) => aString(value) ?? (value === "" ? "a host" : undefined),
  maxConnections: aWholeNumber,
  headersMs: aTimerMs,
  requestMs: aTimerMs,
  drainDelayMs: aPauseMs,
  drainMs: aPauseMs,
  signals: someSignals,
};
