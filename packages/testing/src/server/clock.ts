/** A timer takes 32 bits: a longer delay would fire at once. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/** As `setInterval` does it; `Infinity` is never. */
export function repeat(everyMs: number, work: () => void): NodeJS.Timeout {
  return setInterval(work, Math.min(everyMs, LONGEST_DELAY_MS));
}

/** Waiting that ends when the emulator closes. */
export interface Clock {
  /** Rejects when the emulator closes before the time has come; `Infinity` never comes. */
  sleep(ms: number): Promise<void>;
  /** Whether the emulator has closed. */
  readonly isStopped: boolean;
}

/** One listener on the signal for all who wait: thousands of listeners on one signal are slow. */
export function createClock(signal: AbortSignal): Clock {
  const waiting = new Map<NodeJS.Timeout, (error: unknown) => void>();

  signal.addEventListener("abort", () => {
    for (const [timer, reject] of waiting) {
      clearTimeout(timer);
      reject(signal.reason);
    }
    waiting.clear();
  });

  return {
    get isStopped() {
      return signal.aborted;
    },
    sleep: (ms) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const wait = (left: number): void => {
          const timer = setTimeout(
            () => {
              waiting.delete(timer);
              if (left > LONGEST_DELAY_MS) wait(left - LONGEST_DELAY_MS);
              else resolve();
            },
            Math.min(left, LONGEST_DELAY_MS),
          );
          waiting.set(timer, reject);
        };
        wait(ms);
      }),
  };
}
