import type { TimeoutError } from "./errors.ts";
import { Flow, type FlowMaker } from "./flow.ts";
import { PhaseClock } from "./phase-clock.ts";
import { Stop } from "./stop.ts";
import type { ResolvedTimeouts } from "./timers.ts";

/** What a call is read from, such as a job of a Space or an answer over HTTP. It tells its end to whoever made it. */
export interface CallSource {
  start(): void;
  /** Say no more until `resume`, and let the clock of the phase stand still. */
  pause(): void;
  resume(): void;
  /** Ends it, for this reason, unless it has ended. */
  fail(error: unknown): void;
}

/** What one call is about. */
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
 * One call: what its work pushes, as a flow, and what ends it from outside.
 *
 * The work starts with the first reader. An abort of `signal` and the limit of the whole end it at once, also while nobody
 * reads or its work waits for something that never comes; an abort drops what waits, too. A consumer that lags pauses its source.
 */
export class Call<Value> implements FlowMaker {
  readonly flow: Flow<Value>;
  /** Aborted when the call is over before its work is. */
  readonly stop = new Stop();
  readonly #work: CallWork<Value>;
  readonly #signal: AbortSignal | undefined;
  #clock: PhaseClock | undefined;
  #source: CallSource | undefined;
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

  /** Starts what it is read from. */
  follow(source: CallSource): void {
    this.#source = source;
    if (this.stop.aborted) source.fail(this.stop.reason);
    source.start();
    if (this.#paused) source.pause();
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
    this.#source?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#source?.resume();
  }

  leave(reason: unknown): void {
    this.stop.abort(reason);
    this.#source?.fail(reason);
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
      this.#source?.fail(error);
      return;
    }
    const own = this.#work.asOwnError(error);
    this.leave(own);
    this.flow.fail(own);
  }
}
