import type Agent from "undici/lib/dispatcher/agent.js";
import type { AgentOptions, DispatchController, TunnelOptions } from "undici/lib/dispatcher/agent.js";
import { QwenError, TimeoutError } from "../errors.ts";
import { startTimer } from "../timers.ts";
import { createBufferedBody } from "./buffered-body.ts";
import { openFirstConnection } from "./first-connection.ts";
import { openPublicAgent } from "./public-agent.ts";
import { createLanes, type Lanes } from "./undici-lanes.ts";
import type { Transport, TransportOptions, TransportRequest, TransportResponse } from "./transport.ts";

export type { Transport, TransportOptions } from "./transport.ts";

/**
 * HTTP/1.1 over undici, with a pool of kept-alive connections of its own.
 *
 * Idle connections do not keep the process alive. undici's own time limits are off: they count
 * bytes, and a heartbeat is bytes. undici is loaded by the first request, while its connection is being made.
 */
export function createTransport({ proxy }: TransportOptions = {}): Transport {
  // undici takes the connect limit per agent. Callers rarely use more than one.
  const dispatchers = new Map<number, Promise<Dispatchers>>();

  function dispatchersFor({ connectMs, url }: TransportRequest): Promise<Dispatchers> {
    let found = dispatchers.get(connectMs);
    if (found === undefined) {
      found = createDispatchers(proxy, { connectMs, url });
      dispatchers.set(connectMs, found);
    }
    return found;
  }

  return {
    async request(request) {
      request.signal?.throwIfAborted();
      // A proxy resolves names by itself.
      if (request.publicOnly === true && !namesProxy(proxy)) return exchangeInPublic(request);
      const { agent, lanes } = await dispatchersFor(request);
      const entry = request.lane === undefined ? undefined : lanes?.enter(request.lane, request.url.origin);
      if (entry !== undefined) return exchange(entry.client, request, entry.leave);
      return exchange(agent, request);
    },
    async close() {
      const open = [...dispatchers.values()];
      dispatchers.clear();
      await Promise.all(open.map(closeDispatchers));
    },
  };
}

/** What sends requests of one connect limit. */
interface Dispatchers {
  readonly agent: Agent;
  /** None behind a proxy. */
  readonly lanes: Lanes | undefined;
}

async function closeDispatchers(dispatchers: Promise<Dispatchers>): Promise<void> {
  const { agent, lanes } = await dispatchers;
  await Promise.all([agent.close(), lanes?.close()]);
}

/** Sends a request over a connection of its own, to a public address. */
async function exchangeInPublic(request: TransportRequest): Promise<TransportResponse> {
  const { timeout, ...options } = agentOptions(request);
  const agent = await openPublicAgent(options, timeout);
  const exchanged = exchange(agent, request);
  // It closes once the response has ended.
  void agent.close();
  return exchanged;
}

const UNDICI_LATER_MS = 1000;

function agentOptions({ connectMs }: Pick<TransportRequest, "connectMs">): AgentOptions & { readonly timeout: number } {
  // Our timer tells the caller; undici's, a little later, only ends the attempt.
  const timeout = Number.isFinite(connectMs) ? connectMs + UNDICI_LATER_MS : 0;
  return {
    timeout,
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout },
    connectTimeout: timeout,
  };
}

async function createDispatchers(
  proxy: string | false | undefined,
  { connectMs, url }: Pick<TransportRequest, "connectMs" | "url">,
): Promise<Dispatchers> {
  const { timeout, ...options } = agentOptions({ connectMs });
  if (typeof proxy === "string") return { agent: await proxyAgent(proxy, options), lanes: undefined };
  if (proxy === undefined && environmentNamesProxy())
    return { agent: await environmentProxyAgent(options), lanes: undefined };

  const first = openFirstConnection(url, connectMs + UNDICI_LATER_MS);
  await first.underWay;
  const [{ default: DirectAgent }, { default: Client }, { default: buildConnector }] = await Promise.all([
    import("undici/lib/dispatcher/agent.js"),
    import("undici/lib/dispatcher/client.js"),
    import("undici/lib/core/connect.js"),
  ]);
  // Whoever waits for this takes it in the same turn, if at all.
  setImmediate(first.drop);
  const direct = { ...options, connect: first.through(buildConnector({ allowH2: false, timeout })) };
  return { agent: new DirectAgent(direct), lanes: createLanes(Client, direct) };
}

async function proxyAgent(uri: string, options: AgentOptions): Promise<Agent> {
  const { default: ProxyAgent } = await import("undici/lib/dispatcher/proxy-agent.js");
  return new ProxyAgent({ ...options, ...(await tunnelOptions(options)), uri });
}

