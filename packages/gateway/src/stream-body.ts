import type { StreamPart } from "@qwen/core";
import type { Flow, FlowReader } from "@qwen/core/router";

import type { Ending } from "./accounts.ts";
import type { AnswerEvents } from "./answer-events.ts";
import { Refusal } from "./refusal.ts";
import { comment } from "./wire/chat-stream.ts";

/** What becomes the body of a streamed response. */
export interface StreamBodyOptions {
  readonly parts: Flow<StreamPart>;
  readonly events: AnswerEvents;
  /** The longest silence before a comment is sent, in ms; 0 for none. */
  readonly keepAliveMs: number;
  /** How long a reader may take nothing before it is left, in ms. */
  readonly idleClientMs: number;
  /** Aborts once the caller has left. */
  readonly signal: AbortSignal;
  /** The client takes nothing for too long: it is to be left. */
  onStall(): void;
  /** The body is over, one way or another. Called once. */
  onEnd(ending: Ending): void;
}

/** Where the events of an answer go: to whoever serves it. Each `write` follows on one {@link StreamBody.want}. */
export interface Outlet {
  /** May ask for more at once. */
  write(events: string): void;
  /** Nothing follows. */
  end(): void;
}

/** So many characters of events are written at once. */
const MOST_AT_ONCE = 16 * 1024;

/**
 * The events of one answer. A part is read only while the client asks for more, so a client that does not read stops the socket of the
 * provider; one that takes nothing for long is left.
 */
export class StreamBody implements FlowReader<StreamPart> {
  readonly #options: StreamBodyOptions;
  #outlet: Outlet | undefined;
  #begun: PromiseWithResolvers<void> | undefined;
  /** Whether the client waits for more. */
  #isWanted = false;
  #ready = "";
  /** Whether all that was ready is about to be written. */
  #isFlushing = false;
  #hasEnded = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When something was written last, or the reader began to be waited for. */
  #lastAt = performance.now();
  #news = "waiting";

  constructor(options: StreamBodyOptions) {
    this.#options = options;
  }

