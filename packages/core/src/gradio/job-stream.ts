import { QwenError } from "../errors.ts";
import { Fifo } from "../fifo.ts";
import { decodeEvents, type EventSink } from "../http/sse.ts";
import { headerOf, type ResponseBody, type TransportResponse } from "../http/transport.ts";
import { startTimer, type Deadline } from "../timers.ts";
import { failureOf } from "./failure.ts";
import { MessageReader } from "./message-reader.ts";
import type { SessionMessage } from "./messages.ts";
import type { Session } from "./session.ts";
import type { AbortSource } from "../stop.ts";

/** Who hears what a session's stream says. */
export interface StreamListener {
  /** `size` is the length of the message as it came, in characters. */
  said(message: SessionMessage, size: number): void;
  /** The stream is over, for a reason or without one. */
  ended(error?: unknown): void;
}

/** How long a finished stream may take to close by itself, in ms. */
const LINGER_MS = 1000;

/** What may wait before the sender is held up, in characters. */
const MOST_WAITING = 64 * 1024;

/** What an event takes that waits, besides its text: one without any costs its sender seven bytes. */
const EVENT_CHARS = 32;

/** After how long what else is due has its turn before more is told of what waits, in ms. */
const LONGEST_TURN_MS = 20;

/**
 * The stream of a session's messages. It is read from the beginning, so that an end is seen, but tells its listener
 * nothing before it is started, nor while it is paused: what waits does so as it came, which is all that is known of its size.
 * What a message makes of it may be a thousand times as large.
 */
export class JobStream implements EventSink {
  readonly #body: ResponseBody;
  readonly #messages = new MessageReader();
  readonly #waiting = new Fifo<string>();
  #waitingChars = 0;
  #listener: StreamListener | undefined;
  #held = false;
  /** Lets what else is due have its turn, where telling what waited took this many ms. */
  #turn: Deadline | undefined;
  #spentMs = 0;
  #ending: { readonly error: unknown } | undefined;
  #closed = false;
  #lingering: Deadline | undefined;

  private constructor(body: ResponseBody) {
    this.#body = body;
    body.pipe(decodeEvents(this));
  }

  /** Begins to read it. Throws or rejects, and reads nothing, where the response is none: with the failure that it stands for. */
  static open(
    response: TransportResponse,
    { session, signal }: { readonly session: Session; readonly signal: AbortSource },
  ): JobStream | Promise<never> {
    const { url } = session.client;
    if (response.status !== 200)
      return failureOf(response, { url, conceal: session.conceal, signal }).then((error) => Promise.reject(error));
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
    this.#tellWaiting(listener);
  }

  pause(): void {
    this.#held = true;
    this.#body.pause();
  }

  resume(): void {
    this.#held = false;
    if (this.#listener === undefined) return;
    if (this.#spentMs < LONGEST_TURN_MS) this.#tellWaiting(this.#listener);
    else this.#turn ??= startTimer(0, () => this.#takeTurn());
  }

  /** Closes it at once; the listener hears nothing more. */
  cancel(): void {
    this.#close();
    this.#lingering?.stop();
    this.#body.cancel();
  }

  /**
   * The job has ended on the server, which closes the stream by itself: that leaves its connection for the next call. One
   * that takes longer than a second is closed. The listener hears nothing more.
   */
  finish(): void {
    this.#close();
    if (this.#ending !== undefined) return;
    this.#lingering = startTimer(LINGER_MS, () => this.#body.cancel());
    this.#body.resume();
  }

  event(data: string): void {
    if (this.#closed) return;
    if (this.#listener !== undefined && !this.#held && this.#waiting.size === 0) {
      this.#tell(data, this.#listener);
      return;
    }
    this.#waiting.push(data);
    this.#waitingChars += EVENT_CHARS + data.length;
    if (this.#waitingChars > MOST_WAITING) this.#body.pause();
  }

  end(): void {
    this.#end(undefined);
  }

  error(error: unknown): void {
    this.#end(error);
  }

  #tell(data: string, listener: StreamListener): void {
    const message = this.#messages.read(data);
    if (message !== undefined) listener.said(message, data.length);
  }

  #tellWaiting(listener: StreamListener): void {
    const startedAt = performance.now();
    while (this.#waiting.size > 0 && !this.#held && !this.#closed) {
      const data = this.#waiting.shift() ?? "";
      this.#waitingChars -= EVENT_CHARS + data.length;
      this.#tell(data, listener);
    }
    this.#spentMs = this.#waiting.size === 0 ? 0 : this.#spentMs + performance.now() - startedAt;
    if (this.#held || this.#closed) return;
    if (this.#ending === undefined) this.#body.resume();
    else this.#end(this.#ending.error);
  }

  #takeTurn(): void {
    this.#turn = undefined;
    this.#spentMs = 0;
    if (this.#listener !== undefined && !this.#closed) this.#tellWaiting(this.#listener);
  }

  #close(): void {
    this.#closed = true;
    this.#turn?.stop();
    this.#waiting.clear();
  }

  #end(error: unknown): void {
    this.#lingering?.stop();
    this.#ending = { error };
    // Behind what waits.
    if (this.#closed || this.#listener === undefined || this.#waiting.size > 0) return;
    this.#close();
    this.#listener.ended(error);
  }
}
