import { createParser } from "eventsource-parser";
import { QwenError } from "../errors.ts";
import type { BodySink } from "./transport.ts";

/** Characters of an unfinished line from which on they are handed on: the parser keeps each piece that it is fed. */
const SHORTEST_FED = 4096;
const LINE_END = /[\r\n]/;

/** Lines of an event at most, counted once it is large: the parser joins them, at a hundred bytes each. */
const MOST_LINES = 500_000;
const LARGE = 1024 * 1024;

/** Receives the events of a stream, then exactly one end or error. */
export interface EventSink {
  /** `name` is the `event` field, absent for a plain message. */
  event(data: string, name: string | undefined): void;
  end(): void;
  error(error: unknown): void;
}

/**
 * Decodes a `text/event-stream` body: UTF-8 split at any byte, lines ended by CR, LF or both and by
 * nothing else, comments and unknown fields ignored.
 *
 * An event that the end of the stream cuts off is dropped, as the HTML standard's section
 * "Server-sent events" says. One longer than `maxEventChars`, or of more
 * than half a million lines, is a `protocol` error.
 */
export function decodeEvents(
  sink: EventSink,
  { maxEventChars = 64 * 1024 * 1024 }: { readonly maxEventChars?: number | undefined } = {},
): BodySink {
  const decoder = new TextDecoder();
  /** Of a line that came in small pieces so far. */
  let tail = "";
  let failed = false;
  let latest = 0;
  /** No less than what the parser holds, in characters. */
  let held = 0;
  /** Of what is held beyond a MiB. */
  let lines = 0;
  // No `onError`: for each line that means nothing it would be given an error with a stack, 20 µs for 3 bytes.
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ data, event }) => {
      // What stands behind the event in its chunk is held again.
      held = latest;
      lines = 0;
      if (!failed) sink.event(data, event);
    },
  });

  /** Whether the parser has given up, which it says by throwing when it is fed again. */
  function overflowed(): boolean {
    try {
      parser.feed("");
      return false;
    } catch {
      return true;
    }
  }

  return {
    chunk(bytes) {
      if (failed) return;
      const text = decoder.decode(bytes, { stream: true });
      latest = text.length;
      held += latest;
      const mayOverflow = held > maxEventChars;
      if (held > LARGE) lines += linesIn(text);
      tail += text;
      if (tail.length < SHORTEST_FED && !mayOverflow && !LINE_END.test(text)) return;
      parser.feed(tail);
      tail = "";
      if (failed || (lines <= MOST_LINES && !(mayOverflow && overflowed()))) return;
      failed = true;
      const most = lines > MOST_LINES ? `${MOST_LINES} lines` : `${maxEventChars} characters`;
      sink.error(new QwenError("protocol", `The stream holds an event longer than ${most}.`));
    },
    end() {
      if (!failed) sink.end();
    },
    error(error) {
      if (!failed) sink.error(error);
    },
  };
}

function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.search(LINE_END); at >= 0 && at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === LF || code === CR) lines += 1;
  }
  return lines;
}

const LF = 10;
const CR = 13;
