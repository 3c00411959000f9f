/** Waiting that ends when the emulator closes. */
export interface Clock {
  /** Rejects when the emulator closes before the time has come. */
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
        const timer = setTimeout(() => {
          waiting.delete(timer);
          resolve();
        }, ms);
        waiting.set(timer, reject);
      }),
  };
}
