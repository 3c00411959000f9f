import { disregard } from "../disregard.ts";
import type { Usage } from "../part.ts";
import type { BreakerState } from "./circuit-breaker.ts";

/** What operators may want to know of a router's work. */
export type RouterEvent =
  | ({ readonly type: "attempt-started"; readonly hedge: boolean } & AttemptLabel)
  /** The first output of an attempt, in ms since its start. */
  | ({ readonly type: "output"; readonly latencyMs: number } & AttemptLabel)
  | ({
      readonly type: "attempt-ended";
      /** `cancelled`: the caller left, or another attempt was quicker. */
      readonly outcome: "answered" | "failed" | "cancelled";
      readonly durationMs: number;
      readonly error?: unknown;
      readonly usage?: Usage | undefined;
    } & AttemptLabel)
  | {
      readonly type: "breaker-changed";
      readonly provider: string;
      readonly model: string;
      readonly state: BreakerState;
    };

/** Which attempt an event is about. */
export interface AttemptLabel {
  /** The name that was asked for. */
  readonly name: string;
  readonly provider: string;
  readonly model: string;
  /** 1 for the first attempt of the request. */
  readonly number: number;
}

/** Who watches a router. */
export interface Observers {
  /** Returns what ends the watching. */
  add(observer: (event: RouterEvent) => void): () => void;
  /** Whether anyone watches. */
  readonly any: boolean;
  tell(event: RouterEvent): void;
}

/**
 * Makes an empty audience. An observer disturbs neither the call nor the other observers nor the process, whether it throws,
 * or returns a promise that rejects or never settles. An event is frozen, since all are told the same.
 */
export function createObservers(): Observers {
  const observers = new Set<{ readonly observe: (event: RouterEvent) => void }>();

  return {
    add(observe) {
      if (typeof observe !== "function") throw new TypeError("An observer is a function that takes an event.");
      // An entry of its own: the same function may watch twice.
      const entry = { observe };
      observers.add(entry);
      return () => void observers.delete(entry);
    },
    get any() {
      return observers.size > 0;
    },
    tell(event) {
      Object.freeze(event);
      // Who is added by an observer is told from the next event on.
      const audience = [...observers];
      for (const { observe } of audience) {
        try {
          const returned: unknown = observe(event);
          if (returned !== undefined) void disregard(returned);
        } catch {
          // Watching is not taking part.
        }
      }
    },
  };
}
