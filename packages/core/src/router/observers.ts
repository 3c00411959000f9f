import { watch } from "../disregard.ts";
import type { Attempt } from "../errors.ts";
import type { Usage } from "../part.ts";
import type { BreakerState } from "./circuit-breaker.ts";
import type { ContinuedBy } from "./continuation.ts";
import type { QueuePlace } from "./part-reader.ts";

/**
 * What operators may want to know of a router's work. Each request has one `request-started` and one `request-ended`, whatever
 * becomes of it, and all its other events between them. Consumers ignore types they do not know: new ones come in minor releases.
 */
export type RouterEvent =
  /** The work begins: with the first reading of a stream, and with the call of `complete()`. */
  | ({ readonly type: "request-started" } & RequestLabel)
  /** The whole answer is there, whether it has been read or not, or nothing more will come of it. */
  | RequestEnded
  | ({ readonly type: "attempt-started" } & AttemptLabel)
  /** The limits of its provider are reached: it waits for a place. */
  | ({ readonly type: "waiting" } & AttemptLabel)
  /** It has a place, after so many ms; told only where it had to wait. */
  | ({ readonly type: "admitted"; readonly waitedMs: number } & AttemptLabel)
  /** Its place in the queue of the provider, 0 is next; told when it changes. */
  | ({ readonly type: "queued" } & QueuePlace & AttemptLabel)
  /** The first output of an attempt, in ms since its start. */
  | ({ readonly type: "output"; readonly latencyMs: number } & AttemptLabel)
  | ({
      readonly type: "attempt-ended";
      /**
       * `cancelled`: it was ended for a reason that is not its own. The caller left, another attempt was quicker, or a function of
       * the caller's ended the request by what it threw, such as a schema of `output`.
       */
      readonly outcome: EventOutcome;
      readonly durationMs: number;
      readonly error?: unknown;
      readonly usage?: Usage | undefined;
      /** How long it waited for a place within the limits of its provider, in ms. */
      readonly waitedMs: number;
    } & Pick<Attempt, "continuedAt" | "continuedBy"> &
      AttemptLabel)
  /** A seam: from here on the answer is what this attempt says, behind what another one had shown before it broke off. */
  | ({ readonly type: "continued" } & SeamPlace & AttemptLabel)
  | {
      readonly type: "breaker-changed";
      readonly provider: string;
      readonly model: string;
      readonly state: BreakerState;
    };

/** Where an answer that had broken off was gone on with, and how. */
export interface SeamPlace {
  /** Characters that had been shown before. */
  readonly continuedAt: number;
  readonly continuedBy: ContinuedBy;
}

/** How a request or an attempt ended. */
export type EventOutcome = "answered" | "failed" | "cancelled";

/** Which request an event is about. */
export interface RequestLabel {
  /** The `requestId` of the caller's, or one of the router's own: that of its errors and its `finish`. */
  readonly requestId: string;
  /** The name that was asked for, a long one cut short. */
  readonly name: string;
}

/** Which attempt an event is about. */
export interface AttemptLabel extends RequestLabel {
  readonly provider: string;
  readonly model: string;
  /** 1 for the first attempt of the request. */
  readonly number: number;
  /** Whether it was begun beside a slow one. */
  readonly hedge: boolean;
}

/** A request is over. What is not known is absent. */
export interface RequestEnded extends RequestLabel {
  readonly type: "request-ended";
  /** `cancelled`: the caller left or aborted, or the router was closed. */
  readonly outcome: EventOutcome;
  /** Since its start, in ms. */
  readonly durationMs: number;
  /** From its start to the first output that was shown, or of the answer that was, in ms. */
  readonly firstOutputMs?: number | undefined;
  /** What was tried, in the order it began. */
  readonly attempts: readonly Attempt[];
  /** As `finish` tells it. */
  readonly usage?: Usage | undefined;
  /** Who answered, or broke off. */
  readonly provider?: string | undefined;
  readonly model?: string | undefined;
  /** What the caller gets, or why it left. */
  readonly error?: unknown;
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
 * or returns a promise that rejects or never settles. What it brings about is told once all have heard what it was told. An event is
 * frozen, since all are told the same. The error in it is a copy for all of them; what that leads to, as its `cause`, is not copied:
 * leave it as it is.
 */
export function createObservers(): Observers {
  const observers = new Set<{ readonly observe: (event: RouterEvent) => void }>();
  // An observer may end a request or begin one: all hear of that behind the event that it was told.
  const untold: RouterEvent[] = [];

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
      if (untold.push(Object.freeze(event)) > 1) return;
      for (const next of untold) {
        // Who is added by an observer is told from the next event on.
        const audience = [...observers];
        for (const { observe } of audience) watch(observe, next);
      }
      untold.length = 0;
    },
  };
}
