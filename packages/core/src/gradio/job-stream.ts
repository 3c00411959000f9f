import { QwenError } from "../errors.ts";
import { decodeEvents, type EventSink } from "../http/sse.ts";
import { headerOf, type ResponseBody, type TransportResponse } from "../http/transport.ts";
import { startTimer, type Deadline } from "../timers.ts";
import { failureOf, type Conceal } from "./failure.ts";
import { parseQueueMessage, type SessionMessage } from "./messages.ts";

/** Who hears what a session's stream says. */
export interface StreamListener {
  /** `size` is the length of the message as it came, in characters. */
  said(message: SessionMessage, size: number): void;
  /** The stream is over, for a reason or without one. */
  ended(error?: unknown): void;
}

/** How long a finished stream may take to close by itself, in ms. */
const LINGER_MS = 1000;

/** What may wait before a stream is started, in characters. */
const MOST_WAITING = 64 * 1024;

/**
 * The stream of a session's messages. It is read from the beginning, so that an end is seen, but tells its listener
 * nothing before it is started.
 */
export class JobStream implements EventSink {
  readonly #body: ResponseBody;
  #listener: StreamListener | undefined;
  #waiting: string[] = [];
  #waitingChars = 0;
  #ending: { readonly error: unknown } | undefined;
  #closed = false;
  #lingering: Deadline | undefined;

  private constructor(body: ResponseBody) {
    this.#body = body;
    body.pipe(decodeEvents(this));
  }

  /** Begins to read it. Rejects, and reads nothing, where the response is none: with the failure that it stands for. */
  static async open(
    response: TransportResponse,
    { url, conceal, signal }: { readonly url: URL; readonly conceal: Conceal; readonly signal: AbortSignal },
  ): Promise<JobStream> {
    if (response.status !== 200) throw await failureOf(response, { url, conceal, signal });
    const { body } = response;
    if (headerOf(response, "content-type")?.startsWith("text/html") === true) {
      body.cancel();
      throw new QwenError("space_unavailable", `${url.host} shows a page in place of the job's messages.`);
    }
    return new JobStream(body);
  }

  /** Tells the listener what came, and what comes. */
  start(listener: StreamListener): void {
    this.#listener = listener;
    if (this.#waitingChars > MOST_WAITING) this.#body.resume();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const data of waiting) this.event(data);
    if (this.#ending !== undefined) this.#end(this.#ending.error);
  }

  pause(): void {
    this.#body.pause();
  }

  resume(): void {
    this.#body.resume();
  }

  /** Closes it at once; the listener hears nothing more. */
  cancel(): void {
    this.#closed = true;
    this.#lingering?.stop();
    this.#body.cancel();
  }

  /**
   * The job has ended on the server, which closes the stream by itself: that leaves its connection for the next call. One
   * that takes longer than a second is closed. The listener hears nothing more.
   */
  finish(): void {
    this.#closed = true;
    if (this.#ending !== undefined) return;
    this.#lingering = startTimer(LINGER_MS, () => this.#body.cancel());
    this.#body.resume();
  }

  event(data: string): void {
    if (this.#closed) return;
    if (this.#listener === undefined) {
      this.#waiting.push(data);
      this.#waitingChars += data.length;
      if (this.#waitingChars > MOST_WAITING) this.#body.pause();
      return;
    }
    const message = parseQueueMessage(data);
    if (message !== undefined) this.#listener.said(message, data.length);
  }

  end(): void {
    this.#end(undefined);
  }

  error(error: unknown): void {
    this.#end(error);
  }

  #end(error: unknown): void {
    this.#lingering?.stop();
    this.#ending = { error };
    if (this.#closed || this.#listener === undefined) return;
    this.#closed = true;
    this.#listener.ended(error);
  }
}
