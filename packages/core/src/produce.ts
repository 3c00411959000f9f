import { Flow } from "./flow.ts";
import { FlowIterator } from "./flow-iterator.ts";
import { Stop } from "./stop.ts";

/** What a producer works with. */
export interface Production<Value> {
  /** Hands a value over; ignored once the iteration has ended. */
  push(value: Value): void;
  /** Aborted when the consumer leaves, or with the reason of the caller's signal. */
  readonly stop: Stop;
  /** Whom to ask for a pause while the consumer lags. */
  steer(source: Pausable): void;
}

/** A source that can pause. A few values may still come after `pause`. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

/** How to make an iteration. */
export interface ProduceOptions<Value> {
  readonly signal?: AbortSignal | undefined;
  /** The size of a value that waits, in characters or bytes and a constant. */
  weigh(value: Value): number;
}

/**
 * An iteration fed by `work`, which starts at the first `next()` and pushes its values.
 *
 * It ends after `work` resolves, or throws what it rejects with, both behind what was pushed before. An abort of `signal`
 * ends it at once and drops what waits. The rest is as with any {@link FlowIterator}.
 */
export function produce<Value>(
  work: (production: Production<Value>) => Promise<void>,
  { signal, weigh }: ProduceOptions<Value>,
): FlowIterator<Value> {
  const stop = new Stop();
  let source: Pausable | undefined;
  let paused = false;

  function onAbort(): void {
    flow.abort(signal?.reason);
    stop.abort(signal?.reason);
  }

  function steer(to: Pausable): void {
    source = to;
    if (paused) to.pause();
  }

  const flow = new Flow<Value>(
    {
      start() {
        signal?.throwIfAborted();
        signal?.addEventListener("abort", onAbort, { once: true });
        work({ push: (value) => flow.push(value), stop, steer }).then(
          () => flow.end(),
          (error: unknown) => flow.fail(error),
        );
      },
      pause() {
        paused = true;
        source?.pause();
      },
      resume() {
        paused = false;
        source?.resume();
      },
      leave: (reason) => stop.abort(reason),
      over: () => signal?.removeEventListener("abort", onAbort),
    },
    weigh,
  );
  return new FlowIterator(flow);
}