async function environmentProxyAgent(options: AgentOptions): Promise<Agent> {
  const { default: EnvHttpProxyAgent } = await import("undici/lib/dispatcher/env-http-proxy-agent.js");
  return new EnvHttpProxyAgent({ ...options, ...(await tunnelOptions(options)) });
}

/**
 * What a proxy agent needs to tunnel https. undici's dispatchers get their `connect` method in its
 * root module, which must not be loaded; without it every tunnel fails.
 */
async function tunnelOptions({ connectTimeout }: AgentOptions): Promise<TunnelOptions> {
  const [{ default: Pool }, { default: connect }] = await Promise.all([
    import("undici/lib/dispatcher/pool.js"),
    import("undici/lib/api/api-connect.js"),
  ]);
  return {
    clientFactory: (proxy, options) =>
      // The answer to CONNECT is a part of connecting.
      Object.assign(new Pool(proxy, { ...options, headersTimeout: connectTimeout }), { connect }),
    requestTls: { allowH2: false },
  };
}

function namesProxy(proxy: string | false | undefined): boolean {
  return typeof proxy === "string" || (proxy === undefined && environmentNamesProxy());
}

function environmentNamesProxy(): boolean {
  const { env } = process;
  return [env["https_proxy"], env["HTTPS_PROXY"], env["http_proxy"], env["HTTP_PROXY"]].some(
    (value) => value !== undefined && value !== "",
  );
}

function exchange(
  dispatcher: Agent,
  { method, url, headers, body, signal, connectMs, headersMs, onStart, lane }: TransportRequest,
  onOver?: () => void,
): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    let controller: DispatchController | undefined;
    let over = false;
    let timer = startTimer(connectMs, () => fail(new TimeoutError("connect", connectMs)));

    const responseBody = createBufferedBody({
      pause: () => controller?.pause(),
      resume: () => controller?.resume(),
      cancel: () => finish(new QwenError("connection", "The response was dropped.")),
    });

    function onAbort(): void {
      fail(signal?.reason);
    }

    /** Ends the exchange from our side: undici closes the socket on `abort`. */
    function finish(reason: unknown): void {
      if (over) return;
      over = true;
      timer.stop();
      signal?.removeEventListener("abort", onAbort);
      controller?.abort(reason);
      onOver?.();
    }

    function fail(error: unknown): void {
      if (over) return;
      finish(error);
      reject(error);
      responseBody.sink.error(error);
    }

    // It may have aborted while the agent was made.
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    try {
      dispatcher.dispatch(
        {
          origin: url.origin,
          path: url.pathname + url.search,
          method,
          headers,
          // Once more for each request: a proxy agent forgets its options for plain HTTP.
          headersTimeout: 0,
          bodyTimeout: 0,
          ...(body === undefined ? {} : { body }),
          ...(lane === undefined ? {} : { blocking: false }),
        },
        {
          onRequestStart(started) {
            controller = started;
            // Aborted while the connection was made: undici has no way to take the request back earlier.
            if (over) return started.abort(signal?.reason ?? new Error("The request was given up."));
            timer.stop();
            timer = startTimer(headersMs, () => fail(new TimeoutError("headers", headersMs)));
            onStart?.();
          },
          onResponseStart(_, status, responseHeaders) {
            // 1xx only announces the response.
            if (status < 200) return;
            timer.stop();
            resolve({ status, headers: joined(responseHeaders), body: responseBody });
          },
          onResponseData(_, chunk) {
            responseBody.sink.chunk(chunk);
          },
          onResponseEnd() {
            over = true;
            signal?.removeEventListener("abort", onAbort);
            onOver?.();
            // undici hands the connection back one turn after the end of a response. A request sent
            // before that would open a second connection, so the end is told after it.
            queueMicrotask(() => setImmediate(responseBody.sink.end));
          },
          onResponseError(_, error) {
            fail(
              controller === undefined && isMistake(error) ? new TypeError(error.message) : connectionError(error, url),
            );
          },
        },
      );
    } catch (error) {
      fail(connectionError(error, url));
    }
  });
}

function joined(headers: Record<string, string | string[] | undefined>): TransportResponse["headers"] {
  for (const [name, value] of Object.entries(headers)) {
    if (name === "set-cookie") headers[name] = Array.isArray(value) ? value : [value ?? ""];
    else if (Array.isArray(value)) headers[name] = value.join(", ");
  }
  return headers;
}

/** Whether undici refuses to send the request at all, for a header it cannot write. */
function isMistake(error: unknown): error is Error {
  return error instanceof Error && "code" in error && error.code === "UND_ERR_INVALID_ARG";
}

function connectionError(error: unknown, url: URL): unknown {
  if (QwenError.isInstance(error)) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const message = error instanceof Error && error.message !== "" ? error.message : code;
  return new QwenError("connection", `The connection to ${url.host} failed: ${message || "no reason given"}.`, {
    cause: error,
  });
}
