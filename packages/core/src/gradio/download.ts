import { QwenError } from "../errors.ts";
import { bytesInDataUrl } from "../http/data-url.ts";
import { fetchElsewhere } from "../http/elsewhere.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { SpaceClient } from "./client.ts";

/** What to fetch from somewhere else than the Space. */
export interface DownloadOptions {
  readonly url: URL | string;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly timeouts: ResolvedTimeouts;
}

/** The longest that a file may take, in ms. */
const LONGEST_MS = 30_000;

/**
 * Fetches a file that a message names or, in a `data:` URL, holds: by the client's transport, and so through its proxy, but with none of its
 * headers; see {@link fetchElsewhere}. Throws `invalid_request` whatever goes wrong.
 *
 * It may take half as long as the first output or the whole answer: what a caller's file does must not end as the
 * provider's timeout.
 */
export async function download(
  client: SpaceClient,
  { url: given, maxBytes, signal, timeouts }: DownloadOptions,
): Promise<Uint8Array> {
  // Read once, whatever it is: what is checked must be what is fetched.
  const url = URL.parse(String(given));
  if (url === null) throw new QwenError("invalid_request", "The address of a file is no URL.");
  if (url.protocol === "data:") return bytesInDataUrl(url, { maxBytes });
  const { connectMs, headersMs, firstOutputMs, totalMs } = timeouts;
  return fetchElsewhere(url, {
    transport: client.transport(),
    reach: client.reach,
    maxBytes,
    limitMs: Math.min(LONGEST_MS, firstOutputMs / 2, totalMs / 2),
    connectMs,
    headersMs,
    signal,
  });
}
