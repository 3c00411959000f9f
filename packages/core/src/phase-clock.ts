import { TIMEOUT_NAMES, TimeoutError, type TimeoutPhase } from "./errors.ts";
import { Deadline, type ResolvedTimeouts } from "./timers.ts";

/**
 * The time of one job, or of one attempt at a provider that keeps none of its own: a deadline for the phase it is in, and
 * one for the whole.
 *
 * Until the first output it is `first-output`, or `answer` where that is known to come whole, with the time in the queue left
 * out; in the queue, `queue`, which begins anew only when the place falls below the lowest so far; from the first output on
 * `idle`, which only output begins anew.
 */
export class PhaseClock {
  readonly #limits: ResolvedTimeouts;
  readonly #onExpired: (error: TimeoutError) => void;
  readonly #phaseEnd = new Deadline(() => this.#expire(this.#phase));
  /** Where there is a limit of it. */
  #wholeEnd: Deadline | undefined;
  /** Whether it is known that the answer comes whole. Looked at as its phases start. */
  comesWhole = false;
  #phase: "first-output" | "answer" | "queue" | "idle" = "first-output";
  /** What is left of the phase that was gone from, before output or queue, in ms. */
  #otherLeftMs: number;
  #lowestPlace = Infinity;
  #paused = false;

  /** `onExpired` is told the first limit that runs out, once. Nothing runs before `start()`. */
  constructor(limits: ResolvedTimeouts, onExpired: (error: TimeoutError) => void) {
    this.#limits = limits;
    this.#onExpired = onExpired;
    this.#otherLeftMs = limits.queueMs;
  }

  start(): void {
    this.startWhole();
    this.startPhase();
  }

  /** Starts the limit of the whole, before there is anything to wait for. */
  startWhole(): void {
    const { totalMs } = this.#limits;
    if (totalMs === Infinity) return;
    this.#wholeEnd ??= new Deadline(() => this.#expire("total"));
    this.#wholeEnd.start(totalMs);
  }

  /** Starts the phases, of a second job anew. */
  startPhase(): void {
    this.#phase = this.#beforeOutput;
    this.#otherLeftMs = this.#limits.queueMs;
    this.#lowestPlace = Infinity;
    this.#paused = false;
    this.#phaseEnd.start(limitOf(this.#limits, this.#phase));
  }

  /** It waits in the queue, at this place: 0 is next. */
  queued(place: number): void {
    if (this.#phase === "idle") return;
    const moved = place < this.#lowestPlace;
    if (moved) this.#lowestPlace = place;
    if (this.#phase !== "queue") this.#enter("queue");
    if (moved) this.#begin(this.#limits.queueMs);
  }

  /** It is out of the queue, or says something else that is no output. */
  working(): void {
    if (this.#phase === "queue") this.#enter(this.#beforeOutput);
  }

  /** Output came. */
  output(): void {
    if (this.#phase === "idle") {
      // Output that still comes while it is paused does not set the clock going.
      if (!this.#paused) this.#phaseEnd.touch();
      return;
    }
    this.#phase = "idle";
    this.#begin(this.#limits.idleMs);
  }

  /** Nobody wants to hear anything for now: the phase stands still, the whole goes on. */
  pause(): void {
    this.#paused = true;
    this.#phaseEnd.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#phaseEnd.resume();
  }

  /** There is nothing more to wait for, though the whole is not over. */
  stopPhase(): void {
    this.#phaseEnd.stop();
  }

  /** It is over: nothing expires any more. */
  stop(): void {
    this.stopPhase();
    this.#wholeEnd?.stop();
  }

  /** Whether some output came. */
  get hasOutput(): boolean {
    return this.#phase === "idle";
  }

  get #beforeOutput(): "first-output" | "answer" {
    return this.comesWhole ? "answer" : "first-output";
  }

  #enter(phase: "first-output" | "answer" | "queue"): void {
    const leftMs = this.#otherLeftMs;
    this.#otherLeftMs = this.#phaseEnd.leftMs;
    this.#phase = phase;
    this.#begin(leftMs);
  }

  #begin(limitMs: number): void {
    this.#phaseEnd.start(limitMs);
    if (this.#paused) this.#phaseEnd.pause();
  }

  #expire(phase: TimeoutPhase): void {
    this.stop();
    this.#onExpired(new TimeoutError(phase, limitOf(this.#limits, phase)));
  }
}

/** The limit of a phase. */
export function limitOf(limits: ResolvedTimeouts, phase: TimeoutPhase): number {
  return limits[TIMEOUT_NAMES[phase]];
}
