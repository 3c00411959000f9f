import { QwenError, TimeoutError } from "../errors.ts";
import { bytesInDataUrl } from "../http/data-url.ts";
import { fetchElsewhere } from "../http/elsewhere.ts";
import type { Reach } from "../http/reach.ts";
import { bytesIn, isBlob } from "../message.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { SpaceClient } from "./client.ts";
import { withinTotal } from "./total.ts";

/** What to fetch from somewhere else than the Space. */
export interface DownloadOptions {
  readonly source: URL | string | Blob;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
  readonly timeouts: ResolvedTimeouts;
  /** Longest time that it may take, in ms. @defaultValue 30_000, or less where the limits are short */
  readonly limitMs?: number | undefined;
  /** Where it may lead to. @defaultValue where the client's messages may */
  readonly reach?: ((url: URL) => Reach) | undefined;
}

/** The longest that a file may take, in ms. */
const LONGEST_MS = 30_000;

/**
 * Fetches a file that a message names or, in a `Blob` or a `data:` URL, holds: by the client's transport, and so through its proxy, but with none of its
 * headers; see {@link fetchElsewhere}. Throws `invalid_request` whatever goes wrong.
 *
 * It may take half as long as the first output or the whole answer: what a caller's file does must not end as the
 * provider's timeout.
 */
export async function download(
  client: SpaceClient,
  { source, maxBytes, signal, timeouts, ...more }: DownloadOptions,
): Promise<Uint8Array> {
  const { connectMs, headersMs, firstOutputMs, totalMs } = timeouts;
  const { limitMs = Math.min(LONGEST_MS, firstOutputMs / 2, totalMs / 2), reach = client.reach } = more;
  if (isBlob(source)) return bytesInBlob(source, { maxBytes, limitMs, signal });
  // Read once, whatever it is: what is checked must be what is fetched.
  const url = URL.parse(String(source));
  if (url === null) throw new QwenError("invalid_request", "The address of a file is no URL.");
  if (url.protocol === "data:") return bytesInDataUrl(url, { maxBytes });
  return fetchElsewhere(url, {
    transport: client.transport(),
    reach,
    maxBytes,
    limitMs,
    connectMs,
    headersMs,
    signal,
  });
}

/** The bytes of a Blob. It may be a file that was changed since it was opened, on a disk that is gone, or of a class of the caller's own. */
async function bytesInBlob(
  blob: Blob,
  { maxBytes, limitMs, signal }: { readonly maxBytes: number; readonly limitMs: number; readonly signal: AbortSignal },
): Promise<Uint8Array> {
  const tooLarge = `it is larger than ${maxBytes} bytes`;
  if (blob.size > maxBytes) throw unreadable(tooLarge);
  let bytes: Uint8Array | undefined;
  try {
    bytes = bytesIn(await withinTotal(limitMs, async () => blob.arrayBuffer(), signal));
  } catch (cause) {
    signal.throwIfAborted();
    throw unreadable(
      cause instanceof TimeoutError ? `it took longer than ${limitMs} ms` : "its bytes are not there",
      cause,
    );
  }
  if (bytes === undefined) throw unreadable("it gives no bytes");
  if (bytes.byteLength > maxBytes) throw unreadable(tooLarge);
  return bytes;
}

function unreadable(why: string, cause?: unknown): QwenError {
  return new QwenError("invalid_request", `The Blob of a file cannot be read: ${why}.`, { cause });
}
