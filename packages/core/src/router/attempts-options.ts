import type { Asking } from "./loaded-later.ts";
import type { Candidate } from "./candidate.ts";
import type { AttemptSettings } from "./attempt-settings.ts";
import type { ContinuedBy } from "./continuation.ts";
import type { Observers } from "./observers.ts";
import type { PartReader } from "./part-reader.ts";

/** A request that is under way. */
export interface RunningRequest {
  /** Ends it, for this reason. */
  leave(reason: unknown): void;
}

/** What the attempt loop works on. */
export interface AttemptsOptions<Part, Result> extends AttemptSettings {
  /** The name that was asked for. */
  readonly model: string;
  /** By which events and errors tell the request. @defaultValue one of its own */
  readonly requestId?: string | undefined;
  /** At least one, in their order. Called when the work starts; what it throws, the iteration throws. */
  readonly candidates: () => readonly [Candidate<Part>, ...Candidate<Part>[]];
  readonly reader: PartReader<Part, Result>;
  /** For the whole request, over all its attempts, in ms. @defaultValue 1 hour */
  readonly totalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Leave out all parts: only the outcome is of interest. @defaultValue false */
  readonly outcomeOnly?: boolean | undefined;
  /**
   * Then told parts as they come, of attempts that fail as well: one attempt at a time, what announces it and what it says, and
   * the last part of the answer. Of those side by side it is the oldest; of another, what it has said so far is told once that
   * one is over or it has answered itself, and nothing where it failed before. What it throws disturbs nothing.
   */
  readonly onPart?: ((part: Part) => void) | undefined;
  /** How an answer that breaks off can be gone on with, where `commit` asks for that, in this order. @defaultValue by a replay */
  readonly continueBy?: readonly ContinuedBy[] | undefined;
  readonly observers?: Observers | undefined;
  /** For jitter and choices: numbers from 0 up to 1. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
  /**
   * Gets the request itself when its work begins, and loses it when that is over: a `Set` of them will do. One that gives `false`
   * takes no request any more, and ends it itself.
   */
  readonly running?: { add(request: RunningRequest): unknown; delete(request: RunningRequest): void } | undefined;
}

/** Of those, what makes its race. */
export type RaceOptions<Part, Result> = Omit<
  AttemptsOptions<Part, Result>,
  "model" | "requestId" | "totalMs" | "signal" | "observers" | "running"
>;

/** The others, which a request has before anybody is asked. */
export interface RunOptions<Part, Result> extends Omit<AttemptsOptions<Part, Result>, keyof RaceOptions<Part, Result>> {
  readonly outcomeOnly?: boolean | undefined;
  /** Whether nothing of what passes is kept. @defaultValue false */
  readonly forgets?: boolean | undefined;
  /** Makes its race, of what is loaded with the first one. Called when the work starts; what it throws, the flow fails with. */
  race(asking: Asking): RaceOptions<Part, Result>;
}
