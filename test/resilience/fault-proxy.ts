import { createServer, type IncomingMessage, request as forward, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

import type { Fault, FaultName } from "@qwen/testing";

import { breakStream } from "./fault-stream.ts";

/** Stands between a client and a real Gradio app, and spoils what the app says. */
export interface FaultProxy extends AsyncDisposable {
  /** `http://127.0.0.1:…`, without a slash at the end. */
  readonly url: string;
  /** What each socket that clients have open was last asked, as `GET 127.0.0.1:1234/config`. */
  readonly open: readonly string[];
  /** Holds back what the app answers to a route. `reached` settles when it first does. */
  hold(route: "join" | "data"): { readonly reached: Promise<void>; release(): void };
}

/** The faults that a proxy can make; the others are the app's own. */
export const PROXY_FAULTS: readonly FaultName[] = [
  "eof",
  "reset",
  "truncated",
  "stall",
  "heartbeats-only",
  "unknown-message",
  "garbage-line",
  "server-stopped",
  "missing-completion",
  "session-not-found",
  "headers-only",
  "byte-split",
  "delay",
  "never-headers",
  "redirect",
  "rate-limited",
  "rate-limited-seconds",
  "rate-limited-date",
  "rate-limited-ms",
  "queue-full",
  "queue-stopped",
  "proxy-error",
  "sleeping",
  "server-error",
  "html",
  "unauthorized",
  "config-root",
];

const OF_STREAMS: readonly FaultName[] = PROXY_FAULTS.slice(0, PROXY_FAULTS.indexOf("delay"));

/** Starts a proxy in front of one app. */
export async function startFaultProxy(target: string, faults: readonly Fault[] = []): Promise<FaultProxy> {
  const upstream = new URL(target);
  const sockets = new Map<Socket, string>();
  const seen = new Map<Fault, number>();
  const closing = new AbortController();
  const holds = new Map<string, { readonly reached: () => void; readonly released: Promise<void> }>();

  function struckOn(route: string): readonly Fault[] {
    return faults.filter((fault) => {
      const { name, route: given = defaultRoute(name) } = fault;
      const routes: readonly string[] = typeof given === "string" ? [given] : given;
      if (!routes.includes(route)) return false;
      const count = (seen.get(fault) ?? 0) + 1;
      seen.set(fault, count);
      return fault.on === undefined || fault.on === count;
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = routeOf(request.url ?? "/");
    const struck = struckOn(route);
    const has = (name: FaultName): Fault | undefined => struck.find((fault) => fault.name === name);
    const body = await bodyOf(request);

    const reply = struck.map((fault) => replyOf(fault, request)).find((one) => one !== undefined);
    const wait = async (): Promise<void> => {
      const delay = has("delay");
      if (delay !== undefined) await sleep(delay.ms ?? 1000, undefined, { signal: closing.signal });
    };
    if (reply !== undefined) {
      await wait();
      response.writeHead(reply.status, reply.headers).end(reply.body);
      return;
    }

    const answer = await ask(request, { body, response });
    holds.get(route)?.reached();
    await holds.get(route)?.released;
    await wait();
    if (has("never-headers") !== undefined || response.destroyed) return;
    if (route === "data") {
      breakStream(answer, { response, faults: struck });
      return;
    }
    let text = await textOf(answer);
    if (has("config-root") !== undefined)
      text = JSON.stringify({ ...(JSON.parse(text) as object), root: "http://elsewhere.invalid" });
    if (has("eof") !== undefined) return void response.socket?.end();
    if (has("reset") !== undefined) return void response.socket?.resetAndDestroy();
    const { "content-length": _, "transfer-encoding": __, ...headers } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, headers);
    response.flushHeaders();
    if (has("headers-only") !== undefined) return;
    const half = text.slice(0, Math.ceil(text.length / 2));
    if (has("stall") !== undefined) return void response.write(half);
    if (has("byte-split") !== undefined) {
      for (const byte of Buffer.from(text)) response.write(Uint8Array.of(byte));
      response.end();
    } else response.end(has("truncated") === undefined ? text : half);
  }

  /** Asks the app the same. A client that leaves is one that leaves the app. */
  function ask(
    { method, url, headers }: IncomingMessage,
    { body, response }: { readonly body: Buffer; readonly response: ServerResponse },
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = upstream;
      const onward = forward(
        { hostname, port, method, path: url, headers: { ...headers, host: upstream.host }, agent: false },
        resolve,
      );
      onward.on("error", reject);
      response.on("close", () => onward.destroy());
      onward.end(body);
    });
  }

  const server = createServer((request, response) => {
    sockets.set(request.socket, `${request.method} ${request.headers.host}${request.url}`);
    handle(request, response).catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    sockets.set(socket, "nothing");
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get open() {
      return [...sockets.values()];
    },
    hold(route) {
      const reached = Promise.withResolvers<void>();
      const released = Promise.withResolvers<void>();
      holds.set(route, { reached: reached.resolve, released: released.promise });
      return {
        reached: reached.promise,
        release() {
          holds.delete(route);
          released.resolve();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      for (const socket of sockets.keys()) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function routeOf(url: string): string {
  if (url.includes("/queue/join")) return "join";
  if (url.includes("/queue/data")) return "data";
  if (url.endsWith("/config")) return "config";
  return "other";
}

function defaultRoute(name: FaultName): string {
  if (name === "config-root") return "config";
  return OF_STREAMS.includes(name) ? "data" : "join";
}

/** What a fault says in place of the app. */
function replyOf(
  { name, ms = 1000 }: Fault,
  { headers, url = "/" }: IncomingMessage,
): { readonly status: number; readonly headers: Record<string, string>; readonly body: string } | undefined {
  const json = (status: number, detail: string) => ({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ detail }),
  });
  const html = (status: number) => ({ status, headers: { "content-type": "text/html" }, body: "<html>A page.</html>" });
  const busy = (others: Record<string, string>) => ({ status: 429, headers: others, body: "Too Many Requests" });

  switch (name) {
    case "rate-limited":
      return busy({});
    case "rate-limited-seconds":
      return busy({ "retry-after": String(Math.ceil(ms / 1000)) });
    case "rate-limited-date":
      return busy({ "retry-after": new Date(Date.now() + ms).toUTCString() });
    case "rate-limited-ms":
      return busy({ "retry-after-ms": String(ms) });
    case "queue-full":
      return json(503, "Queue is full. Max size is 2 and size is 2.");
    case "queue-stopped":
      return json(503, "Queue is stopped.");
    case "proxy-error":
    case "sleeping":
      return html(503);
    case "server-error":
      return { status: 500, headers: {}, body: "Internal Server Error" };
    case "html":
      return html(200);
    case "unauthorized":
      return json(401, "Not authenticated");
    case "redirect": {
      const { port, hostname } = new URL(`http://${headers.host}`);
      // Whoever followed the redirect stands at its end.
      if (hostname === "localhost") return undefined;
      return { status: 307, headers: { location: `http://localhost:${port}${url}` }, body: "" };
    }
    default:
      return undefined;
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function textOf(answer: IncomingMessage): Promise<string> {
  return (await bodyOf(answer)).toString();
}
