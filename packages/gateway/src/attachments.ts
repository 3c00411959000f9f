import { QwenError, TimeoutError, type ContentPart, type Message } from "@qwen/core";
import { createTransport, fetchElsewhere, publicReach, type Transport } from "@qwen/core/http";
import { Refusal } from "./refusal.ts";

/** Which URLs of images and files the gateway fetches: those of public hosts, any (the operator's own risk), or none. */
export type UrlReach = "public" | "any" | "none";

/** How the attachments of a request are fetched. */
interface FetchOptions {
  readonly signal: AbortSignal;
  /** For all of the request, in ms. */
  readonly limitMs: number;
  /** What is left of that. */
  readonly leftMs: number;
}

const MOST_URLS = 32;
const MOST_BYTES = 20 * 1024 * 1024;
const MOST_BYTES_IN_ALL = 64 * 1024 * 1024;
/** For each of them. */
const LIMIT_MS = 30_000;
/** What a timer can count. */
const LONGEST_MS = 2 ** 31 - 1;
const AT_ONCE = 4;

/** Fetches what messages hold by address, so that no provider is sent anywhere by a caller. */
export class Attachments {
  readonly #reach: UrlReach;
  #transport: Transport | undefined;

  constructor(reach: UrlReach) {
    this.#reach = reach;
  }

  /**
   * The messages with the bytes in place of http(s) addresses; `data:` URLs stay as they are. Rejects with a {@link Refusal} for what
   * may not be fetched or cannot be, with a `timeout` once no time is left, and with the reason of `signal`. Nothing more is fetched then.
   */
  async fetched(messages: readonly Message[], { signal, limitMs, leftMs }: FetchOptions): Promise<readonly Message[]> {
    const found = addressesIn(messages);
    if (found.length === 0) return messages;
    if (this.#reach === "none") throw refused("This gateway fetches no URLs: send images and files as data: URLs.");
    if (found.length > MOST_URLS) throw refused(`A request can have ${MOST_URLS} URLs of images and files at most.`);
    const urls = [...new Set(found)];
    const bytes = new Map<string, Uint8Array>();
    const ending = new AbortController();
    const wanted = AbortSignal.any([signal, ending.signal]);
    const timer = setTimeout(() => ending.abort(new TimeoutError("total", limitMs)), Math.min(leftMs, LONGEST_MS));
    let left = MOST_BYTES_IN_ALL;
    const work = urls.values();
    const fetchSome = async (): Promise<void> => {
      for (const url of work) {
        const file = await this.#fetch(url, wanted);
        left -= file.byteLength;
        if (left < 0) throw refused(`The images and files of a request can be ${MOST_BYTES_IN_ALL} bytes in all.`);
        bytes.set(url, file);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, urls.length) }, fetchSome));
    } catch (error) {
      ending.abort(error);
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return messages.map((message) => ({ ...message, content: withBytes(message.content, bytes) }));
  }

  async #fetch(address: string, signal: AbortSignal): Promise<Uint8Array> {
    const url = URL.parse(address);
    if (url === null) throw refused("The URL of an image or a file cannot be read.");
    this.#transport ??= createTransport();
    const reach = this.#reach;
    try {
      return await fetchElsewhere(url, {
        transport: this.#transport,
        reach: (hop) => (reach === "any" ? "any" : publicReach(hop)),
        maxBytes: MOST_BYTES,
        limitMs: LIMIT_MS,
        connectMs: 10_000,
        headersMs: LIMIT_MS,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      // What it says of the file's host is for the caller, who named it.
      if (QwenError.isInstance(error)) throw refused(error.message);
      throw error;
    }
  }

  /** Closes the connections that are kept. */
  async close(): Promise<void> {
    await this.#transport?.close();
  }
}

function refused(message: string): Refusal {
  return new Refusal({ status: 400, param: "messages", message });
}

function addressOf(part: ContentPart): string | undefined {
  const source = part.type === "image" ? part.image : part.type === "file" ? part.file : undefined;
  return typeof source === "string" && /^https?:/i.test(source) ? source : undefined;
}

function addressesIn(messages: readonly Message[]): readonly string[] {
  return messages.flatMap(({ content }) =>
    typeof content === "string" ? [] : content.map(addressOf).filter((address) => address !== undefined),
  );
}

function withBytes(content: Message["content"], fetched: ReadonlyMap<string, Uint8Array>): Message["content"] {
  if (typeof content === "string") return content;
  return content.map((part) => {
    const address = addressOf(part);
    const bytes = address === undefined ? undefined : fetched.get(address);
    if (bytes === undefined) return part;
    if (part.type === "image") return { ...part, image: bytes };
    return part.type === "file" ? { ...part, file: bytes } : part;
  });
}
