import type { StreamBody } from "./stream-body.ts";

/** What a server knows of the connection that a request came by. */
export interface Connection {
  /** The port that was bound. */
  readonly port: number;
  /** Ends it, without waiting for who is at its other end. */
  leave?(): void;
  /** The body of the request, as it comes. Where there is none, it is read from the request. */
  readonly body?: IncomingBody | undefined;
  /** Whether the server takes the bodies of responses by {@link bodyFor}. @defaultValue false */
  readonly takesBodies?: boolean | undefined;
}

/** The bytes that a request brings, handed out without a promise for each piece. It can be read once. */
export interface IncomingBody {
  read(reader: IncomingReader): void;
  /** Nobody wants more of it. What still comes is its server's. */
  leave(): void;
}

/** Who reads an {@link IncomingBody}. */
export interface IncomingReader {
  take(chunk: Uint8Array): void;
  end(): void;
  /** It broke off. Where the signal of the request says so, it may be left out. */
  fail(error: unknown): void;
}

/** What a response says: all of it, or as it comes. */
export type OutgoingBody = string | StreamBody;

const connections = new WeakMap<Request, Connection>();
const bodies = new WeakMap<Response, OutgoingBody>();

/** Says what a request came by, before it is handed to the gateway. */
export function cameBy(request: Request, connection: Connection): void {
  connections.set(request, connection);
}

/** What a request came by, where its server said so. */
export function connectionOf(request: Request): Connection | undefined {
  return connections.get(request);
}

/** A response to a request. Where its server writes bodies by itself, none is made that it would have to read again. */
export function responseTo(request: Request, body: OutgoingBody, headers: Readonly<Record<string, string>>): Response {
  if (connectionOf(request)?.takesBodies !== true)
    return new Response(typeof body === "string" ? body : body.readable(), { headers });
  const response = new Response(null, { headers });
  bodies.set(response, body);
  return response;
}

/** The body of a response of {@link responseTo}, for a server that takes bodies. */
export function bodyFor(response: Response): OutgoingBody | undefined {
  return bodies.get(response);
}
