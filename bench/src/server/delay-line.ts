/** Delivers what is pushed after a fixed time, in order. */
export interface DelayLine<Value> {
  push(value: Value): void;
  /** Drops what is still on its way. */
  stop(): void;
}

/** Options of {@link createDelayLine}. */
export interface DelayLineOptions<Value> {
  /** Nothing is delivered before this time of `performance.now()`. */
  readonly notBefore?: number | undefined;
  deliver(value: Value): void;
}

/** Makes a line that delays by `delayMs`; one of 0 ms delivers at once. */
export function createDelayLine<Value>(
  delayMs: number,
  { notBefore = 0, deliver }: DelayLineOptions<Value>,
): DelayLine<Value> {
  if (delayMs === 0) return { push: deliver, stop() {} };
  let waiting: { readonly dueAt: number; readonly value: Value }[] = [];
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    const [first] = waiting;
    if (first !== undefined) timer = setTimeout(flush, Math.max(0, first.dueAt - performance.now()));
  }

  function flush(): void {
    timer = undefined;
    // A timer counts whole milliseconds and may be early by a part of one.
    const now = performance.now() + 0.5;
    for (let first = waiting[0]; first !== undefined && first.dueAt <= now; [first] = waiting) {
      waiting.shift();
      deliver(first.value);
    }
    if (timer === undefined) arm();
  }

  return {
    push(value) {
      waiting.push({ dueAt: Math.max(performance.now() + delayMs, notBefore), value });
      if (timer === undefined) arm();
    },
    stop() {
      waiting = [];
      clearTimeout(timer);
    },
  };
}
