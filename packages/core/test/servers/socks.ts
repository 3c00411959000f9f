import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A SOCKS 5 proxy on loopback. */
export interface TestSocks extends AsyncDisposable {
  readonly port: number;
  /** What was asked for, as `name:port`, with `user:password` before it where there was a login. */
  readonly log: readonly string[];
}

/** Starts a proxy that sends everything to one port of loopback. With `login`, it wants one and takes that. */
export async function startTestSocks(
  target: number,
  { login, reply = 0 }: { readonly login?: string; readonly reply?: number } = {},
): Promise<TestSocks> {
  const log: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on("error", () => {});
    let step = 0;
    let who = "";
    client.on("data", (bytes) => {
      step += 1;
      if (step === 1) {
        client.write(Buffer.from([5, login === undefined ? 0 : bytes.includes(2, 2) ? 2 : 255]));
        if (login === undefined) step = 2;
      } else if (step === 2) {
        const [, length = 0] = bytes;
        who = `${bytes.subarray(2, 2 + length).toString()}:${bytes.subarray(3 + length).toString()}`;
        // In two pieces: nobody may rely on one.
        client.write(Buffer.from([1]));
        setImmediate(() => client.write(Buffer.from([who === login ? 0 : 1])));
      } else if (step === 3) {
        const end = bytes.length - 2;
        const name = bytes[3] === 3 ? bytes.subarray(5, end).toString() : bytes.subarray(4, end).join(".");
        log.push(`${who === "" ? "" : `${who}@`}${name}:${bytes.readUInt16BE(end)}`);
        client.removeAllListeners("data");
        if (reply !== 0) {
          client.end(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
          return;
        }
        const onward = connect(target, "127.0.0.1", () => {
          client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
          onward.pipe(client).pipe(onward);
        });
        sockets.add(onward);
        onward.on("error", () => client.destroy()).on("close", () => client.destroy());
        client.on("close", () => onward.destroy());
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    log,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
