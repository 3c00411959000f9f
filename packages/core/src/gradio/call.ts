import type { TimeoutError } from "../errors.ts";
import { Flow, type FlowMaker } from "../flow.ts";
import { PhaseClock } from "../phase-clock.ts";
import { Stop } from "../stop.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { Job } from "./job.ts";

/** What one call of a Space is about. */
export interface CallWork<Value> {
  /** The limits of the call. What it throws ends the call. */
  limits(): ResolvedTimeouts;
  /** Does the work: pushes its values, and resolves behind the last one. */
  run(call: Call<Value>): Promise<void>;
  /** The error as the caller gets it. */
  asOwnError(error: unknown): unknown;
  /** The size of a value that waits, in characters or bytes and a constant. */
  weigh(value: Value): number;
}

/**
 * One call of a Space: what its work pushes, as a flow, and what ends it from outside.
 *
 * The work starts with the first reader. An abort of `signal` and the limit of the whole end it at once, also while nobody
 * reads or its work waits for something that never comes; an abort drops what waits, too. A consumer that lags pauses the job.
 */
export class Call<Value> implements FlowMaker {
  readonly flow: Flow<Value>;
  /** Aborted when the call is over before its work is. */
  readonly stop = new Stop();
  readonly #work: CallWork<Value>;
  readonly #signal: AbortSignal | undefined;
  #clock: PhaseClock | undefined;
  #job: Job | undefined;
  #paused = false;
  #spoken = false;

  constructor(work: CallWork<Value>, signal: AbortSignal | undefined) {
    this.#work = work;
    this.#signal = signal;
    this.flow = new Flow(this, work.weigh);
  }

  /** The time of the call: it runs. */
  get clock(): PhaseClock {
    this.#clock ??= new PhaseClock(this.#work.limits(), (error) => this.#expire(error));
    return this.#clock;
  }

  /** Whether it has said anything. */
  get hasSpoken(): boolean {
    return this.#spoken;
  }

  push(value: Value): void {
    this.#spoken = true;
    this.flow.push(value);
  }

  /** Runs a job until it has told its listener how it ended. */
  follow(job: Job): void {
    this.#job = job;
    if (this.stop.aborted) job.fail(this.stop.reason);
    job.start();
    if (this.#paused) job.pause();
  }

  start(): void {
    this.#signal?.throwIfAborted();
    try {
      this.clock.startWhole();
    } catch (error) {
      throw this.#work.asOwnError(error);
    }
    this.#signal?.addEventListener("abort", this, { once: true });
    this.#work.run(this).then(
      () => this.#end(),
      (error: unknown) => this.#fail(error),
    );
  }

  pause(): void {
    this.#paused = true;
    this.#job?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#job?.resume();
  }

  leave(reason: unknown): void {
    this.stop.abort(reason);
    this.#job?.fail(reason);
  }

  over(): void {
    this.#clock?.stop();
    this.#signal?.removeEventListener("abort", this);
  }

  /** The caller's signal has aborted. */
  handleEvent(): void {
    this.#abort(this.#signal?.reason);
  }

  #abort(reason: unknown): void {
    this.leave(reason);
    this.flow.abort(reason);
  }

  #end(): void {
    this.#clock?.stop();
    this.flow.end();
  }

  #fail(error: unknown): void {
    this.#clock?.stop();
    // Ignored where it has ended before.
    this.flow.fail(this.#work.asOwnError(error));
  }

  #expire(error: TimeoutError): void {
    if (error.phase !== "total") {
      this.#job?.fail(error);
      return;
    }
    const own = this.#work.asOwnError(error);
    this.leave(own);
    this.flow.fail(own);
  }
}
