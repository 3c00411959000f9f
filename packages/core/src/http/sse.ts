import { createParser, type EventSourceParser } from "eventsource-parser";
import { QwenError } from "../errors.ts";
import { aCountFrom, isGroup, readOptions, requireOption, type Rule, type Rules } from "../options.ts";
import type { BodySink } from "./transport.ts";

/** Characters of an unfinished line from which on they are handed on: the parser keeps each piece that it is fed. */
const SHORTEST_FED = 4096;

/** Lines of data of an event at most, counted once it is large: the parser joins them, at a hundred bytes each. */
const MOST_LINES = 500_000;
const LARGE = 1024 * 1024;

/** Receives the events of a stream, then exactly one end or error. */
export interface EventSink {
  /** `name` is the `event` field, absent for a plain message. */
  event(data: string, name: string | undefined): void;
  end(): void;
  error(error: unknown): void;
}

/** How to read events. */
export interface ReadEventsOptions {
  /** The longest event, in characters; a longer one is a `protocol` error. @defaultValue 64 Mi */
  readonly maxEventChars?: number | undefined;
}

/**
 * Decodes a `text/event-stream` body: UTF-8 split at any byte, lines ended by CR, LF or both and by
 * nothing else, comments and unknown fields ignored.
 *
 * An event that the end of the stream cuts off is dropped, as the HTML standard's section
 * "Server-sent events" says. One longer than `maxEventChars`, or of more
 * than half a million lines of data, is a `protocol` error; lines of other kinds are no part of it, however many come. What is no
 * sink and an option that is none is a `TypeError`.
 */
export function decodeEvents(sink: EventSink, options?: ReadEventsOptions): BodySink {
  requireOption("sink", sink, aSink);
  const { maxEventChars = 64 * 1024 * 1024 } = readEventOptions(options) ?? {};
  return new EventDecoder(sink, maxEventChars);
}

const aSink: Rule = (value) =>
  isGroup(value) && "event" in value && "end" in value && "error" in value
    ? undefined
    : "an object with `event`, `end` and `error`";

/** Reads how to read events. Throws a `TypeError` for an option that is none. */
export function readEventOptions(options: ReadEventsOptions | undefined): ReadEventsOptions | undefined {
  return readOptions("options", options, RULES);
}

const RULES: Rules<ReadEventsOptions> = { maxEventChars: aCountFrom(1) };

class EventDecoder implements BodySink {
  readonly #sink: EventSink;
  readonly #maxEventChars: number;
  /** Made when there is a chunk that takes one: it is a dozen closures, and most streams have none such. */
  #parser: EventSourceParser | undefined;
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  /** Of a line that came in small pieces so far. */
  #tail = "";
  #failed = false;
  #latest = 0;
  /** No less than what the parser holds, in characters. */
  #held = 0;
  /** Of data, in what is held beyond a MiB. */
  #lines = 0;
  /** The end of the last text, at which a line may have begun. */
  #lineStart = "";
  /** Nothing is held: the last chunk ended with a whole event. */
  #isBetween = true;
  #hasBegun = false;

  constructor(sink: EventSink, maxEventChars: number) {
    this.#sink = sink;
    this.#maxEventChars = maxEventChars;
  }

  chunk(bytes: Uint8Array): void {
    if (this.#failed) return;
    const text = this.#decode(bytes);
    // One event a chunk is what most servers send: it needs no parser, whose work would cost as much as all that is done with it.
    if (this.#isBetween && isOneEvent(text) && text.length <= this.#maxEventChars) {
      this.#hasBegun = true;
      this.#sink.event(text.slice(DATA.length, -2), undefined);
      return;
    }
    // Also where what came since was no event, such as the comments by which a server keeps a connection.
    if (this.#isBetween) {
      this.#held = 0;
      this.#lines = 0;
    }
    this.#isBetween = text.endsWith("\n\n");
    this.#latest = text.length;
    this.#held += text.length;
    const mayOverflow = this.#held > this.#maxEventChars;
    if (this.#held > LARGE) this.#lines += dataLinesIn(this.#lineStart + text);
    this.#lineStart = (this.#lineStart + text.slice(-FIELD)).slice(-FIELD);
    this.#tail += text;
    if (this.#tail.length < SHORTEST_FED && !mayOverflow && !text.includes("\n") && !text.includes("\r")) return;
    const fed = this.#tail;
    this.#tail = "";
    this.#feed(fed);
    const isLong = this.#lines > MOST_LINES;
    if (this.#failed || !(isLong || (mayOverflow && this.#overflowed()))) return;
    this.#failed = true;
    const most = isLong ? `${MOST_LINES} lines` : `${this.#maxEventChars} characters`;
    this.#sink.error(new QwenError("protocol", `The stream holds an event longer than ${most}.`));
  }

  end(): void {
    if (!this.#failed) this.#sink.end();
  }

  error(error: unknown): void {
    if (!this.#failed) this.#sink.error(error);
  }

  #feed(text: string): void {
    if (this.#parser === undefined) {
      // No `onError`: for each line that means nothing it would be given an error with a stack, 20 µs for 3 bytes.
      this.#parser = createParser({
        maxBufferSize: this.#maxEventChars,
        onEvent: ({ data, event }) => this.#event(data, event),
      });
      // It takes a byte order mark away at the beginning of the stream, and nowhere else.
      if (this.#hasBegun) this.#parser.feed("\n");
    }
    this.#parser.feed(text);
  }

  /** Nearly every chunk ends with a line: only a stream that is cut within a character needs a decoder of its own. */
  #decode(bytes: Uint8Array): string {
    if (this.#decoder === undefined) {
      if ((bytes[bytes.length - 1] ?? 0) < 0x80) return UTF8.decode(bytes);
      this.#decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    }
    return this.#decoder.decode(bytes, { stream: true });
  }

  #event(data: string, name: string | undefined): void {
    // What stands behind the event in its chunk is held again.
    this.#held = this.#latest;
    this.#lines = 0;
    if (!this.#failed) this.#sink.event(data, name);
  }

  /** Whether the parser has given up, which it says by throwing when it is fed again. */
  #overflowed(): boolean {
    try {
      this.#parser?.feed("");
      return false;
    } catch {
      return true;
    }
  }
}

// The parser takes the mark away that a stream may begin with, and only that one.
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

const DATA = "data: ";
const LINE_FEED = 10;

/** Whether a text is an event of one line of data, and all of it. */
function isOneEvent(text: string): boolean {
  const end = text.length - 2;
  return (
    text.startsWith(DATA) &&
    text.indexOf("\n") === end &&
    text.charCodeAt(end + 1) === LINE_FEED &&
    text.indexOf("\r") === -1
  );
}

/** Lines of data that begin in a text, told by the end of the line before and what follows on their name. */
function dataLinesIn(text: string): number {
  let lines = 0;
  DATA_LINE.lastIndex = 0;
  while (DATA_LINE.test(text)) lines += 1;
  return lines;
}

const DATA_LINE = /[\r\n]data(?=[:\r\n])/g;
/** One character less than it takes to tell one, so that none is counted twice. */
const FIELD = 5;
