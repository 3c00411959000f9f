/** What a server knows of the connection that a request came by. */
export interface Connection {
  /** The port that was bound. */
  readonly port: number;
  /** Ends it, without waiting for who is at its other end. */
  leave?(): void;
}

const connections = new WeakMap<Request, Connection>();

/** Says what a request came by, before it is handed to the gateway. */
export function cameBy(request: Request, connection: Connection): void {
  connections.set(request, connection);
}

/** What a request came by, where its server said so. */
export function connectionOf(request: Request): Connection | undefined {
  return connections.get(request);
}
