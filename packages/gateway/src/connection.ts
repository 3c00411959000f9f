import type { Answer } from "./answer.ts";

/** What a server knows of the connection that a request came by. */
export interface Connection {
  /** The port that was bound. */
  readonly port: number;
  /** Ends it, without waiting for who is at its other end. */
  leave?(): void;
  /** The body of the request, as it comes. Where there is none, it is read from the request. */
  readonly body?: IncomingBody | undefined;
  /** Writes an answer at once, without a response that would be read again, and gives what stands for one. */
  respond?(answer: Answer): Response;
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

const connections = new WeakMap<Request, Connection>();

/** Says what a request came by, before it is handed to the gateway. */
export function cameBy(request: Request, connection: Connection): void {
  connections.set(request, connection);
}

/** Its answer is out: nobody asks what it came by any more. A map that is weak keeps its values until all of memory is collected. */
export function forget(request: Request): void {
  connections.delete(request);
}

/** What a request came by, where its server said so. */
export function connectionOf(request: Request): Connection | undefined {
  return connections.get(request);
}
