import { connectionOf } from "./connection.ts";
import { Refusal } from "./refusal.ts";

/** Whose requests a gateway takes, as far as browsers tell. */
export interface OriginOptions {
  /** Hosts it is called by besides the loopback names, with a port where that is not the usual one. */
  readonly hosts?: readonly string[] | undefined;
  /** Origins whose pages may use it; `"*"` for all, which takes keys. @defaultValue none but its own */
  readonly cors?: readonly string[] | "*" | undefined;
  /** With keys, whoever has one may come from anywhere. */
  readonly hasKeys: boolean;
}

/** Tells the gateway's own pages from those of other sites. */
export interface OriginGate {
  /** Throws a {@link Refusal} for a request to a foreign host, or from a foreign page. */
  check(request: Request): void;
  /** The answer to what a browser asks before it sends a request of another origin, or nothing where that is not asked. */
  preflight(request: Request): Response | undefined;
  /** What tells a browser that the page may read the answer. */
  headersFor(request: Request): Readonly<Record<string, string>>;
}

/**
 * Makes the gate that keeps other sites' pages out.
 *
 * Every page that a user opens can send requests to programs of the same machine, under any name it points there. So without keys
 * the `Host` must be a loopback name with our port, or one of `hosts`, and an `Origin` must be our own or in `cors`. What is
 * our own is what was bound or named: the URL of a request is its sender's. Throws a `TypeError` for an option that is none.
 */
export function createOriginGate({ hosts = [], cors = [], hasKeys }: OriginOptions): OriginGate {
  const named = new Set(readHosts(hosts));
  const mayRead = readCors(cors, hasKeys);

  function isOwnHost(request: Request, host: string): boolean {
    return named.has(host) || isLoopback(host, connectionOf(request)?.port);
  }

  function isOwnOrigin(request: Request, origin: string): boolean {
    const match = /^https?:\/\/([^/]+)$/.exec(origin);
    const host = match?.[1];
    if (host === undefined) return false;
    if (named.has(host)) return true;
    const { port } = connectionOf(request) ?? {};
    // Where nobody says what was bound, it is what the request was sent to, which was looked at before.
    return port === undefined ? host === (hostOf(request) ?? new URL(request.url).host) : isLoopback(host, port);
  }

  return {
    check(request) {
      if (hasKeys) return;
      const host = hostOf(request);
      // Without one it was made in this process: no server lets that through.
      if (host !== undefined && !isOwnHost(request, host))
        throw foreign(
          "This gateway has no keys, so it is reached by a loopback name and its own port only. Name other hosts in `hosts`.",
        );
      const origin = request.headers.get("origin");
      if (origin !== null) {
        if (!isOwnOrigin(request, origin) && !mayRead(origin))
          throw foreign("Pages of this origin may not use the gateway. Name their origin in `cors`.");
        return;
      }
      if (request.headers.get("sec-fetch-site") === "cross-site" && !isNavigation(request))
        throw foreign("Pages of other sites may not use the gateway. Name their origin in `cors`.");
    },
    preflight(request) {
      const origin = request.headers.get("origin");
      const isPreflight = request.method === "OPTIONS" && request.headers.has("access-control-request-method");
      if (!isPreflight || origin === null || !mayRead(origin)) return undefined;
      return new Response(null, {
        status: 204,
        headers: {
          ...readableBy(cors === "*" ? cors : origin),
          "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE",
          // The star covers what SDKs add, and by its rule not this one.
          "access-control-allow-headers": "authorization, content-type, *",
          "access-control-max-age": "600",
          ...(request.headers.has("access-control-request-private-network") && {
            "access-control-allow-private-network": "true",
          }),
        },
      });
    },
    headersFor(request) {
      const origin = request.headers.get("origin");
      return origin === null || !mayRead(origin) ? {} : readableBy(cors === "*" ? cors : origin);
    },
  };
}

function readableBy(origin: string): Readonly<Record<string, string>> {
  return { "access-control-allow-origin": origin, "access-control-expose-headers": "*", vary: "origin" };
}

/** A name of this machine that nobody else can point at it. */
function isLoopback(host: string, port: number | undefined): boolean {
  const match = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?$/i.exec(host);
  if (match === null) return false;
  return port === undefined || Number(match[1] ?? 80) === port;
}

/** Whether somebody opens the page, by a link of another site perhaps. */
function isNavigation(request: Request): boolean {
  return (
    request.method === "GET" &&
    request.headers.get("sec-fetch-mode") === "navigate" &&
    new URL(request.url).pathname === "/"
  );
}

/** As it was sent. */
function hostOf(request: Request): string | undefined {
  return request.headers.get("host")?.toLowerCase();
}

function foreign(message: string): Refusal {
  return new Refusal({ status: 403, code: "origin_not_allowed", message, headers: { connection: "close" } });
}

function readHosts(hosts: readonly string[]): readonly string[] {
  if (!Array.isArray(hosts) || !hosts.every(isHost))
    throw new TypeError('`hosts` must be an array of hosts such as "chat.example.com" or "10.0.0.7:8080".');
  return hosts.map((host: string) => host.toLowerCase());
}

function isHost(host: unknown): boolean {
  if (typeof host !== "string") return false;
  const match = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?$/i.exec(host);
  return match !== null && Number(match[1] ?? 0) <= 65_535;
}

function readCors(cors: readonly string[] | "*", hasKeys: boolean): (origin: string) => boolean {
  if (cors === "*") {
    if (hasKeys) return () => true;
    throw new TypeError('`cors: "*"` lets every page that a user opens use the gateway, so it takes `keys`.');
  }
  if (!Array.isArray(cors) || !cors.every(isOrigin))
    throw new TypeError(
      '`cors` must be "*" or an array of origins as browsers send them, such as "https://app.example.com": without a path, a port that is the usual one, or `*`.',
    );
  const origins = new Set<string>(cors.map((origin: string) => origin.toLowerCase()));
  return (origin) => origins.has(origin.toLowerCase());
}

/** As a browser sends it: any other would be nobody's. */
function isOrigin(origin: unknown): boolean {
  if (typeof origin !== "string" || !/^[a-z][a-z\d+.-]*:\/\/[^\s/?#@*]+$/i.test(origin)) return false;
  if (!/^https?:/i.test(origin)) return true;
  return URL.canParse(origin) && new URL(origin).origin === origin.toLowerCase();
}
