import { createParser } from "eventsource-parser";
import { QwenError } from "../errors.ts";
import type { BodySink } from "./transport.ts";

/** Characters of an unfinished line from which on they are handed on: the parser keeps each piece that it is fed. */
const SHORTEST_FED = 4096;
const LINE_END = /[\r\n]/;

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
 * "Server-sent events" says. One longer than `maxEventChars` is a `protocol` error.
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
  // No `onError`: for each line that means nothing it would be given an error with a stack, 20 µs for 3 bytes.
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ data, event }) => {
      // What stands behind the event in its chunk is held again.
      held = latest;
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
      tail += text;
      if (tail.length < SHORTEST_FED && !mayOverflow && !LINE_END.test(text)) return;
      parser.feed(tail);
      tail = "";
      if (!mayOverflow || failed || !overflowed()) return;
      failed = true;
      sink.error(new QwenError("protocol", `The stream holds an event longer than ${maxEventChars} characters.`));
    },
    end() {
      if (!failed) sink.end();
    },
    error(error) {
      if (!failed) sink.error(error);
    },
  };
}
