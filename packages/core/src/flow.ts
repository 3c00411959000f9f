import { Fifo } from "./fifo.ts";

/** Who makes the values of a {@link Flow}: told when to begin, when to wait, and that nobody reads any more. */
export interface FlowMaker {
  /** The first reader is there. What it throws ends the flow. */
  start(): void;
  /** Make no more until `resume`; a few values may still come. */
  pause(): void;
  resume(): void;
  /** The reader has left before the end: stop, nothing is read any more. */
  leave(reason: unknown): void;
  /** All was read, or the reader has left: last of all, once, unless nobody ever read. */
  over(): void;
  /** Whether what it makes says nothing of a provider, so that none of it counts for one. @defaultValue false */
  readonly isExcused?: boolean;
}

/** Who reads a {@link Flow} without promises: any number of values, then exactly one `end` or `fail`. */
export interface FlowReader<Value> {
  /** Whether it would take a value now; else it waits. */
  wants(): boolean;
  take(value: Value): void;
  end(): void;
  fail(error: unknown): void;
}

/**
 * What may wait for a reader, in characters or bytes, before the maker is asked to pause. A character may take two bytes, and who
 * reads an answer keeps its text as well: all in all it stays below 1 MB.
 */
export const HIGH_WATER_MARK = 256 * 1024;

/** A flow that fails with this as soon as it is read. */
export function failedFlow<Value>(error: unknown): Flow<Value> {
  const start = (): never => {
    throw error;
  };
  return new Flow<Value>({ start, pause() {}, resume() {}, leave() {}, over() {} }, () => 0);
}

/**
 * The one queue of a call, between who makes values and who reads them.
 *
 * A reader that is ready gets a value in the call that pushes it; values that come faster wait, in order. What waits
 * is counted by its size: above `mark` the maker is paused, and goes on once half of it was read. An end or a failure
 * comes behind the values that wait. What a reader throws ends the flow: the reader hears of it, and the maker is left.
 */
export class Flow<Value> {
  readonly #maker: FlowMaker;
  readonly #weigh: (value: Value) => number;
  readonly #waiting = new Fifo<Value>();
  #weight = 0;
  #mark = HIGH_WATER_MARK;
  #reader: FlowReader<Value> | undefined;
  /** The reader wants nothing for now. */
  #held = false;
  /** The maker was asked to pause. */
  #paused = false;
  #state: "new" | "open" | "ended" | "failed" | "over" = "new";
  #failure: unknown;

  /** `weigh` says the size of a value, in characters or bytes and a constant: it is asked twice a value that waits. */
  constructor(maker: FlowMaker, weigh: (value: Value) => number) {
    this.#maker = maker;
    this.#weigh = weigh;
  }

  /** Whether nobody has read it yet. */
  get isNew(): boolean {
    return this.#reader === undefined && this.#state === "new";
  }

  /** Whether what comes of it counts for no provider, however it ends. */
  get isExcused(): boolean {
    return this.#maker.isExcused === true;
  }

  /** How many values wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** The size of what waits. */
  get weight(): number {
    return this.#weight;
  }

  /** Whether the maker was asked to pause. */
  get paused(): boolean {
    return this.#paused;
  }

  /** What may wait before the maker is paused; 0 pauses it as soon as anything waits, `Infinity` never. */
  get mark(): number {
    return this.#mark;
  }

  set mark(mark: number) {
    this.#mark = mark;
    this.#steer();
  }

  /** Attaches the reader, and starts the maker where it has not begun. What waits is offered at once. */
  read(reader: FlowReader<Value>): void {
    this.#reader = reader;
    this.open();
    this.offer();
  }

  /** Starts the maker where it has not begun: what it makes waits for a reader. */
  open(): void {
    if (this.#state !== "new") return;
    this.#state = "open";
    try {
      this.#maker.start();
    } catch (error) {
      this.fail(error);
    }
  }

  /** A value for the reader; ignored once the flow has ended. */
  push(value: Value): void {
    if (this.#state !== "open") return;
    if (this.#waiting.size === 0 && this.#wanted()) {
      this.#give(value);
      return;
    }
    // Weighed first: a value that cannot be is its maker's fault, and never waits.
    this.#weight += this.#weigh(value);
    this.#waiting.push(value);
    this.#steer();
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#tell();
  }

  /** Nothing more comes, for this reason. */
  fail(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "failed";
    this.#failure = error;
    this.#tell();
  }

  /** Ends it at once, for this reason: what waits is forgotten, an end that was to come behind it too. */
  abort(error: unknown): void {
    if (this.#state === "over") return;
    this.#clear();
    this.#state = "failed";
    this.#failure = error;
    this.#tell();
  }

  /** The reader wants nothing until `resume`: what comes waits, and the maker is paused at once unless `mark` is `Infinity`. */
  pause(): void {
    this.#held = true;
    this.#steer();
  }

  resume(): void {
    if (!this.#held) return;
    this.#held = false;
    this.offer();
  }

  /** Whether there is a value for a reader that asks. */
  get isOffering(): boolean {
    return this.#waiting.size > 0 && !this.#held;
  }

  /** The oldest value that waits, for a reader that is offered one and asks by itself. */
  shift(): Value {
    const value = this.#next();
    this.#steer();
    if (this.#waiting.size === 0) this.#tell();
    return value;
  }

  /** Offers the reader what waits, as far as it takes it. */
  offer(): void {
    while (this.#waiting.size > 0 && this.#wanted()) this.#give(this.#next());
    this.#steer();
    this.#tell();
  }

  /** The reader goes: it hears nothing more, and what waits is forgotten. */
  leave(reason: unknown): void {
    const state = this.#state;
    if (state === "over") return;
    this.#state = "over";
    this.#reader = undefined;
    this.#clear();
    if (state === "open") this.#maker.leave(reason);
    this.#maker.over();
  }

  #next(): Value {
    const value = this.#waiting.shift() as Value;
    // Somebody's value may weigh another time what it weighed when it came.
    this.#weight = this.#waiting.size === 0 ? 0 : this.#weight - this.#weigh(value);
    return value;
  }

  #clear(): void {
    this.#waiting.clear();
    this.#weight = 0;
  }

  #wanted(): boolean {
    return !this.#held && this.#reader?.wants() === true;
  }

  #give(value: Value): void {
    const reader = this.#reader;
    try {
      reader?.take(value);
    } catch (error) {
      this.leave(error);
      reader?.fail(error);
    }
  }

  /** Tells the end, once nothing waits before it. */
  #tell(): void {
    if (this.#waiting.size > 0 || this.#reader === undefined) return;
    const state = this.#state;
    if (state !== "ended" && state !== "failed") return;
    const reader = this.#reader;
    this.#state = "over";
    this.#reader = undefined;
    this.#maker.over();
    if (state === "ended") reader.end();
    else reader.fail(this.#failure);
  }

  #steer(): void {
    if (this.#state !== "open") return;
    // Where all of it is wanted, a reader that rests holds nobody up.
    const isHeld = this.#held && this.#mark !== Infinity;
    if (!this.#paused && (isHeld || this.#weight > this.#mark)) {
      this.#paused = true;
      this.#maker.pause();
    } else if (this.#paused && !isHeld && this.#weight <= this.#mark / 2) {
      this.#paused = false;
      this.#maker.resume();
    }
  }
}
