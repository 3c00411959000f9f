import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * The one function of `@hono/node-server` that is used: what answers requests of Node's server by a function from `Request` to
 * `Response`. That package's own declarations name types of browsers, which a project for Node does not have.
 */
export function getRequestListener(
  fetch: (request: Request, by: { readonly outgoing: ServerResponse }) => Promise<Response>,
  options: {
    readonly overrideGlobalObjects: boolean;
    readonly errorHandler: (error: unknown) => Response;
  },
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;
