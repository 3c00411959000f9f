import { createParser } from "eventsource-parser";
import { QwenError } from "../errors.ts";
import type { BodySink } from "./transport.ts";

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
  let failed = false;
  const parser = createParser({
    maxBufferSize: maxEventChars,
    onEvent: ({ data, event }) => {
      if (!failed) sink.event(data, event);
    },
    onError: ({ type }) => {
      // Any other kind is a line that the standard tells readers to ignore.
      if (type !== "max-buffer-size-exceeded" || failed) return;
      failed = true;
      sink.error(new QwenError("protocol", `The stream holds an event longer than ${maxEventChars} characters.`));
    },
  });

  return {
    chunk(bytes) {
      if (!failed) parser.feed(decoder.decode(bytes, { stream: true }));
    },
    end() {
      if (!failed) sink.end();
    },
    error(error) {
      if (!failed) sink.error(error);
    },
  };
}
