import { createServer, type AddressInfo, type Socket } from "node:net";

/** A TCP server for exact control over bytes and connections. */
export interface RawServer extends AsyncDisposable {
  readonly origin: string;
  readonly url: URL;
  readonly port: number;
  /** What arrived, one string a connection. */
  readonly received: readonly string[];
  /** `open 1`, `close 1`, in order, by number of the connection. */
  readonly log: readonly string[];
  connections(): number;
  open(): number;
}

/** Starts a server that hands each request head, as text, with its socket to `answer`. */
export async function startRawServer(
  answer: (socket: Socket, request: string, connection: number) => void = () => {},
): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const received: string[] = [];
  const log: string[] = [];
  const server = createServer((socket) => {
    const connection = received.push("");
    let head = "";
    sockets.add(socket);
    log.push(`open ${connection}`);
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      log.push(`close ${connection}`);
    });
    socket.on("data", (chunk) => {
      received[connection - 1] += chunk.toString("latin1");
      head += chunk.toString("latin1");
      for (let end = head.indexOf("\r\n\r\n"); end >= 0; end = head.indexOf("\r\n\r\n")) {
        const request = head.slice(0, end);
        const length = Number(/content-length: (\d+)/i.exec(request)?.[1] ?? 0);
        if (head.length < end + 4 + length) return;
        head = head.slice(end + 4 + length);
        answer(socket, request, connection);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    url: new URL(`http://127.0.0.1:${port}/path?query=1`),
    port,
    received,
    log,
    connections: () => received.length,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A whole response. */
export function response(body: string, { status = 200, headers = "" } = {}): string {
  return `HTTP/1.1 ${status} Said\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** The head of a response with a chunked body. */
export const CHUNKED = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

/** One chunk of a chunked body. */
export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
