import { QwenError } from "@qwen/core";
import { decodeEvents, GrowingText, type BodySink, type EventSink } from "@qwen/core/http";

/** The longest answer, in characters of all that is said, thought and written for tools. */
export const MOST_CHARS = 16 * 1024 * 1024;

/** Who hears what a response's body says: chunks of a stream, or one whole. */
export interface AnswerSink extends EventSink {
  readonly host: string;
  /** It comes whole. */
  comesWhole(): void;
  /** All of one that came whole. */
  whole(text: string): void;
}

/**
 * The body of a response, told by how it begins, since servers and proxies mislabel it: JSON as a whole, a page as what it is, and
 * anything else as a stream of events.
 */
export class AnswerBody implements BodySink {
  readonly #sink: AnswerSink;
  #events: BodySink | undefined;
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  readonly #text = new GrowingText();
  #isOver = false;

  constructor(sink: AnswerSink) {
    this.#sink = sink;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#events !== undefined) this.#events.chunk(bytes);
    else if (this.#decoder !== undefined) this.#collect(bytes);
    else this.#begin(bytes);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#events !== undefined) this.#events.end();
    else if (this.#decoder !== undefined) {
      this.#text.append(this.#decoder.decode());
      this.#sink.whole(this.#text.whole());
    } else this.#sink.end();
  }

  error(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#sink.error(error);
  }

  #begin(bytes: Uint8Array): void {
    const first = firstByte(bytes);
    if (first === undefined) return;
    if (first === PAGE) {
      this.error(
        new QwenError(
          "space_unavailable",
          `${this.#sink.host} shows a page in place of an answer: a proxy's, or the base URL is another.`,
        ),
      );
    } else if (first === OBJECT || first === LIST) {
      this.#decoder = new TextDecoder();
      this.#sink.comesWhole();
      this.#collect(bytes);
    } else {
      this.#events = decodeEvents(this.#sink, { maxEventChars: MOST_CHARS });
      this.#events.chunk(bytes);
    }
  }

  #collect(bytes: Uint8Array): void {
    this.#text.append(this.#decoder?.decode(bytes, { stream: true }) ?? "");
    if (this.#text.length <= MOST_CHARS) return;
    this.#text.replace("");
    this.error(tooLarge(this.#sink.host));
  }
}

const PAGE = 0x3c;
const OBJECT = 0x7b;
const LIST = 0x5b;

/** The first byte that is neither white space nor of a byte order mark. */
function firstByte(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
}

/** The error for an answer of more than {@link MOST_CHARS}. */
export function tooLarge(host: string): QwenError {
  return new QwenError("protocol", `The answer of ${host} is too large: more than ${MOST_CHARS} characters.`);
}
