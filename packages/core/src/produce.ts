/** What a producer works with. */
export interface Production<Value> {
  /** Hands a value over; ignored once the iteration has ended. */
  push(value: Value): void;
  /** Aborted when the consumer leaves, or with the reason of the caller's signal. */
  readonly signal: AbortSignal;
  /** Whom to ask for a pause while the consumer lags. */
  steer(flow: Flow): void;
}

/** A source that can pause. A few values may still come after `pause`. */
export interface Flow {
  pause(): void;
  resume(): void;
}

/** How many values may wait for a slow consumer before the source is asked to pause. */
const HIGH_WATER_MARK = 1024;

/**
 * An iteration fed by `work`, which starts at the first `next()` and pushes its values.
 *
 * A waiting consumer gets a value at once; values that come faster wait in order, so a chunk with
 * many of them costs no extra turn. The iteration ends after `work` resolves, or throws what it
 * rejects with, both after what was pushed before.
 */
export function produce<Value>(
  work: (production: Production<Value>) => Promise<void>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncIterableIterator<Value, undefined> {
  const inner = new AbortController();
  let queue: Value[] = [];
  let head = 0;
  let flow: Flow | undefined;
  let paused = false;
  let state: "new" | "open" | "ended" | "failed" = "new";
  let failure: unknown;
  let waiting: { resolve(result: IteratorResult<Value, undefined>): void; reject(error: unknown): void } | undefined;

  function push(value: Value): void {
    if (state !== "open") return;
    if (waiting !== undefined) {
      const { resolve } = waiting;
      waiting = undefined;
      resolve({ done: false, value });
      return;
    }
    queue.push(value);
    if (paused || queue.length - head <= HIGH_WATER_MARK) return;
    paused = true;
    flow?.pause();
  }

  function end(outcome: "ended" | "failed", error?: unknown): void {
    if (state !== "open") return;
    state = outcome;
    failure = error;
    signal?.removeEventListener("abort", onAbort);
    if (waiting === undefined) return;
    const { resolve, reject } = waiting;
    waiting = undefined;
    // An iteration throws once; after that it is over.
    state = "ended";
    if (outcome === "failed") reject(error);
    else resolve({ done: true, value: undefined });
  }

  function onAbort(): void {
    inner.abort(signal?.reason);
  }

  function start(): void {
    state = "open";
    if (signal?.aborted === true) {
      end("failed", signal.reason);
      return;
    }
    signal?.addEventListener("abort", onAbort, { once: true });
    work({ push, signal: inner.signal, steer: (source) => (flow = source) }).then(
      () => end("ended"),
      (error: unknown) => end("failed", error),
    );
  }

  function take(): Value {
    const value = queue[head++] as Value;
    if (head === queue.length) {
      queue = [];
      head = 0;
      if (paused) {
        paused = false;
        flow?.resume();
      }
    }
    return value;
  }

  return {
    next() {
      if (state === "new") start();
      if (head < queue.length) return Promise.resolve({ done: false, value: take() });
      if (state === "failed") {
        state = "ended";
        return Promise.reject(failure);
      }
      if (state === "ended") return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject };
      });
    },
    return() {
      queue = [];
      head = 0;
      if (state === "open") {
        end("ended");
        inner.abort(new DOMException("The iteration was ended by its consumer.", "AbortError"));
      }
      state = "ended";
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
