import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** An HTTP server on a free port of 127.0.0.1. */
export interface LocalServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** How many sockets are open. */
  sockets(): number;
  /** Number of a connection, 1 for the first. */
  connectionOf(socket: Socket): number;
  /** Resolves when the last socket is closed. */
  close(): Promise<void>;
}

/**
 * Starts a server. A request whose handler rejects is broken off. Requests of one connection are handled one after the
 * other, as the servers under Gradio do it.
 */
export async function startServer(
  handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<LocalServer> {
  const connections = new Map<Socket, number>();
  let count = 0;
  let closed: Promise<void> | undefined;
  /** The end of the newest response of a connection. */
  const ends = new WeakMap<Socket, Promise<unknown>>();

  async function handleInTurn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const before = ends.get(request.socket);
    ends.set(request.socket, once(response, "close"));
    if (before !== undefined) await before;
    await handle(request, response);
  }

  const server = createServer((request, response) => {
    // A client that leaves in mid-request rejects too: there is nobody left to tell.
    handleInTurn(request, response).catch(() => response.destroy());
  });
  server.on("connection", (socket) => {
    connections.set(socket, ++count);
    socket.on("close", () => connections.delete(socket));
  });
  // A thousand clients at once: with a shorter backlog some of them would wait a second and ask again.
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  async function shut(): Promise<void> {
    const sockets = [...connections.keys()].map((socket) => once(socket.destroy(), "close"));
    await Promise.all([...sockets, new Promise((resolve) => server.close(resolve))]);
  }

  return {
    url: `http://127.0.0.1:${port}`,
    sockets: () => connections.size,
    connectionOf: (socket) => connections.get(socket) ?? 0,
    close: () => (closed ??= shut()),
  };
}
