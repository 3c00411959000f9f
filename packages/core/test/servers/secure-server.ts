import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { getCACertificates, setDefaultCACertificates } from "node:tls";

/** A server for https, on 127.0.0.1 or as `space.test`, that would rather speak HTTP/2. */
export interface SecureServer extends AsyncDisposable {
  readonly port: number;
  /** How many connections were ever made. */
  connections(): number;
  open(): number;
}

/** Starts a server that says how it was asked, `HTTP/1.1 /path`. Until it is disposed, this process trusts it. */
export async function startSecureServer(): Promise<SecureServer> {
  const file = (name: string): string => readFileSync(new URL(`tls/${name}.pem`, import.meta.url), "utf8");
  let connections = 0;
  let open = 0;
  const server = createSecureServer({ key: file("key"), cert: file("cert"), allowHTTP1: true }, (request, answer) =>
    answer.end(`HTTP/${request.httpVersion} ${request.url}`),
  );
  server.on("connection", (socket) => {
    connections += 1;
    open += 1;
    socket.on("close", () => (open -= 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const before = getCACertificates("default");
  setDefaultCACertificates([...before, file("cert")]);
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    open: () => open,
    async [Symbol.asyncDispose]() {
      setDefaultCACertificates(before);
      server.close();
    },
  };
}
