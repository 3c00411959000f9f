import { final } from "../decision.ts";
import { disregard, watch } from "../disregard.ts";
import { QwenError } from "../errors.ts";
import { isGroup, mustBe } from "../options.ts";
import type { BreakerState, CallOutcome, CircuitBreaker, GuardedCall } from "./circuit-breaker.ts";
import type { Limiter, Limits, Place } from "./limiter.ts";

/**
 * Makes the circuit breaker of one model, when that is registered; `onChange` is to be told each change of its state.
 *
 * What a breaker tells is needed at once: one that replicas share keeps a mirror of its own, and talks to the others in the
 * background. It may be one of `createCircuitBreaker()`, wrapped. What `begin()` throws ends its call; what `output()` and
 * `end()` throw disturbs nothing.
 */
export type BreakerFactory = (
  subject: { readonly provider: string; readonly model: string },
  hooks: { readonly onChange: (state: BreakerState) => void },
) => CircuitBreaker;

/**
 * Makes the places of one provider, when that is registered: within the `limits` that were set for it, none of them if there
 * are none. Where it gives nothing, the provider has no limit.
 *
 * A limiter tells at once whether there is a place. It may be one of `createLimiter()`, wrapped. `queue_full` that `take()`
 * throws leads to what the errors table says, anything else ends its call; what `leave()` throws disturbs nothing.
 */
export type LimiterFactory = (provider: string, limits: Limits) => Limiter | undefined;

/** What a factory makes, held to its word. Throws a `TypeError` for what is no breaker. */
export function madeBreaker(
  factory: BreakerFactory,
  subject: Parameters<BreakerFactory>[0],
  onChange: (state: BreakerState) => void,
): CircuitBreaker {
  // What is no state may be anybody's words, and says nothing.
  const told = (state: BreakerState): void => (STATES.has(state) ? onChange(state) : undefined);
  const made: unknown = factory(subject, { onChange: told });
  if (isGroup(made) && "state" in made && "allows" in made && has(made, "begin"))
    return new MadeBreaker(made as CircuitBreaker);
  throw unusable("breaker()", "a circuit breaker with `state`, `allows`, `recoversInMs` and `begin()`", made);
}

/** What a factory made, held to its word. Throws a `TypeError` for what is no limiter. */
export function madeLimiter(made: unknown): Limiter | undefined {
  if (made === undefined) return undefined;
  if (isGroup(made) && "waiting" in made && has(made, "take")) return new MadeLimiter(made as Limiter);
  throw unusable("limiter()", "a limiter with `running`, `waiting` and `take()`, or undefined", made);
}

class MadeBreaker implements CircuitBreaker {
  readonly #made: CircuitBreaker;

  constructor(made: CircuitBreaker) {
    this.#made = made;
  }

  get state(): BreakerState {
    const { state } = this.#made;
    if (STATES.has(state)) return state;
    throw unusable("breaker().state", '"closed", "open" or "half-open"', state);
  }

  get allows(): boolean {
    const { allows } = this.#made;
    if (typeof allows === "boolean") return allows;
    throw unusable("breaker().allows", "true or false, and at once", allows);
  }

  get recoversInMs(): number {
    return numberOf("breaker().recoversInMs", this.#made.recoversInMs);
  }

  begin(): GuardedCall {
    const call: unknown = this.#made.begin();
    if (isGroup(call) && has(call, "output") && has(call, "end")) return new MadeCall(call as GuardedCall);
    throw unusable("breaker().begin()", "a call with `output()` and `end()`", call);
  }
}

class MadeCall implements GuardedCall {
  readonly #made: GuardedCall;

  constructor(made: GuardedCall) {
    this.#made = made;
  }

  output(): void {
    watch(() => this.#made.output(), undefined);
  }

  end(outcome: CallOutcome): void {
    watch(() => this.#made.end(outcome), undefined);
  }
}

class MadeLimiter implements Limiter {
  readonly #made: Limiter;

  constructor(made: Limiter) {
    this.#made = made;
  }

  get running(): number {
    return numberOf("limiter().running", this.#made.running);
  }

  get waiting(): number {
    return numberOf("limiter().waiting", this.#made.waiting);
  }

  take(onGiven: () => void): Place {
    let isTaking = true;
    try {
      // Never before there is a place to give back.
      const place: unknown = this.#made.take(() => (isTaking ? queueMicrotask(onGiven) : onGiven()));
      isTaking = false;
      if (isGroup(place) && "isGiven" in place && typeof place.isGiven === "boolean" && has(place, "leave"))
        return new MadePlace(place as Place);
      throw unusable("limiter().take()", "a place with `isGiven` and `leave()`, and at once", place);
    } catch (error) {
      // A full one is left for the next candidate; nothing else says anything of the provider.
      throw QwenError.isInstance(error) && error.code === "queue_full" ? error : final("limiter().take()", error);
    }
  }
}

class MadePlace implements Place {
  readonly isGiven: boolean;
  readonly #made: Place;
  #left = false;

  constructor(made: Place) {
    this.isGiven = made.isGiven;
    this.#made = made;
  }

  leave(): void {
    // It may count each time.
    if (this.#left) return;
    this.#left = true;
    watch(() => this.#made.leave(), undefined);
  }
}

const STATES: ReadonlySet<unknown> = new Set<BreakerState>(["closed", "open", "half-open"]);

function has(made: object, name: string): boolean {
  return typeof (made as Readonly<Record<string, unknown>>)[name] === "function";
}

function numberOf(name: string, value: unknown): number {
  if (typeof value === "number" && value >= 0) return value;
  throw unusable(name, "a number from 0, and at once", value);
}

function unusable(name: string, expected: string, value: unknown): TypeError {
  // It may be a promise that rejects.
  disregard(value);
  return mustBe(name, expected, value);
}
