import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * How an answer on its way is cut: `broken` as by a connection that is lost, `ended` as by a proxy that thinks it was all.
 */
export type CutKind = "broken" | "ended";

/** Something between a client and a gateway, which cuts what the gateway says. */
export interface CuttingProxy {
  /** Where the answer is cut behind so many of its events. */
  cutting(kind: CutKind, events: number): string;
  close(): Promise<void>;
}

/** Passes everything on to an address, and cuts the answers. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const server = createServer((incoming, outgoing) => {
    const [, kind, count, path = "/"] = /^\/(broken|ended)\/(\d+)(\/.*)$/.exec(incoming.url ?? "") ?? [];
    const { method, headers } = incoming;
    const upstream = request(new URL(path, target), { method, headers: { ...headers, host: new URL(target).host } });
    upstream.on("error", () => outgoing.destroy());
    outgoing.on("error", () => {});
    incoming.pipe(upstream);
    upstream.on("response", (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, { "content-type": answer.headers["content-type"] });
      let left = Number(count);
      let text = "";
      const pass = (piece: string): void => {
        text += piece;
        for (let end = text.indexOf("\n\n"); end >= 0 && left > 0; end = text.indexOf("\n\n"), left--) {
          outgoing.write(text.slice(0, end + 2));
          text = text.slice(end + 2);
        }
        if (left === 0) cut();
      };
      const end = (): void => void outgoing.end(text);
      // Behind the cut nothing passes, not even an end that came with the same bytes.
      const cut = (): void => {
        answer.off("data", pass).off("end", end);
        upstream.destroy();
        // What was written is on its way before the connection is lost.
        if (kind === "ended") outgoing.end();
        else setTimeout(() => outgoing.destroy(), 20);
      };
      answer.on("error", () => {});
      answer.setEncoding("utf8").on("data", pass).on("end", end);
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    cutting: (kind, events) => `http://127.0.0.1:${port}/${kind}/${events}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => void server.close(resolve));
    },
  };
}
