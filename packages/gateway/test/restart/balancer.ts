import { createServer, connect, type AddressInfo, type Socket } from "node:net";

/** Spreads connections over gateways that say they are ready. */
export interface Balancer {
  readonly port: number;
  add(port: number): void;
  remove(port: number): void;
  close(): void;
}

/** A balancer that looks at `/readyz` every 25 ms. A connection that is refused goes to the next one that is ready. */
export async function createBalancer(): Promise<Balancer> {
  const ready = new Map<number, boolean>();
  const sockets = new Set<Socket>();
  let turn = 0;

  const look = setInterval(() => {
    for (const port of ready.keys())
      fetch(`http://127.0.0.1:${port}/readyz`, { headers: { connection: "close" } }).then(
        (answer) => void (ready.has(port) && ready.set(port, answer.ok)),
        () => void (ready.has(port) && ready.set(port, false)),
      );
  }, 25);

  function join(client: Socket, tried: ReadonlySet<number>): void {
    const ports = [...ready].filter(([port, isReady]) => isReady && !tried.has(port)).map(([port]) => port);
    const port = ports[turn++ % ports.length];
    if (port === undefined) {
      client.destroy();
      return;
    }
    const backend = connect(port, "127.0.0.1");
    sockets.add(backend);
    backend.once("connect", () => {
      client.pipe(backend).pipe(client);
      backend.off("error", refused);
      backend.on("error", () => client.destroy());
    });
    const refused = (): void => join(client, new Set([...tried, port]));
    backend.once("error", refused);
    client.on("close", () => backend.destroy());
  }

  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => client.destroy());
    join(client, new Set());
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    add: (port) => void ready.set(port, false),
    remove: (port) => void ready.delete(port),
    close() {
      clearInterval(look);
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