  /**
   * Reads up to the first event, at most so long. Whether there is one; where not, the reading goes on. Rejects with what ends the
   * answer before any.
   */
  async begin(limitMs: number): Promise<boolean> {
    const begun = (this.#begun = Promise.withResolvers<void>());
    const timer = limitMs === Infinity ? undefined : setTimeout(begun.resolve, limitMs);
    try {
      this.#options.parts.read(this);
      await begun.promise;
    } finally {
      clearTimeout(timer);
    }
    this.#begun = undefined;
    this.#lastAt = performance.now();
    this.#arm();
    return this.#ready !== "";
  }

  /** Says where the events go. They are written as they are asked for. */
  goTo(outlet: Outlet): void {
    this.#outlet = outlet;
    // Nothing but signs of life is there yet, and it is time for one.
    if (this.#ready === "") this.#ready = this.#options.events.waiting() ?? comment(this.#news);
  }

  /** As a stream of the web, in place of {@link goTo}. */
  readable(): ReadableStream<Uint8Array> {
    return new ReadableStream(new WebSource(this), { highWaterMark: 0 });
  }

  /** The client takes more: what is ready is written at once, else what comes. */
  want(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#lastAt = performance.now();
    if (this.#ready === "" && !this.#hasEnded) {
      // All that waits in one piece.
      this.#isFlushing = true;
      this.#options.parts.offer();
      this.#isFlushing = false;
    }
    if (this.#ready !== "" || this.#hasEnded) this.#write();
  }

  /** The client is gone. */
  leave(): void {
    if (this.#hasEnded) return;
    this.#leaveParts();
    this.#end("cancelled");
    this.#ready = "";
  }

  // What comes of the answer.

  wants(): boolean {
    return (this.#isWanted || this.#begun !== undefined) && this.#ready.length < MOST_AT_ONCE;
  }

  take(part: StreamPart): void {
    if (this.#hasEnded) return;
    const { events } = this.#options;
    if (part.type === "queue") this.#note(part);
    const text = events.add(part);
    if (text !== "") this.#offer(text);
    if (!events.isOver) return;
    // Of an answer that was cut at a stop sequence the rest is not wanted.
    if (part.type !== "finish") this.#leaveParts();
    this.#finish("whole");
  }

  end(): void {
    // Nearly always it has ended with its last part.
    if (!this.#hasEnded) this.fail(new Error("The parts of an answer ended without a finish."));
  }

  fail(error: unknown): void {
    if (this.#hasEnded) return;
    const begun = this.#begun;
    if (begun !== undefined && this.#ready === "") {
      this.#end({ error });
      begun.reject(error);
      return;
    }
    const { signal } = this.#options;
    // Of a caller who has left nobody reads any more what happened.
    const hasLeft = signal.aborted && !(signal.reason instanceof Refusal);
    if (!hasLeft) this.#ready += this.#options.events.fail(error);
    this.#finish(hasLeft ? "cancelled" : { error });
  }

  #offer(text: string): void {
    this.#ready += text;
    this.#begun?.resolve();
    if (!this.#isWanted || this.#isFlushing) return;
    this.#isFlushing = true;
    // What else comes within the same turn is written in one piece with it.
    queueMicrotask(this.#flush);
  }

  // Bound once: a closure made anew for each piece would be most of what it leaves behind.
  readonly #flush = (): void => {
    this.#isFlushing = false;
    if (this.#isWanted) this.#write();
  };

  /** Gives what is ready to the client. */
  #write(): void {
    const outlet = this.#outlet;
    const ready = this.#ready;
    this.#ready = "";
    this.#isWanted = false;
    this.#lastAt = performance.now();
    const isLast = this.#hasEnded;
    if (ready !== "") outlet?.write(ready);
    if (isLast) outlet?.end();
  }

  /** The last event is ready. */
  #finish(ending: Ending): void {
    this.#end(ending);
    this.#begun?.resolve();
    if (this.#isWanted && !this.#isFlushing) this.#write();
  }

  /** Nothing more is read. */
  #end(ending: Ending): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#options.onEnd(ending);
  }

  /** What of the work goes on is stopped. The reason is made only where there is some: it takes a stack trace. */
  #leaveParts(): void {
    this.#options.parts.leave(new DOMException("The rest of the answer is not wanted.", "AbortError"));
  }

  // What passes the time.

  #note({ position, size, etaMs }: Extract<StreamPart, { readonly type: "queue" }>): void {
    const place = size === undefined ? `${position}` : `${position}/${size}`;
    this.#news = etaMs === undefined ? `queue ${place}` : `queue ${place} eta ${Math.round(etaMs / 1000)}`;
    // What waits is told as it changes, once anything was told at all.
    if (this.#begun === undefined && this.#options.keepAliveMs > 0) this.#offer(comment(this.#news));
  }

  #arm(): void {
    if (this.#hasEnded) return;
    const { keepAliveMs, idleClientMs } = this.#options;
    const isAsked = this.#isWanted;
    const limitMs = isAsked ? keepAliveMs || Infinity : idleClientMs;
    const passedMs = performance.now() - this.#lastAt;
    if (passedMs >= limitMs) {
      if (isAsked) this.#offer(comment(this.#news));
      else {
        this.#stall();
        return;
      }
    }
    // One timer for both, which looks again at the earliest that either can be over.
    const nextMs = Math.min(keepAliveMs || Infinity, idleClientMs);
    if (nextMs === Infinity) return;
    const leftMs = passedMs >= limitMs ? nextMs : Math.min(nextMs, limitMs - passedMs);
    this.#timer = setTimeout(() => this.#arm(), Math.max(1, Math.ceil(leftMs)));
  }

  /** The client is there and does not read: its work is stopped, and should it come back it hears why. */
  #stall(): void {
    const { idleClientMs, events, onStall } = this.#options;
    this.#ready = events.fail(clientStalled(idleClientMs));
    this.#leaveParts();
    this.#end("cancelled");
    onStall();
  }
}

/** What a `ReadableStream` of a body is made of. */
class WebSource implements Outlet {
  readonly #body: StreamBody;
  readonly #encoder = new TextEncoder();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(body: StreamBody) {
    this.#body = body;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    this.#body.goTo(this);
  }

  pull(): void {
    this.#body.want();
  }

  cancel(): void {
    this.#controller = undefined;
    this.#body.leave();
  }

  write(events: string): void {
    this.#controller?.enqueue(this.#encoder.encode(events));
  }

  end(): void {
    this.#controller?.close();
  }
}

function clientStalled(idleClientMs: number): Refusal {
  const message = `Nothing of the answer was read for ${idleClientMs} ms, so it was stopped.`;
  return new Refusal({ status: 408, code: "client_stalled", message });
}
