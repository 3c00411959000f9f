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
 * rejects with, both after what was pushed before. `return()`, `throw()` and an abort of `signal` end it
 * at once, also while a `next()` is pending, and drop what waits. A second iteration is a `TypeError`.
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
  let iterated = false;
  const waiting: { resolve(result: IteratorResult<Value, undefined>): void; reject(error: unknown): void }[] = [];

  function push(value: Value): void {
    if (state !== "open") return;
    const waiter = waiting.shift();
    if (waiter !== undefined) {
      waiter.resolve({ done: false, value });
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
    for (const { resolve, reject } of waiting.splice(0)) {
      // An iteration throws once; after that it is over.
      if (state === "failed") reject(error);
      else resolve({ done: true, value: undefined });
      state = "ended";
    }
  }

  function drop(): void {
    queue = [];
    head = 0;
  }

  function onAbort(): void {
    inner.abort(signal?.reason);
    end("failed", signal?.reason);
  }

  function leave(reasonOf: () => unknown): void {
    drop();
    if (state === "open") {
      end("ended");
      inner.abort(reasonOf());
    }
    state = "ended";
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
      drop();
      if (paused) {
        paused = false;
        flow?.resume();
      }
    } else if (head === HIGH_WATER_MARK) {
      // A consumer that always stays a little behind would otherwise keep all it ever took.
      queue = queue.slice(head);
      head = 0;
    }
    return value;
  }

  const iterator: AsyncIterableIterator<Value, undefined> = {
    next() {
      if (state === "new") start();
      if (head < queue.length && signal?.aborted === true) {
        drop();
        state = "failed";
        failure = signal.reason;
      }
      if (head < queue.length) return Promise.resolve({ done: false, value: take() });
      if (state === "failed") {
        state = "ended";
        return Promise.reject(failure);
      }
      if (state === "ended") return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
      });
    },
    return() {
      // Made only where there is work to end: it takes a stack trace, and who has read all comes by here as well.
      leave(() => new DOMException("The iteration was ended by its consumer.", "AbortError"));
      return Promise.resolve({ done: true, value: undefined });
    },
    throw(error) {
      leave(() => error);
      return Promise.reject(error);
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return {
    ...iterator,
    [Symbol.asyncIterator]() {
      if (iterated) throw new TypeError("This can be iterated once. Ask again for another iteration.");
      iterated = true;
      return iterator;
    },
  };
}
