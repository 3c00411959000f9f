/**
 * What several processes of one gateway would have to share. Kept in memory, it is each one's own. What throws, or takes longer than 5 s, is
 * answered with a 503.
 */
export interface GatewayState {
  /** Counts one more request of a caller within its minute, which begins with the first one. */
  count(caller: string): Promise<Counted>;
  /** Takes one of so many places of a caller, or nothing where all are taken. */
  lease(caller: string, places: number): Promise<Lease | undefined>;
}

/** How many there were. */
export interface Counted {
  /** Within this minute, with the one just counted. */
  readonly count: number;
  /** Until the next minute begins, in ms. */
  readonly resetMs: number;
}

/** A place that is taken. */
export interface Lease {
  release(): void;
}

/** Makes a state of this process alone. What counts is loaded with the first request that is counted. */
export function memoryState(): GatewayState {
  const taken = new Map<string, number>();
  const counter = later(async () => {
    // By its file: the package's entry loads a client of every database there is.
    const { default: RateLimiterMemory } = await import("rate-limiter-flexible/lib/RateLimiterMemory.js");
    return new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: 60 });
  });
  return {
    async count(caller) {
      const limiter = await counter();
      const { consumedPoints, msBeforeNext } = await limiter.consume(caller);
      return { count: consumedPoints, resetMs: msBeforeNext };
    },
    async lease(caller, places) {
      const before = taken.get(caller) ?? 0;
      if (before >= places) return undefined;
      taken.set(caller, before + 1);
      return {
        release() {
          const now = (taken.get(caller) ?? 1) - 1;
          if (now === 0) taken.delete(caller);
          else taken.set(caller, now);
        },
      };
    },
  };
}

function later<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let loading: Promise<Value> | undefined;
  return () => (loading ??= load());
}
