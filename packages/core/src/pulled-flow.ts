import { disregard } from "./disregard.ts";
import { Flow, type FlowMaker } from "./flow.ts";
import type { PhaseClock } from "./phase-clock.ts";
import { startTimer } from "./timers.ts";

/** The clock of an iteration: it runs while an answer is awaited. */
export type PullClock = Pick<PhaseClock, "start" | "pause" | "resume" | "stop">;

/** For an iteration whose time somebody else keeps. */
const NO_CLOCK: PullClock = { start() {}, pause() {}, resume() {}, stop() {} };

// After so many values that were all there already, timers get their turn: a turn costs as much as a thousand of them.
const VALUES_A_TURN = 4096;

// After fewer where those have taken so long, which is looked at once in a while.
const LONGEST_MS = 10;
const VALUES_A_LOOK = 1024;

/**
 * Somebody's own iteration as a flow: asked one value ahead at most, and never twice at once.
 *
 * The clock runs only while an answer of the iteration is awaited, so a slow reader never runs into it. Leaving the flow
 * returns the iteration, without waiting for it: it may be stalled. `own` makes of each value what goes on: whoever gave it may
 * give it to others as well.
 */
export function pullFlow<Value>(
  iterable: AsyncIterable<Value>,
  clock: PullClock = NO_CLOCK,
  own: (value: Value) => Value = asItIs,
): Flow<Value> {
  return new Pull(iterable, clock, own).flow;
}

function asItIs<Value>(value: Value): Value {
  return value;
}

class Pull<Value> implements FlowMaker {
  readonly flow = new Flow<Value>(this, weighOne);
  readonly #iterable: AsyncIterable<Value>;
  readonly #clock: PullClock;
  readonly #own: (value: Value) => Value;
  #iterator: AsyncIterator<Value> | undefined;
  /** `pausing`: the answer to the last question is still to come. */
  #state: "asking" | "pausing" | "resting" | "over" = "asking";
  #asked = 0;
  #turnedAt = 0;

  constructor(iterable: AsyncIterable<Value>, clock: PullClock, own: (value: Value) => Value) {
    this.#iterable = iterable;
    this.#clock = clock;
    this.#own = own;
  }

  start(): void {
    // Whatever a careless provider gave.
    const iterable = this.#iterable as Partial<AsyncIterable<Value>> | null | undefined;
    if (typeof iterable?.[Symbol.asyncIterator] !== "function") {
      disregard(this.#iterable);
      throw new TypeError(
        "`stream` must return an async iteration, and at once: what an `async function*` gives, not what an `async function` does.",
      );
    }
    this.#iterator = this.#iterable[Symbol.asyncIterator]();
    this.#clock.start();
    this.#turnedAt = performance.now();
    // On a stack of its own: what it throws is read by people, and what it calls may end the request.
    queueMicrotask(this.#next);
  }

  pause(): void {
    if (this.#state === "asking") this.#state = "pausing";
  }

  resume(): void {
    const isResting = this.#state === "resting";
    if (!isResting && this.#state !== "pausing") return;
    this.#state = "asking";
    if (!isResting) return;
    this.#clock.resume();
    queueMicrotask(this.#resumed);
  }

  leave(): void {
    try {
      // Of a careless iteration it may be anything.
      disregard(this.#iterator?.return?.());
    } catch {
      // It was left, whatever it thinks of that.
    }
  }

  over(): void {
    this.#state = "over";
    this.#clock.stop();
  }

  readonly #resumed = (): void => this.#ask();

  #ask(): void {
    if (this.#state === "over") return;
    if (++this.#asked % VALUES_A_LOOK === 0 && this.#isLong()) startTimer(0, this.#next);
    else this.#next();
  }

  /** Whether it went on for so long that timers are to have their turn. */
  #isLong(): boolean {
    const now = performance.now();
    if (this.#asked % VALUES_A_TURN !== 0 && now - this.#turnedAt < LONGEST_MS) return false;
    this.#turnedAt = now;
    return true;
  }

  readonly #next = (): void => {
    if (this.#state === "over") return;
    try {
      Promise.resolve(this.#iterator?.next()).then(this.#arrived, this.#failed);
    } catch (error) {
      this.#failed(error);
    }
  };

  // Bound once: closures made anew for each value would double its cost.
  readonly #arrived = (result: IteratorResult<Value> | undefined): void => {
    if (this.#state === "over") return;
    try {
      this.#take(result);
    } catch (error) {
      // Nobody waits for what this returns: of a careless iteration the result itself may throw.
      this.#failed(error);
    }
  };

  #take(result: IteratorResult<Value> | undefined): void {
    if (typeof result !== "object" || result === null) {
      throw new TypeError("The iteration gave something that is no result.");
    }
    if (isDone(result)) {
      this.flow.end();
      return;
    }
    this.flow.push(this.#own(result.value));
    if (this.#state === "asking") this.#ask();
    else if (this.#state === "pausing") {
      this.#state = "resting";
      this.#clock.pause();
    }
  }

  readonly #failed = (error: unknown): void => this.flow.fail(error);
}

const weighOne = (): number => 1;

/** As `for await` takes it: of an iterator without types it may be any value. */
function isDone<Value>(result: IteratorResult<Value>): result is IteratorReturnResult<unknown> {
  return Boolean(result.done);
}
