import { createServer, request as forward } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";

/** An HTTP proxy on loopback: forwards absolute-form requests and tunnels CONNECT. */
export interface TestProxy extends AsyncDisposable {
  readonly url: string;
  /** `GET http://host/path` and `CONNECT host:port`, with `proxy-authorization` behind it where there is one. */
  readonly log: readonly string[];
}

/** Starts a proxy that sends everything to one port of loopback, whatever host was named. */
export async function startTestProxy(target: number): Promise<TestProxy> {
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const note = (line: string, authorization: string | undefined): void =>
    void log.push(authorization === undefined ? line : `${line} ${authorization}`);
  const server = createServer((incoming, outgoing) => {
    note(`${incoming.method} ${incoming.url}`, incoming.headers["proxy-authorization"]);
    const { pathname, search } = new URL(incoming.url ?? "");
    const onward = forward(
      { host: "127.0.0.1", port: target, method: incoming.method, path: pathname + search, headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  server.on("connect", (request, client: Socket) => {
    note(`CONNECT ${request.url}`, request.headers["proxy-authorization"]);
    const onward = connect(target, "127.0.0.1", () => client.write("HTTP/1.1 200 Connected\r\n\r\n"));
    sockets.add(onward);
    onward.on("error", () => {}).on("close", () => client.destroy());
    client.on("error", () => {}).on("close", () => onward.destroy());
    onward.pipe(client).pipe(onward);
  });
  server.on("connection", (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    log,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
