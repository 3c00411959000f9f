import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** What a request to the test Space is about. */
export type Route = "join" | "call" | "data" | "cancel" | "config" | "upload" | "login" | "run" | "other";

type Handler = (exchange: Exchange) => void | Promise<void>;

/** A request as it came, and the means to answer it byte by byte. */
export interface Exchange {
  readonly route: Route;
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The body read as JSON; `undefined` for another one. */
  readonly json: unknown;
  /** Which connection it came over, counted from 1. */
  readonly connection: number;
  readonly socket: Socket;
  readonly response: ServerResponse;
  /** Answers at once and whole. A body that is no string goes out as JSON. */
  reply(status: number, body: unknown, headers?: Readonly<Record<string, string | readonly string[]>>): void;
  /** Opens a `text/event-stream`. */
  events(): Events;
}

/** An open stream of events. */
export interface Events {
  send(...messages: readonly unknown[]): void;
  raw(bytes: string | Uint8Array): void;
  end(): void;
}

/** A Gradio server for one test, scripted by its handlers, which may be replaced at any time. */
export interface TestSpace extends AsyncDisposable {
  readonly origin: string;
  readonly handlers: Record<Route, Handler>;
  /** Every request so far, in order of arrival. */
  readonly requests: readonly Exchange[];
  /** Requests by route, and `close <route>` where the client left before the answer was whole. */
  readonly log: readonly string[];
  /** Connections so far. */
  connections(): number;
  /** Connections open now. */
  open(): number;
  /** Bytes written to all clients. */
  bytesSent(): number;
  close(): Promise<void>;
}

/** The config of a Space with one chat endpoint, `/chat`, at `fn_index` 0. */
export function configOf(
  {
    endpoints = ["chat"],
    ...others
  }: { readonly endpoints?: readonly (string | false)[]; readonly [field: string]: unknown } = {},
  apiPrefix = "/gradio_api",
) {
  return {
    version: "5.50.0",
    protocol: "sse_v3",
    api_prefix: apiPrefix,
    root: "http://elsewhere.invalid/app",
    dependencies: endpoints.map((name, id) => ({ id, api_name: name, queue: true })),
    ...others,
  };
}

/** Event id of the n-th job of a test Space. */
export const eventId = (n = 1): string => `event-${n}`;

export const estimation = (rank: number, etaS: number | null = 1, event = eventId()) => ({
  msg: "estimation",
  event_id: event,
  rank,
  queue_size: rank + 1,
  rank_eta: etaS,
});
export const starts = (event = eventId()) => ({ msg: "process_starts", event_id: event, eta: 1 });
export const generating = (data: readonly unknown[], event = eventId()) => ({
  msg: "process_generating",
  event_id: event,
  output: { data, is_generating: true },
  success: true,
});
export const completed = (data: readonly unknown[], event = eventId()) => ({
  msg: "process_completed",
  event_id: event,
  output: { data, is_generating: false, duration: 1 },
  success: true,
});
export const failed = (output: Readonly<Record<string, unknown>>, event = eventId()) => ({
  msg: "process_completed",
  event_id: event,
  output,
  success: false,
});
export const heartbeat = { msg: "heartbeat", event_id: null };
/** Accepts every job as the same one, so that handlers need not count. */
export const oneJob = {
  join: ({ reply }: Exchange): void => reply(200, { event_id: eventId() }),
  call: ({ reply }: Exchange): void => reply(200, { event_id: eventId() }),
};
export const closeStream = { msg: "close_stream", event_id: null };

/** Answers `data` with these messages and the end of the stream. */
export function says(...messages: readonly unknown[]): Handler {
  return (exchange) => {
    const events = exchange.events();
    events.send(...messages, closeStream);
    events.end();
  };
}

/** Starts a test Space on a free port of 127.0.0.1. Without handlers it accepts every job and says nothing. */
export async function startTestSpace(
  own: Partial<Record<Route, Handler>> = {},
  { prefix = "/gradio_api" }: { readonly prefix?: string } = {},
): Promise<TestSpace> {
  const requests: Exchange[] = [];
  const log: string[] = [];
  const sockets = new Map<Socket, number>();
  let connections = 0;
  let jobs = 0;
  let closedBytes = 0;
  const accept: Handler = ({ reply }) => reply(200, { event_id: eventId((jobs += 1)) });
  const handlers: Record<Route, Handler> = {
    join: accept,
    call: accept,
    data: ({ events }) => void events(),
    cancel: ({ reply }) => reply(200, { success: true }),
    config: ({ reply }) => reply(200, configOf({}, prefix)),
    upload: ({ reply }) => reply(200, ["/tmp/gradio/file"]),
    login: ({ reply }) => reply(200, { success: true }),
    run: ({ reply }) => reply(200, { data: [] }),
    other: ({ reply }) => reply(404, { detail: "Not Found" }),
    ...own,
  };

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", origin);
      const route = routeOf(url.pathname, prefix);
      const body = Buffer.concat(chunks);
      const exchange: Exchange = {
        route,
        method: request.method ?? "",
        url,
        headers: request.headers,
        body,
        json: parse(body.toString()),
        connection: sockets.get(request.socket) ?? 0,
        socket: request.socket,
        response,
        reply(status, answer, headers = {}) {
          const text = typeof answer === "string" ? answer : JSON.stringify(answer);
          response.writeHead(status, { "content-type": "application/json", ...headers });
          response.end(text);
        },
        events() {
          response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
          response.flushHeaders();
          const raw = (bytes: string | Uint8Array) => void response.write(bytes);
          return {
            send: (...messages) => raw(messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join("")),
            raw,
            end: () => void response.end(),
          };
        },
      };
      requests.push(exchange);
      log.push(route);
      response.on("close", () => {
        if (!response.writableFinished) log.push(`close ${route}`);
      });
      void handlers[route](exchange);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on("connection", (socket) => {
    sockets.set(socket, (connections += 1));
    socket.on("error", () => {});
    socket.on("close", () => {
      closedBytes += socket.bytesWritten;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function close(): Promise<void> {
    server.closeAllConnections();
    for (const socket of sockets.keys()) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }

  return {
    origin,
    handlers,
    requests,
    log,
    connections: () => connections,
    open: () => sockets.size,
    bytesSent: () => [...sockets.keys()].reduce((sum, socket) => sum + socket.bytesWritten, closedBytes),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function routeOf(pathname: string, prefix: string): Route {
  if (pathname === "/config") return "config";
  if (pathname === "/login") return "login";
  if (!pathname.startsWith(`${prefix}/`)) return "other";
  const path = pathname.slice(prefix.length);
  if (path === "/queue/join") return "join";
  if (path === "/queue/data") return "data";
  if (path === "/cancel" || path === "/upload") return path.slice(1) as Route;
  if (path.startsWith("/call/")) return "call";
  return path.startsWith("/run/") ? "run" : "other";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
