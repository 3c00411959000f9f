import type { IncomingMessage, ServerResponse } from "node:http";

/**
 * What is used of `@hono/node-server`. Here what answers requests of Node's server by a function from `Request` to
 * `Response`. That package's own declarations name types of browsers, which a project for Node does not have.
 */
export function getRequestListener(
  fetch: (
    request: Request,
    by: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse },
  ) => Promise<Response>,
  options: {
    readonly overrideGlobalObjects: boolean;
    readonly errorHandler: (error: unknown) => Response;
  },
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

/** What is returned to it for a request whose response was written already. */
export const RESPONSE_ALREADY_SENT: Response;
