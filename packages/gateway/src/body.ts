import { GrowingText } from "@qwen/core/http";
import { connectionOf, type IncomingBody, type IncomingReader } from "./connection.ts";
import { JsonScanner, type JsonLimits } from "./json-scanner.ts";
import { Refusal } from "./refusal.ts";

/** What the bodies of all requests may take. */
export interface BodyLimits extends JsonLimits {
  /** Of one body, in bytes. @defaultValue 20 MiB */
  readonly maxBytes?: number | undefined;
  /** Of all bodies that are being read at a time, in bytes. @defaultValue 256 MiB */
  readonly maxBytesInAll?: number | undefined;
  /** Until a body is there, in ms. @defaultValue 60 s */
  readonly bodyMs?: number | undefined;
}

/** Reads the bodies of requests. */
export interface BodyReader {
  /**
   * The JSON that a request holds, of any kind.
   *
   * Rejects with a {@link Refusal}: 415 for another type or a compressed body, 413 for one that is too large, or too deep, or
   * holds too many values, 408 for one that comes too slowly, 503 while others take all the room, 400 for what is no UTF-8 or
   * no JSON; and with the reason of the request's signal once that aborts.
   */
  json(request: Request): Promise<unknown>;
  /** The bytes, whatever they are. `maxBytes` is stronger than that of the limits. Rejects as above, but for the type. */
  bytes(request: Request, options?: { readonly maxBytes?: number | undefined }): Promise<Uint8Array>;
}

/**
 * Makes the one place where bodies are read. They share what may be read at a time, so there is one for a gateway.
 *
 * A body is counted and scanned as it comes: what is too much is refused before it is there, and never parsed.
 */
export function createBodyReader({
  maxBytes = 20 * MIB,
  maxBytesInAll = 256 * MIB,
  bodyMs = 60_000,
  ...json
}: BodyLimits = {}): BodyReader {
  const room = { left: maxBytesInAll };
  return {
    async json(request) {
      requireJson(request);
      const scanner = new JsonScanner(json);
      const text = new BodyText();
      const reading = new BodyReading({ request, maxBytes, room, bodyMs });
      await reading.each((chunk) => {
        scanner.feed(chunk);
        text.push(chunk);
      });
      return parsed(text.whole());
    },
    async bytes(request, options) {
      const bytes = new BodyBytes();
      const reading = new BodyReading({ request, maxBytes: options?.maxBytes ?? maxBytes, room, bodyMs });
      await reading.each((chunk) => bytes.push(chunk));
      return bytes.whole();
    },
  };
}

const MIB = 1024 * 1024;

/** A body that is being read. */
class BodyReading {
  readonly #request: Request;
  readonly #maxBytes: number;
  readonly #bodyMs: number;
  readonly #room: { left: number };
  #size = 0;

  constructor({ request, maxBytes, room, bodyMs }: BodyReadingOptions) {
    this.#request = request;
    this.#maxBytes = maxBytes;
    this.#room = room;
    this.#bodyMs = bodyMs;
  }

