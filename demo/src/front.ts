import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** An address on this machine at which a server can be reached or not, as its owner likes. */
export interface Front extends AsyncDisposable {
  readonly url: string;
  /** From here on it can be reached. */
  open(): Promise<void>;
}

/** An address for a server that refuses every connection at first. */
export async function createFront(behind: string): Promise<Front> {
  const { hostname, port: portBehind } = new URL(behind);
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(Number(portBehind), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy()).on("close", () => (sockets.delete(one), other.destroy()));
    }
  });
  const listen = (port: number) => once(server.listen(port, "127.0.0.1"), "listening");
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server.close(), "close");
  };
  // A port that is free now; it is given back until somebody opens it.
  await listen(0);
  const { port } = server.address() as AddressInfo;
  await close();
  return {
    url: `http://127.0.0.1:${port}`,
    async open() {
      await listen(port);
    },
    [Symbol.asyncDispose]: close,
  };
}
