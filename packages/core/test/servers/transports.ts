import { onTestFinished } from "vitest";
import type { Transport, TransportRequest } from "../../src/http/transport.ts";
import { createTransport } from "../../src/http/undici-transport.ts";

/** A transport of Node, without a proxy, that is closed when the test ends. */
export function openTransport(): Transport {
  const transport = createTransport({ proxy: false });
  onTestFinished(() => transport.close());
  return transport;
}

/** A request for what is at a URL. */
export function get(url: URL, more: Partial<TransportRequest> = {}): TransportRequest {
  return { method: "GET", url, headers: {}, connectMs: 10_000, headersMs: 30_000, ...more };
}
