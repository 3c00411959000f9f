import type { StreamPart } from "@qwen/core";

import type { Ending } from "./accounts.ts";
import { Refusal } from "./refusal.ts";
import { comment } from "./wire/chat-stream.ts";

/** What becomes the body of a streamed response. */
export interface StreamBodyOptions {
  readonly parts: AsyncIterator<StreamPart, undefined>;
  /** Writes parts as events. */
  readonly events: {
    add(part: StreamPart): string;
    fail(error: unknown): string;
    /** The events of a stream that begins before there is any output, where there are such. */
    waiting?(): string;
    readonly isOver: boolean;
  };
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

/** So many characters of events are written at once. */
const MOST_AT_ONCE = 16 * 1024;

/**
 * The events of one answer as what a `ReadableStream` is made of. A part is read only while the client asks for more, so a client
 * that does not read stops the socket of the provider; one that takes nothing for long is left.
 */
export class StreamBody {
  readonly #options: StreamBodyOptions;
  readonly #encoder = new TextEncoder();
  /** Set while the client waits for more. */
  #waiting: PromiseWithResolvers<void> | undefined;
  #begun: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #ready = "";
  #isReading = false;
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
    const begun = this.#begun;
    if (begun === undefined) return true;
    this.#read();
    const late = Promise.withResolvers<void>();
    const timer = limitMs === Infinity ? undefined : setTimeout(late.resolve, limitMs);
    try {
      await Promise.race([begun.promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
    this.#begun = undefined;
    this.#lastAt = performance.now();
    this.#arm();
    return this.#ready !== "";
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#controller = controller;
    // Nothing but signs of life is there yet, and it is time for one.
    if (this.#ready === "") this.#ready = this.#options.events.waiting?.() ?? comment(this.#news);
  }

  pull(): Promise<void> | void {
    if (this.#ready !== "" || this.#hasEnded) {
      this.#write();
      return;
    }
    this.#lastAt = performance.now();
    this.#waiting = Promise.withResolvers();
    this.#read();
    return this.#waiting.promise;
  }

  cancel(): void {
    this.#leave();
  }

  #read(): void {
    if (this.#isReading || this.#hasEnded || this.#ready.length >= MOST_AT_ONCE) return;
    this.#isReading = true;
    this.#options.parts.next().then(this.#took, this.#failed);
  }

  // Bound once: closures made anew for each part would be most of what it leaves behind.
  readonly #took = (result: IteratorResult<StreamPart, undefined>): void => this.#take(result);
  readonly #failed = (error: unknown): void => this.#fail(error);

  #take({ done, value: part }: IteratorResult<StreamPart, undefined>): void {
    this.#isReading = false;
    if (this.#hasEnded) return;
    const { events } = this.#options;
    try {
      if (done === true) throw new Error("The parts of an answer ended without a finish.");
      if (part.type === "queue") this.#note(part);
      const text = events.add(part);
      if (text !== "") this.#offer(text);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (events.isOver) this.#finish();
    // Only while somebody waits for it.
    else if (this.#begun !== undefined || this.#waiting !== undefined) this.#read();
  }

  #offer(text: string): void {
    this.#ready += text;
    this.#begun?.resolve();
    if (this.#waiting === undefined || this.#isFlushing) return;
    this.#isFlushing = true;
    // What is there already is written in one piece: it comes within the same turn.
    const before = this.#ready.length;
    queueMicrotask(() => this.#flush(before));
  }

  #flush(before: number): void {
    if (this.#ready.length > before && this.#ready.length < MOST_AT_ONCE) {
      const now = this.#ready.length;
      queueMicrotask(() => this.#flush(now));
      return;
    }
    this.#isFlushing = false;
    this.#write();
  }

  /** Gives what is ready to the client. */
  #write(): void {
    const controller = this.#controller;
    const ready = this.#ready;
    const waiting = this.#waiting;
    this.#ready = "";
    this.#waiting = undefined;
    this.#lastAt = performance.now();
    try {
      if (ready !== "") controller?.enqueue(this.#encoder.encode(ready));
      if (this.#hasEnded) controller?.close();
    } catch {
      // It was cancelled meanwhile.
    }
    waiting?.resolve();
  }

  #fail(error: unknown): void {
    this.#isReading = false;
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

  /** The last event is ready. */
  #finish(ending: Ending = "whole"): void {
    this.#end(ending);
    this.#begun?.resolve();
    if (this.#waiting !== undefined && !this.#isFlushing) this.#write();
  }

  /** Nothing more is read; what of the work goes on is stopped. */
  #end(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Of an answer that was cut at a stop sequence the rest is not wanted.
    void this.#options.parts.return?.();
    this.#options.onEnd(ending);
  }

  #leave(): void {
    this.#end("cancelled");
    this.#ready = "";
    this.#waiting?.resolve();
    this.#waiting = undefined;
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
    const isAsked = this.#waiting !== undefined;
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
    this.#end("cancelled");
    onStall();
  }
}

function clientStalled(idleClientMs: number): Refusal {
  const message = `Nothing of the answer was read for ${idleClientMs} ms, so it was stopped.`;
  return new Refusal({ status: 408, code: "client_stalled", message });
}
