import { QwenError } from "../errors.ts";
import { readBytes } from "../http/transport.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { SpaceClient } from "./client.ts";

/** What to fetch from somewhere else than the Space. */
export interface DownloadOptions {
  readonly url: URL;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly timeouts: ResolvedTimeouts;
}

/**
 * Fetches a file by the client's transport, and so through its proxy, but with none of its headers.
 *
 * Throws `invalid_request` where there is no such file or it is larger than `maxBytes`.
 */
export async function download(
  client: SpaceClient,
  { url, maxBytes, signal, timeouts }: DownloadOptions,
): Promise<Uint8Array> {
  const response = await client.fetchElsewhere(url, { signal, timeouts });
  if (response.status !== 200) {
    response.body.cancel();
    throw new QwenError(
      "invalid_request",
      `There is no file at ${url.origin}${url.pathname} (status ${response.status}).`,
      { status: response.status },
    );
  }
  const bytes = await readBytes(response.body, { maxBytes, limitMs: timeouts.firstOutputMs, signal });
  if (bytes.byteLength > maxBytes)
    throw new QwenError(
      "invalid_request",
      `The file at ${url.origin}${url.pathname} is larger than ${maxBytes} bytes.`,
    );
  return bytes;
}
