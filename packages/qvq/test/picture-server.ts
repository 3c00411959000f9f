import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A web server with pictures, elsewhere than the Space. */
export interface PictureServer extends AsyncDisposable {
  readonly url: string;
  /** The headers of each request. */
  readonly requests: readonly IncomingHttpHeaders[];
}

/** Starts a server on a free port that answers as it is told. */
export async function startPictureServer(answer: RequestListener): Promise<PictureServer> {
  const requests: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    requests.push(request.headers);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/picture`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
