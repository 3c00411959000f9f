import type { Socket } from "node:net";
import buildConnector, { type Connect, type ConnectTarget } from "undici/lib/core/connect.js";
import Client, { type ClientOptions } from "undici/lib/dispatcher/client.js";
import { Dial, dialTarget, type DialTarget } from "./dial.ts";
import type { Proxy, ProxyChoice } from "./proxy.ts";
import type { TransportRequest } from "./transport.ts";
import { openTunnel } from "./tunnel.ts";

/** What connections are made of. */
export interface ConnectionParts {
  readonly proxyFor: ProxyChoice;
  /** A connection in the making, for the first that leads there. */
  readonly first: Dial;
}

/** Which connection a request goes over. */
type Way = Pick<TransportRequest, "url" | "lane" | "publicOnly">;

/** Begins TLS on a connection. */
const secure = buildConnector({ allowH2: false, timeout: 0 });

/** Calls where undici tells an event: a listener would be four more objects for each connection. */
class Line extends Client {
  readonly #connection: Connection;

  constructor(connection: Connection, origin: URL, options: ClientOptions) {
    super(origin, options);
    this.#connection = connection;
  }

  override emit(event: string, ...told: unknown[]): boolean {
    if (event === "disconnect") this.#connection.lost();
    return super.emit(event, ...told);
  }
}

/** A connection to one host, over which requests go one after another. It is made by its first request, and again by one that finds it lost. */
export class Connection {
  readonly key: string;
  /** Takes requests. */
  readonly client: Client;
  /** Where requests are sent in absolute form, to be forwarded (RFC 9112, section 3.2.2). */
  readonly forwardedBy: Proxy | undefined;
  /** Requests under way. */
  requests = 0;
  /** Answers that came over it since it was made. */
  answers = 0;
  readonly #parts: ConnectionParts;
  readonly #onLost: (connection: Connection) => void;
  readonly #target: DialTarget;
  readonly #tunnel: Proxy | undefined;
  #dial: Dial | undefined;
  #secured: Socket | undefined;

  constructor(
    way: Way,
    key: string,
    parts: ConnectionParts,
    { urlOf, onLost }: { readonly urlOf: (origin: string) => URL; readonly onLost: (connection: Connection) => void },
  ) {
    const { url, lane } = way;
    const proxy = parts.proxyFor(url);
    this.key = key;
    this.#parts = parts;
    this.#onLost = onLost;
    this.#target = dialTarget(way, proxy);
    const forwarded = proxy !== undefined && proxy.protocol !== "socks5:" && url.protocol === "http:";
    this.forwardedBy = forwarded ? proxy : undefined;
    this.#tunnel = forwarded ? undefined : proxy;
    this.client = new Line(this, urlOf(forwarded ? `${proxy.protocol}//${proxy.host}` : url.origin), {
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      pipelining: lane === undefined ? 1 : 2,
      connect: (target, callback) => this.#open(target, callback),
    });
  }

  /** What it stood on is closed; its next request makes it anew. */
  lost(): void {
    this.answers = 0;
    this.#onLost(this);
  }

  /** Closes it at once, also while it is being made. */
  destroy(): void {
    this.#dial?.cancel();
    this.#secured?.destroy();
    // It fails for nobody: there is no request left.
    void this.client.destroy();
  }

  #open(target: ConnectTarget, callback: Parameters<Connect>[1]): void {
    const { first } = this.#parts;
    this.#dial = first.take(this.#target) ? first : new Dial(this.#target);
    this.#dial.whenDone((error, socket) => {
      if (error !== null || socket === undefined) callback(error);
      else if (this.#tunnel !== undefined) this.#openTunnel(target, socket, this.#tunnel, callback);
      // Forwarded requests name the hosts that they are for; the certificate is the proxy's.
      else if (this.forwardedBy !== undefined) this.#openTls({ ...target, servername: undefined }, socket, callback);
      else this.#openTls(target, socket, callback);
    });
  }

  #openTunnel(target: ConnectTarget, socket: Socket, proxy: Proxy, callback: Parameters<Connect>[1]): void {
    const { hostname, protocol } = target;
    const fail = (error: Error): void => {
      socket.destroy();
      callback(error);
    };
    const leadOn = (toProxy: Socket): void => {
      const port = Number(target.port || (protocol === "https:" ? 443 : 80));
      openTunnel(toProxy, proxy, { hostname, port }).then(() => this.#openTls(target, toProxy, callback), fail);
    };
    if (proxy.protocol !== "https:") {
      leadOn(socket);
      return;
    }
    const { host, hostname: proxyName, port } = proxy;
    this.#openTls({ protocol: "https:", host, hostname: proxyName, port: String(port) }, socket, (error, toProxy) => {
      if (error !== null || toProxy === undefined) callback(error);
      else leadOn(toProxy);
    });
  }

  #openTls(target: ConnectTarget, socket: Socket, callback: Parameters<Connect>[1]): void {
    if (target.protocol === "https:") {
      this.#secured = secure({ ...target, httpSocket: socket }, callback);
      return;
    }
    // From here on the client has it.
    this.#dial = undefined;
    callback(null, socket);
  }
}

