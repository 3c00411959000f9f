import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** The answers of a server that are under way, up to their last byte. */
export class Answers {
  readonly #idleMs: number;
  readonly #bySocket = new Map<Socket, Set<ServerResponse>>();
  #none: PromiseWithResolvers<void> | undefined;

  /** How long a client may take nothing of an answer that is there, in ms: its connection is ended then. */
  constructor(idleMs: number) {
    // For Node's sockets 0 is never.
    this.#idleMs = idleMs === Infinity ? 0 : idleMs;
  }

  /** Those of one connection, in the order in which they go out. */
  on(socket: Socket): ReadonlySet<ServerResponse> {
    return this.#bySocket.get(socket) ?? NONE;
  }

  /** One is begun. `onLast` hears when it is over and no other one is under way on its connection. */
  begin(outgoing: ServerResponse, socket: Socket, onLast: () => void): void {
    const underWay = this.#bySocket.get(socket) ?? this.#open(socket);
    underWay.add(outgoing);
    // All of it is there: what is left is its client's to take. Node counts for how long nothing of it moves.
    outgoing.once("prefinish", () => {
      const [first] = underWay;
      if (first === outgoing && outgoing.writableLength > 0) socket.setTimeout(this.#idleMs);
    });
    outgoing.once("close", () => {
      underWay.delete(outgoing);
      const [next] = underWay;
      if (next === undefined) onLast();
      // It may be long in coming.
      else socket.setTimeout(next.writableEnded ? this.#idleMs : 0);
      this.#settle();
    });
  }

  /** Waits until none is under way. */
  async none(): Promise<void> {
    const none = (this.#none ??= Promise.withResolvers());
    this.#settle();
    await none.promise;
  }

  #open(socket: Socket): Set<ServerResponse> {
    const underWay = new Set<ServerResponse>();
    this.#bySocket.set(socket, underWay);
    // It takes those along that wait for their turn, which are told nothing.
    socket.once("close", () => {
      this.#bySocket.delete(socket);
      this.#settle();
    });
    return underWay;
  }

  #settle(): void {
    if (this.#none === undefined || [...this.#bySocket.values()].some(({ size }) => size > 0)) return;
    this.#none.resolve();
    this.#none = undefined;
  }
}

const NONE: ReadonlySet<ServerResponse> = new Set();
