import type { IncomingMessage } from "node:http";

import { Refusal } from "../refusal.ts";

/**
 * Looks at what Node's parser lets through and `Request` would hide: who is meant by it. Throws a {@link Refusal} that closes the
 * connection for no `Host`, several, one that is none, a request line that names another, and for any
 * `transfer-encoding` but `chunked`.
 */
export function checkRawRequest({ rawHeaders, url = "" }: Pick<IncomingMessage, "rawHeaders" | "url">): void {
  const [host, second] = valuesOf(rawHeaders, "host");
  if (host === undefined || second !== undefined) throw bad("The request must have one `Host` header.");
  if (!HOST.test(host)) throw bad("The `Host` header of the request is none.");
  // Node undoes chunks and nothing else: what is within would be taken for the body.
  if (valuesOf(rawHeaders, "transfer-encoding").some((value) => value.trim().toLowerCase() !== "chunked"))
    throw bad("The only `transfer-encoding` that is taken is `chunked`.");
  if (url.startsWith("/")) {
    if (!TARGET.test(url)) throw bad("The path of the request is none.");
    return;
  }
  // To a proxy one writes the whole URL. It is ours only if it names the same host.
  const match = /^https?:\/\/([^/?#]*)(\/.*)?$/i.exec(url);
  if (match?.[1]?.toLowerCase() !== host.toLowerCase() || !TARGET.test(match[2] ?? "/"))
    throw bad("The request line names another host than its `Host` header.");
}

function valuesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name);
}

const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** What may stand in a request line, but for a fragment and a backslash, which URLs read as something else. */
const TARGET = /^[!"$-[\]-~]*$/;

function bad(message: string): Refusal {
  return new Refusal({ status: 400, code: "bad_request", message, headers: { connection: "close" } });
}
