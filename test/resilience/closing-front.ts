import { createServer, request as send } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A front in the way of a Space. */
export interface ClosingFront extends AsyncDisposable {
  readonly url: string;
}

/**
 * Starts what `http-proxy` makes of a Space by default, as dev servers and Gradio's own do: each request goes on at once
 * over a connection of its own, each answer says `connection: close`, and the Space never hears that a reader has left.
 */
export async function startClosingFront(
  space: string,
  { close = true }: { /** Whether its answers end their connection. */ readonly close?: boolean | undefined } = {},
): Promise<ClosingFront> {
  const { hostname, port } = new URL(space);
  const upstream = new Set<Socket>();
  const front = createServer((request, response) => {
    const headers = { ...request.headers, connection: "close" };
    const passedOn = send({ hostname, port, path: request.url, method: request.method, headers, agent: false });
    passedOn.on("socket", (socket) => upstream.add(socket));
    passedOn.on("response", (answer) => {
      const { connection: _, ...others } = answer.headers;
      response.writeHead(answer.statusCode ?? 502, close ? { ...others, connection: "close" } : others);
      answer.on("data", (chunk) => response.write(chunk));
      answer.on("end", () => response.end());
      answer.on("error", () => response.destroy());
    });
    passedOn.on("error", () => response.destroy());
    request.pipe(passedOn);
  });
  await new Promise<void>((resolve) => front.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      front.closeAllConnections();
      for (const socket of upstream) socket.destroy();
      await new Promise((resolve) => front.close(resolve));
    },
  };
}