/**
 * The connections of a transport. A request has one for itself, an idle one where there is one; those of one lane share
 * one that pipelines: behind another's stream a request would wait for its end.
 */
export class Connections {
  readonly #parts: ConnectionParts;
  readonly #idle = new Map<string, Connection[]>();
  readonly #lanes = new Map<symbol, Connection>();
  readonly #shared = { urlOf: latestUrl(), onLost: (lost: Connection): void => this.#forget(lost) };
  #closed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** Begins a request. `fresh` is over a connection that nothing went over before. */
  enter(way: Way, fresh = false): Connection {
    const connection = fresh ? this.#make({ ...way, lane: undefined }) : this.#find(way);
    connection.requests += 1;
    return connection;
  }

  /** The request is over, and its connection is as good as before. */
  leave(connection: Connection, lane: symbol | undefined): void {
    connection.requests -= 1;
    if (connection.requests > 0) return;
    this.#leaveLane(connection, lane);
    if (this.#closed) {
      void connection.client.close();
      return;
    }
    const idle = this.#idle.get(connection.key);
    if (idle === undefined) this.#idle.set(connection.key, [connection]);
    else idle.push(connection);
  }

  /** The request is over, and nothing may follow it. Nobody else's request is disturbed. */
  abandon(connection: Connection, lane: symbol | undefined): void {
    connection.requests -= 1;
    if (connection.requests > 0) return;
    this.#leaveLane(connection, lane);
    connection.destroy();
  }

  /** Closes those that are idle; the others close after their last answer. */
  async close(): Promise<void> {
    this.#closed = true;
    const idle = [...this.#idle.values()].flat();
    this.#idle.clear();
    await Promise.all(idle.map(({ client }) => client.close()));
  }

  #find(way: Way): Connection {
    const { url, publicOnly } = way;
    let { lane } = way;
    const proxy = this.#parts.proxyFor(url);
    // What a proxy makes of two requests at once is not known.
    if (proxy !== undefined) lane = undefined;
    const busy = lane === undefined ? undefined : this.#lanes.get(lane);
    const key = keyOf(way, proxy) + (lane === undefined ? "" : " lane");
    if (busy?.key === key) return busy;
    // A lane whose requests to another host are under way: this one is like any other.
    if (busy !== undefined) return this.#find({ url, publicOnly });
    // The one that was used last is the likeliest to be still connected.
    const connection = this.#idle.get(key)?.pop() ?? this.#make({ ...way, lane }, key);
    if (lane !== undefined) this.#lanes.set(lane, connection);
    return connection;
  }

  #make(way: Way, key = keyOf(way, this.#parts.proxyFor(way.url))): Connection {
    return new Connection(way, key, this.#parts, this.#shared);
  }

  /** An idle one that was lost is of no use. */
  #forget(lost: Connection): void {
    if (lost.requests > 0) return;
    const idle = this.#idle.get(lost.key);
    const index = idle?.indexOf(lost) ?? -1;
    if (index < 0) return;
    idle?.splice(index, 1);
    if (idle?.length === 0) this.#idle.delete(lost.key);
  }

  #leaveLane(connection: Connection, lane: symbol | undefined): void {
    if (lane !== undefined && this.#lanes.get(lane) === connection) this.#lanes.delete(lane);
  }
}

/** Of many connections to one host each would hold the same address, taken apart, which undici leaves as it is. */
function latestUrl(): (origin: string) => URL {
  let latest: { readonly origin: string; readonly url: URL } | undefined;
  return (origin) => {
    if (latest?.origin !== origin) latest = { origin, url: new URL(origin) };
    return latest.url;
  };
}

function keyOf({ url: { origin, protocol }, publicOnly }: Way, proxy: Proxy | undefined): string {
  // One that stands already may lead anywhere.
  if (proxy === undefined) return publicOnly === true ? `${origin} public` : origin;
  // Whoever forwards does so for every host over the same connection.
  return proxy.protocol !== "socks5:" && protocol === "http:" ? "forwarded" : `${origin} tunnel`;
}
