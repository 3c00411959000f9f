import type { Transport, TransportRequest } from "@qwen/core/gradio";

import { createTransport } from "../../packages/core/src/http/undici-transport.ts";

/** A transport that leads every request elsewhere, and notes where it was meant to go. */
export interface Rerouted extends AsyncDisposable {
  readonly transport: Transport;
  readonly requests: readonly TransportRequest[];
}

/** Sends what is meant for any host to the server that `targetOf` names at that moment. */
export function rerouted(targetOf: (url: URL) => string): Rerouted {
  const transport = createTransport({ proxy: false });
  const requests: TransportRequest[] = [];
  return {
    requests,
    transport: {
      request(request) {
        requests.push(request);
        const { pathname, search } = request.url;
        return transport.request({ ...request, url: new URL(pathname + search, targetOf(request.url)) });
      },
      close: async () => {},
    },
    [Symbol.asyncDispose]: async () => transport.close(),
  };
}
