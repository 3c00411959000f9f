import { handedOver } from "./handed-over.ts";
import type { Handler, Route } from "./route.ts";

/**
 * Answers who looks at a gateway with a browser: `/`, and the paths of whatever a page loads. A `GET` or a `HEAD`, without the key of
 * whoever has one; a page asks for it, and sends it with what it asks of the routes under `/v1`.
 */
export type FrontPage = (request: Request) => Response | Promise<Response>;

/** What is at `/`, where there is a page. */
export function frontRoutes(page: Handler | undefined): readonly Route[] {
  return page === undefined ? [] : [{ path: "/", methods: { GET: page }, access: "open" }];
}

/** Answers by a page. */
export function shown(page: FrontPage, idleClientMs: number): Handler {
  return (request, call) => {
    const headers = new Headers(request.headers);
    headers.delete("authorization");
    const { method, url } = request;
    return handedOver(() => page(new Request(url, { method, headers, signal: call.signal })), { call, idleClientMs });
  };
}
