import { Flow, type FlowMaker } from "../flow.ts";
import { FlowIterator } from "../flow-iterator.ts";
import { requireOption } from "../options.ts";
import { decodeEvents, readEventOptions, type EventSink, type ReadEventsOptions } from "./sse.ts";
import { aBody, dropBody, type ResponseBody } from "./transport.ts";

/** An event of a `text/event-stream`. */
export interface ServerSentEvent {
  /** Its lines, joined by line feeds. */
  readonly data: string;
  /** The `event` field; `undefined` for a plain message. */
  readonly name: string | undefined;
}

/**
 * The events of a body, as an iteration that can be had once; what is no event is ignored, as the HTML standard says.
 *
 * Reading starts at the first `next()`; a reader who lags holds up the sender; leaving closes the connection, unless all is
 * there. It ends where the body does, which may be in the middle of an answer: whether all was said is for the reader to know.
 * It throws what ends the body: the reason of the request's signal, a `connection` error, or `protocol`. What is no body
 * and an option that is none is a `TypeError` at once.
 */
export function readEvents(
  body: ResponseBody,
  options?: ReadEventsOptions,
): AsyncIterableIterator<ServerSentEvent, undefined> {
  requireOption("body", body, aBody);
  return new FlowIterator(new Events(body, readEventOptions(options)).flow);
}

/** What an event costs besides its text, in bytes. */
const EVENT_BYTES = 100;

class Events implements FlowMaker, EventSink {
  readonly flow = new Flow<ServerSentEvent>(this, ({ data }) => data.length + EVENT_BYTES);
  readonly #body: ResponseBody;
  readonly #options: ReadEventsOptions | undefined;

  constructor(body: ResponseBody, options: ReadEventsOptions | undefined) {
    this.#body = body;
    this.#options = options;
  }

  start(): void {
    this.#body.pipe(decodeEvents(this, this.#options));
  }

  pause(): void {
    this.#steer("pause");
  }

  resume(): void {
    this.#steer("resume");
  }

  leave(): void {
    dropBody(this.#body);
  }

  over(): void {
    // The body has ended, or was dropped.
  }

  event(data: string, name: string | undefined): void {
    this.flow.push({ data, name });
  }

  end(): void {
    this.flow.end();
  }

  error(error: unknown): void {
    // What was decoded is too long to go on, and the sender does not know it.
    dropBody(this.#body);
    this.flow.fail(error);
  }

  /** A body of somebody else's may throw, which ends the reading as anything else that it reports. */
  #steer(name: "pause" | "resume"): void {
    try {
      this.#body[name]();
    } catch (error) {
      this.error(error);
    }
  }
}
