import { QwenError, TimeoutError } from "../errors.ts";
import { startTimer } from "../timers.ts";

/**
 * One HTTP exchange at a time, over whatever the platform has.
 *
 * A transport follows no redirect, keeps no cookie, adds no header of its own and never retries:
 * what is sent where is decided above it.
 */
export interface Transport {
  /**
   * Sends a request and settles with the head of its response, whatever the status is.
   *
   * Rejects with the signal's reason when aborted, a `TimeoutError` of phase `connect` or `headers`,
   * or a `QwenError` of code `connection`.
   */
  request(request: TransportRequest): Promise<TransportResponse>;

  /** Closes idle connections; those in use close after their response. */
  close(): Promise<void>;
}

/** A request as it goes on the wire. */
export interface TransportRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Aborting it before the response's body has ended closes the connection. */
  readonly signal?: AbortSignal | undefined;
  /** Until a connection stands, in ms. */
  readonly connectMs: number;
  /** From then until the headers of the response, in ms. */
  readonly headersMs: number;
  /** Called once when the request begins to be written: from here on the server may have seen it. */
  readonly onStart?: (() => void) | undefined;
  /**
   * Requests of one lane may go out without waiting for each other, and are then answered in their order: over a
   * connection they have for themselves, where the platform can pipeline (RFC 9112, section 9.3.2). Where it cannot,
   * they go like any others.
   */
  readonly lane?: symbol | undefined;
  /**
   * Connect to public addresses only. A transport that looks up the host's name itself connects to the very address it
   * checked, over a connection that nobody else uses, and rejects with code `connection` where there is none. Where a
   * proxy or the platform does the lookup it has no effect.
   */
  readonly publicOnly?: boolean | undefined;
}

/** The head of a response, and its body to come. */
export interface TransportResponse {
  readonly status: number;
  /** Lower-case names; `set-cookie` is a list, anything else sent twice is joined. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: ResponseBody;
}

/** A body that pushes its chunks: an async iterator would cost a promise for each. */
export interface ResponseBody {
  /**
   * Starts the flow into `sink`; to be called once. Nothing is lost before that, and nothing is
   * called after `cancel`.
   */
  pipe(sink: BodySink): void;
  /** Asks for no more chunks until `resume`; a few may still come. */
  pause(): void;
  resume(): void;
  /** Drops the rest and closes the connection. */
  cancel(): void;
}

/** Receives a body: any number of chunks, then exactly one end or error. */
export interface BodySink {
  chunk(bytes: Uint8Array): void;
  end(): void;
  error(error: unknown): void;
}

/** Options of a platform's transport. */
export interface TransportOptions {
  /**
   * URL of an HTTP proxy, or `false` for none.
   *
   * @defaultValue what `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` say
   */
  readonly proxy?: string | false | undefined;
}

/** The first value of a header. */
export function headerOf(response: Pick<TransportResponse, "headers">, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === "string" ? value : value?.[0];
}

/** How much of a body to read, and how long. */
export interface ReadOptions {
  /** Once there is more, reading ends and the connection is closed. @defaultValue 16 MiB */
  readonly maxBytes?: number | undefined;
  /** Until the whole body is there, in ms. @defaultValue 30_000 */
  readonly limitMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a whole body as UTF-8 text; see {@link readBytes}. One longer than `maxBytes` is a `protocol` error that says so,
 * unless it is to be `cut`.
 */
export async function readText(
  body: ResponseBody,
  { maxBytes = MAX_BYTES, cut = false, ...options }: ReadOptions & { readonly cut?: boolean | undefined } = {},
): Promise<string> {
  const bytes = await readBytes(body, { maxBytes, ...options });
  if (bytes.byteLength > maxBytes && !cut) {
    throw new QwenError(
      "protocol",
      `The server's answer is too large: more than ${Math.round(maxBytes / (1024 * 1024))} MiB, which is the most that is read.`,
    );
  }
  return new TextDecoder().decode(bytes);
}

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Reads a whole body. One longer than `maxBytes` is cut off somewhere after.
 *
 * Rejects with what the transport reports, a `TimeoutError` of phase `headers`, or the reason of
 * `signal`. However it ends, the connection is done with.
 */
export function readBytes(
  body: ResponseBody,
  { maxBytes = MAX_BYTES, limitMs = 30_000, signal }: ReadOptions = {},
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    const release = () => {
      timer.stop();
      signal?.removeEventListener("abort", onAbort);
    };
    const giveUp = (error: unknown) => {
      release();
      body.cancel();
      reject(error);
    };
    const onAbort = () => giveUp(signal?.reason);
    const timer = startTimer(limitMs, () => giveUp(new TimeoutError("headers", limitMs)));
    if (signal?.aborted === true) {
      onAbort();
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    body.pipe({
      chunk(bytes) {
        size += bytes.byteLength;
        chunks.push(bytes);
        if (size <= maxBytes) return;
        release();
        body.cancel();
        resolve(join(chunks, size));
      },
      end() {
        release();
        resolve(join(chunks, size));
      },
      error(error) {
        release();
        reject(error);
      },
    });
  });
}

function join(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return only;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}
