import type { Gateway } from "../../src/gateway.ts";
import { keepInside } from "../../src/inside.ts";

/** A gateway that takes everything, and says in `seen` what came. */
export function emptyGateway(seen: string[]): Gateway {
  const gateway: Gateway = {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      seen.push(pathname);
      if (pathname === "/slow") await new Promise((resolve) => void setTimeout(resolve, 100));
      const bytes = request.method === "GET" ? new ArrayBuffer(0) : await request.arrayBuffer();
      return Response.json({ length: bytes.byteLength });
    },
    close: async () => {},
  };
  keepInside(gateway, { hasKeys: false, idleClientMs: 60_000, drain: async () => {} });
  return gateway;
}
