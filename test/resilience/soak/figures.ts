/** What the Spaces of the soak say, piece by piece. */
export const FIRST_STEPS = Array.from({ length: 12 }, (_, index) => `${index === 0 ? "" : " "}first ${index}`);
export const SECOND_STEPS = Array.from({ length: 12 }, (_, index) => `${index === 0 ? "" : " "}second ${index}`);

/** What the Spaces have open. */
export interface ServerState {
  readonly sockets: number;
  readonly jobs: number;
}

/** What this process holds. */
export interface Held {
  readonly heapMb: number;
  readonly timers: number;
  readonly sockets: number;
  readonly listeners: number;
}

/** What a soak came to. */
export interface Figures {
  readonly calls: number;
  readonly seconds: number;
  readonly attempts: number;
  /** Calls by how they ended: `answered`, `left`, or the code of the error. */
  readonly endings: Readonly<Record<string, number>>;
  /** Calls that met a fault: failed, or answered after another attempt. */
  readonly faulted: number;
  /** Whatever must not be, such as a wrong text. */
  readonly wrong: readonly string[];
  readonly before: Held;
  /** The most memory the process took. */
  readonly peakMb: number;
  /** With its pool of idle connections. */
  readonly afterCalls: Held;
  readonly afterClose: Held;
  readonly concurrent: { readonly streams: number; readonly errors: number; readonly seconds: number };
}