  /** Hands out what comes until all of it has. What is thrown meanwhile ends it. */
  async each(take: (chunk: Uint8Array) => void): Promise<void> {
    const { headers, signal } = this.#request;
    requireUncompressed(headers);
    const announced = Number(headers.get("content-length") ?? 0);
    if (announced > this.#maxBytes) throw tooLarge(this.#maxBytes);
    const body = connectionOf(this.#request)?.body ?? webBody(this.#request);
    if (body === undefined) return;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(tooSlow(this.#bodyMs)), this.#bodyMs);
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      body.read({
        take: (chunk) => {
          try {
            this.#count(chunk.byteLength);
            take(chunk);
          } catch (error) {
            // What comes behind it in the same turn is nothing to anybody.
            body.leave();
            reject(error);
          }
        },
        end: resolve,
        fail: reject,
      });
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      this.#room.left += this.#size;
      // It is not cancelled: that may end the connection before the refusal is out. Who serves it ends what is left.
      body.leave();
    }
  }

  #count(bytes: number): void {
    this.#size += bytes;
    this.#room.left -= bytes;
    if (this.#size > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (this.#room.left < 0) throw tooMany();
  }
}

/** Whether a request brings a body, even an empty one. */
export function hasBody(request: Request): boolean {
  // To ask the request itself would make a stream of its body, and begin to read it.
  if (connectionOf(request)?.body === undefined) return request.body !== null;
  return request.method !== "GET" && request.method !== "HEAD";
}

/** The body of a request that came by no server that hands it out. */
function webBody({ body }: Request): IncomingBody | undefined {
  if (body === null) return undefined;
  const reader = body.getReader();
  let isLeft = false;
  async function read({ take, end }: IncomingReader): Promise<void> {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLeft) return;
      if (done) break;
      take(value);
    }
    end();
  }
  return {
    read: (to) => void read(to).catch(to.fail),
    leave() {
      isLeft = true;
    },
  };
}

interface BodyReadingOptions {
  readonly request: Request;
  readonly maxBytes: number;
  readonly room: { left: number };
  readonly bodyMs: number;
}

/** Forms and plain text are what pages of other sites may send without being asked: JSON alone gets in. */
function requireJson({ headers }: Request): void {
  const type = headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/json") return;
  throw new Refusal({
    status: 415,
    code: "unsupported_media_type",
    message: "The body must be JSON, and say so with `content-type: application/json`.",
    headers: CLOSE,
  });
}

function requireUncompressed(headers: Headers): void {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "identity";
  if (encoding === "identity" || encoding === "") return;
  throw new Refusal({
    status: 415,
    code: "unsupported_media_type",
    message: "The body must come as it is: no `content-encoding` is taken.",
    headers: CLOSE,
  });
}

/** The bytes of a body, in one place: a piece may be a single byte, which would take two hundred by itself. */
class BodyBytes {
  #bytes = new Uint8Array(4096);
  #size = 0;

  push(piece: Uint8Array): void {
    const size = this.#size + piece.byteLength;
    if (size > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(size, 2 * this.#bytes.byteLength));
      larger.set(this.whole());
      this.#bytes = larger;
    }
    this.#bytes.set(piece, this.#size);
    this.#size = size;
  }

  whole(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#size);
  }
}

/** The text of a body, from the pieces that it comes in. Throws a {@link Refusal} for what is no UTF-8. */
class BodyText {
  /** While it is the only piece, as most bodies have one: a decoder that keeps what pieces cut apart takes longer than all else. */
  #first: Uint8Array | undefined;
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  readonly #text = new GrowingText();

  push(piece: Uint8Array): void {
    if (this.#decoder !== undefined) this.#text.append(decoded(this.#decoder, piece, true));
    else if (this.#first === undefined) this.#first = piece;
    else {
      this.#decoder = new TextDecoder("utf-8", { fatal: true });
      this.#text.append(decoded(this.#decoder, this.#first, true) + decoded(this.#decoder, piece, true));
    }
  }

  whole(): string {
    if (this.#decoder === undefined) return decoded(UTF8, this.#first, false);
    this.#text.append(decoded(this.#decoder, undefined, false));
    return this.#text.whole();
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function decoded(decoder: InstanceType<typeof TextDecoder>, piece: Uint8Array | undefined, isPart: boolean): string {
  try {
    return decoder.decode(piece, { stream: isPart });
  } catch {
    throw badJson("The body is no well-formed UTF-8.");
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What the parser says quotes the body.
    throw badJson(text.trim() === "" ? "The request has no body." : "The body is no JSON.");
  }
}

function badJson(message: string): Refusal {
  return new Refusal({ status: 400, code: "invalid_json", message });
}

function tooLarge(maxBytes: number): Refusal {
  const message = `The body is larger than ${maxBytes} bytes.`;
  return new Refusal({ status: 413, code: "request_too_large", message, headers: CLOSE });
}

function tooSlow(bodyMs: number): Refusal {
  const message = `The body did not come within ${bodyMs} ms.`;
  return new Refusal({ status: 408, code: "request_timeout", message, headers: CLOSE });
}

function tooMany(): Refusal {
  return new Refusal({
    status: 503,
    code: "overloaded",
    message: "Other requests' bodies take all the room there is. Try again.",
    headers: { ...CLOSE, "retry-after": "1" },
  });
}

/** What is left of the body must not be taken for the next request. */
const CLOSE = { connection: "close" };
