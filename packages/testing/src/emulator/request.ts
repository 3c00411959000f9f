import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import type { FaultName, RouteName } from "./faults.ts";

/** A request that came in, and how it ended. Times are milliseconds since the emulator started. */
export interface RecordedRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly route: RouteName;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON, the fields of a form, or the text. */
  readonly body: unknown;
  /** 1 for the first connection. */
  readonly connection: number;
  readonly at: number;
  /** The faults that struck it. */
  readonly faults: readonly FaultName[];
  /** Status of the answer, once there is one. */
  status?: number | undefined;
  /** When the answer was whole, or the client left. */
  endedAt?: number | undefined;
  /** Whether the client left before the answer was whole. */
  left?: boolean | undefined;
}

/** A file of a multipart body. */
export interface UploadedFile {
  readonly field: string;
  readonly name: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Reads a whole body: JSON as its value, forms as fields and files, all else as text. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (bytes.length === 0) return undefined;

  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("multipart/form-data") || type.startsWith("application/x-www-form-urlencoded")) {
    return readForm(bytes, type);
  }
  const text = bytes.toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function readForm(bytes: Buffer, type: string): Promise<unknown> {
  const fields: Record<string, string> = {};
  const files: UploadedFile[] = [];
  const form = await new Response(new Uint8Array(bytes), { headers: { "content-type": type } }).formData();
  for (const [field, value] of form) {
    if (typeof value === "string") fields[field] = value;
    else files.push({ field, name: value.name, type: value.type, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return files.length === 0 ? fields : { ...fields, files };
}

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
