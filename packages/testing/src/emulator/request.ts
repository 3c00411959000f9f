import type { IncomingHttpHeaders } from "node:http";

import type { Exchange } from "../server/exchange.ts";
import type { FaultName, RouteName } from "./faults.ts";

/** A request that came in, and how it ended. Times are milliseconds since the emulator started. */
export type RecordedRequest = Exchange<RouteName, FaultName>;

/** The cookies of a request, by name. */
export function cookiesOf(headers: IncomingHttpHeaders): ReadonlyMap<string, string> {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
  return new Map(pairs.map(([name = "", ...value]) => [name, value.join("=")]));
}

/** Which route a request is for, and what stands in its path. */
export function routeOf(
  method: string,
  pathname: string,
  prefix: string,
): { readonly route: RouteName; readonly parameters: readonly string[] } {
  for (const [wanted, pattern, prefixed, route] of ROUTES) {
    const path = prefixed ? (pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : undefined) : pathname;
    const match = wanted === method && path !== undefined ? pattern.exec(path) : null;
    if (match !== null) return { route, parameters: match.slice(1).map((part) => decodeURIComponent(part)) };
  }
  return { route: "other", parameters: [] };
}

const ROUTES: readonly (readonly [method: string, pattern: RegExp, prefixed: boolean, route: RouteName])[] = [
  ["GET", /^\/config\/?$/u, false, "config"],
  ["POST", /^\/login\/?$/u, false, "login"],
  ["GET", /^\/info\/?$/u, true, "info"],
  ["POST", /^\/queue\/join$/u, true, "join"],
  ["GET", /^\/queue\/data$/u, true, "data"],
  ["POST", /^\/call\/([^/]+)\/?$/u, true, "call"],
  ["GET", /^\/call\/([^/]+)\/([^/]+)$/u, true, "call-data"],
  ["POST", /^\/(?:run|api)\/([^/]+)\/?$/u, true, "run"],
  ["POST", /^\/cancel$/u, true, "cancel"],
  ["POST", /^\/upload$/u, true, "upload"],
  ["GET", /^\/heartbeat\/([^/]+)$/u, true, "heartbeat"],
];
