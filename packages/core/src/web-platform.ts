import type { DebugLog } from "./debug.ts";
import { excuse } from "./error-excuse.ts";
import { QwenError } from "./errors.ts";

// What browsers and edge runtimes have, as `#platform`.

/** As for Node: here the platform makes them. */
export const makesConnections = false;

/** As for Node. A browser leaves such a header out without a word. */
export function keepsHeader(name: string): boolean {
  return !new Request("https://localhost", { headers: { [name]: "0" } }).headers.has(name);
}

// Asked for when it is needed: importing the package does nothing.
let cookiesAreKept: boolean | undefined;

/** As for Node. Browsers keep them, edge runtimes do not. */
export function keepsCookies(): boolean {
  return (cookiesAreKept ??= keepsHeader("cookie"));
}

/** As for Node. A page is one. */
export function requestsAreApart(): boolean {
  return !keepsCookies();
}

/** As for Node. A page that came without TLS has no `randomUUID`. */
export function randomHash(): string {
  let hash = "";
  for (const byte of crypto.getRandomValues(new Uint8Array(10))) hash += byte.toString(16).padStart(2, "0");
  return hash;
}

/** As for Node. */
export function openLog(): DebugLog | undefined {
  return undefined;
}

/** As for Node. Here there are no files that a URL names. Rejects with `unsupported`. */
export function openFile(_url: URL): Promise<Blob> {
  return Promise.reject(
    new QwenError("unsupported", "A file: URL is read in Node alone. Give the file as a Blob, which an <input> has."),
  );
}

/** As for Node. Here it comes over the network, of which a browser may remember what failed until the page is loaded anew. */
export function loadFailure(cause: unknown): unknown {
  const what = "A part of this SDK cannot be loaded: the page is offline, or older than its files. Reload it.";
  return excuse(new QwenError("connection", what, { cause }));
}
