import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** How a connection ends that is cut. */
export type CutHow = "end" | "reset" | "stall";

/** Where the response to the next request is cut, and how; none where it passes. */
export type Cut = { readonly atByte: number; readonly how: CutHow } | undefined;

/** What stands between a client and a server, and cuts responses byte by byte, heads included. */
export async function startCuttingProxy(target: string, next: () => Cut) {
  const { port: to } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(to), "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      socket.on("error", () => socket.destroy());
    }
    let cut: Cut;
    let sent = 0;
    let isAsked = false;
    client.on("data", (bytes) => {
      if (!isAsked) cut = next();
      isAsked = true;
      sent = 0;
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      isAsked = false;
      const left = cut === undefined ? Infinity : cut.atByte - sent;
      sent += bytes.length;
      if (bytes.length <= left) client.write(bytes);
      else if (left >= 0) client.write(bytes.subarray(0, left), () => strike(client, upstream, cut));
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: target.replace(/:\d+/, `:${port}`),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function strike(client: Socket, upstream: Socket, cut: Cut): void {
  if (cut?.how === "stall") {
    upstream.pause();
    return;
  }
  if (cut?.how === "reset") client.resetAndDestroy();
  else client.end();
  upstream.destroy();
}
