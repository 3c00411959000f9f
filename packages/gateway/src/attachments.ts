import { QwenError, type ContentPart, type Message } from "@qwen/core";
import { createTransport, fetchElsewhere, publicReach, type Transport } from "@qwen/core/http";
import { Refusal } from "./refusal.ts";

/** Which URLs of images and files the gateway fetches: those of public hosts, any (the operator's own risk), or none. */
export type UrlReach = "public" | "any" | "none";

/** How the attachments of a request are fetched. */
interface FetchOptions {
  readonly signal: AbortSignal;
  /** For each of them, in ms. */
  readonly limitMs: number;
}

const MOST_URLS = 32;
const MOST_BYTES = 20 * 1024 * 1024;
const MOST_BYTES_IN_ALL = 64 * 1024 * 1024;
const LIMIT_MS = 30_000;
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
   * may not be fetched or cannot be, and with the reason of `signal`.
   */
  async fetched(messages: readonly Message[], { signal, limitMs }: FetchOptions): Promise<readonly Message[]> {
    const found = addressesIn(messages);
    if (found.length === 0) return messages;
    if (this.#reach === "none") throw refused("This gateway fetches no URLs: send images and files as data: URLs.");
    if (found.length > MOST_URLS) throw refused(`A request can have ${MOST_URLS} URLs of images and files at most.`);
    const urls = [...new Set(found)];
    const bytes = new Map<string, Uint8Array>();
    const most = Math.max(1, Math.min(limitMs, LIMIT_MS));
    let left = MOST_BYTES_IN_ALL;
    const work = urls.values();
    const fetchSome = async (): Promise<void> => {
      for (const url of work) {
        const file = await this.#fetch(url, { signal, limitMs: most });
        left -= file.byteLength;
        if (left < 0) throw refused(`The images and files of a request can be ${MOST_BYTES_IN_ALL} bytes in all.`);
        bytes.set(url, file);
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, urls.length) }, fetchSome));
    return messages.map((message) => ({ ...message, content: withBytes(message.content, bytes) }));
  }

  async #fetch(address: string, { signal, limitMs }: FetchOptions): Promise<Uint8Array> {
    const url = URL.parse(address);
    if (url === null) throw refused("The URL of an image or a file cannot be read.");
    this.#transport ??= createTransport();
    const reach = this.#reach;
    try {
      return await fetchElsewhere(url, {
        transport: this.#transport,
        reach: (hop) => (reach === "any" ? "any" : publicReach(hop)),
        maxBytes: MOST_BYTES,
        limitMs,
        connectMs: Math.min(limitMs, 10_000),
        headersMs: limitMs,
        signal,
      });
    } catch (error) {
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
