import type { BodySink, ResponseBody } from "./transport.ts";

/** A {@link ResponseBody}, and the sink a transport writes into. */
export interface BufferedBody extends ResponseBody {
  readonly sink: BodySink;
}

/** How a transport steers the flow of its socket. */
export interface FlowControl {
  pause(): void;
  resume(): void;
  cancel(): void;
}

/**
 * The body of a response between a transport and its reader: holds what arrives before the reader
 * is there, and falls silent after the end, an error or `cancel`.
 */
export function createBufferedBody({ pause, resume, cancel }: FlowControl): BufferedBody {
  const waiting: Array<(sink: BodySink) => void> = [];
  let reader: BodySink | undefined;
  let over = false;

  function last(deliver: (sink: BodySink) => void): void {
    if (over) return;
    if (reader === undefined) {
      waiting.push(() => last(deliver));
      return;
    }
    over = true;
    deliver(reader);
  }

  return {
    sink: {
      chunk(bytes) {
        if (over) return;
        if (reader === undefined) waiting.push((sink) => sink.chunk(bytes));
        else reader.chunk(bytes);
      },
      end: () => last((sink) => sink.end()),
      error: (error) => last((sink) => sink.error(error)),
    },
    pipe(sink) {
      if (reader !== undefined) throw new TypeError("A response body can be read once.");
      reader = sink;
      for (const deliver of waiting.splice(0)) if (!over) deliver(sink);
    },
    pause,
    resume,
    cancel() {
      if (over) return;
      over = true;
      waiting.length = 0;
      cancel();
    },
  };
}
