import { Pieces } from "./pieces.ts";
import type { BodySink, ResponseBody } from "./transport.ts";

/** How a body steers the socket that it comes from. */
export interface FlowControl {
  pause(): void;
  resume(): void;
  cancel(): void;
}

/** Enough for an answer that is small to end, which gives its connection back, and for an end to be noticed. */
const MOST_WAITING = 64 * 1024;

/**
 * The body of a response between a transport and its reader: what comes before the reader is there is held, and holds
 * its sender up from 64 KiB on. It falls silent after the end, an error or `cancel`. A reader that throws is told of it as
 * of any error, and the rest is dropped.
 */
export class BufferedBody implements BodySink {
  readonly #flow: FlowControl;
  #waiting: Pieces | undefined;
  #ending: { readonly error?: unknown } | undefined;
  #reader: BodySink | undefined;
  #paused = false;
  #over = false;

  constructor(flow: FlowControl) {
    this.#flow = flow;
  }

  /** What is handed out: a plain object, so that it may be spread to replace a part of it. */
  handle(): ResponseBody {
    return {
      pipe: (sink) => this.#pipe(sink),
      pause: () => {
        this.#paused = true;
        this.#flow.pause();
      },
      resume: () => {
        this.#paused = false;
        if (this.#reader !== undefined) this.#flow.resume();
      },
      cancel: () => {
        if (this.#over) return;
        this.#over = true;
        this.#waiting = undefined;
        this.#flow.cancel();
      },
    };
  }

  /** Resumes the flow later than asked for, unless it was paused again. */
  resumeIfFlowing(): void {
    if (!this.#paused && !this.#over) this.#flow.resume();
  }

  chunk(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#reader !== undefined) {
      this.#give(bytes, this.#reader);
      return;
    }
    this.#waiting ??= new Pieces();
    this.#waiting.push(bytes);
    if (this.#waiting.size > MOST_WAITING) this.#flow.pause();
  }

  end(): void {
    this.#end({});
  }

  error(error: unknown): void {
    this.#end({ error });
  }

  #end(ending: { readonly error?: unknown }): void {
    if (this.#over) return;
    if (this.#reader === undefined) {
      this.#ending ??= ending;
      return;
    }
    this.#over = true;
    if ("error" in ending) this.#reader.error(ending.error);
    else this.#giveEnd(this.#reader);
  }

  #give(bytes: Uint8Array, reader: BodySink): void {
    try {
      reader.chunk(bytes);
    } catch (error) {
      this.error(error);
      this.#flow.cancel();
    }
  }

  #giveEnd(reader: BodySink): void {
    try {
      reader.end();
    } catch (error) {
      reader.error(error);
    }
  }

  #pipe(sink: BodySink): void {
    if (this.#reader !== undefined) throw new TypeError("A response body can be read once.");
    this.#reader = sink;
    const waiting = this.#waiting?.take();
    this.#waiting = undefined;
    if (waiting !== undefined) for (const bytes of waiting) this.chunk(bytes);
    if (this.#ending !== undefined) this.#end(this.#ending);
    else if (!this.#paused && !this.#over) this.#flow.resume();
  }
}
