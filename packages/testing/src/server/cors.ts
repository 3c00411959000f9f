import type { IncomingMessage, ServerResponse } from "node:http";

/** The names of this machine, as Gradio knows them. */
const LOCAL: ReadonlySet<string | undefined> = new Set(["localhost", "127.0.0.1", "0.0.0.0"]);

/**
 * Lets pages of other origins ask, with whatever headers and cookies, as Gradio's server does: what runs on this machine lets
 * only pages of this machine. Under a name of Hugging Face it lets no cookies be, as the proxy there (July 2026:
 * https://github.com/gradio-app/gradio/pull/13581). True where the request only asked whether it may, which is answered then.
 */
export function answerPage({ method, headers }: IncomingMessage, response: ServerResponse): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return false;
  const hostname = host?.replace(/:\d+$/, "");
  if (hostname?.endsWith(".hf.space") !== true) response.setHeader("access-control-allow-credentials", "true");
  if (!LOCAL.has(hostname) || LOCAL.has(URL.parse(origin)?.hostname)) {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader("vary", "Origin");
  }
  if (method !== "OPTIONS" || headers["access-control-request-method"] === undefined) return false;
  const asked = headers["access-control-request-headers"];
  if (asked !== undefined) response.setHeader("access-control-allow-headers", asked);
  response.setHeader("access-control-allow-methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT");
  response.setHeader("access-control-max-age", "600");
  response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("OK");
  return true;
}
