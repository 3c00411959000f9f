import { watch } from "../disregard.ts";
import { field } from "../field.ts";
import { isExcused } from "../error-excuse.ts";
import { QwenError } from "../errors.ts";
import { ABOUT_TOKENS } from "../own-token.ts";
import { aFunction, isGroup, mustBe, type OptionNames, readOption, refuseUnknown } from "../options.ts";
import { limitOf } from "../phase-clock.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import {
  createCircuitBreaker,
  readBreaker,
  type BreakerOptions,
  type BreakerState,
  type CallOutcome,
  type CircuitBreaker,
  type GuardedCall,
} from "./circuit-breaker.ts";
import { madeBreaker, madeLimiter, type BreakerFactory, type LimiterFactory } from "./factories.ts";
import { createLimiter, readLimits, type Limiter, type Limits } from "./limiter.ts";
import { readProviderSettings, type SettingsById } from "./provider-settings.ts";
import { ruleOf } from "./retry.ts";

/** How one model of one provider is doing, kept over all requests. */
export interface CandidateHealth {
  /** Absent where breakers are off. */
  readonly breaker: CircuitBreaker | undefined;
  /** Shared by all models of the provider; absent where it has no limits. */
  readonly limiter: Limiter | undefined;
  /** Calls under way, those that wait for a place included; one whose whole answer is only checked any more is none. */
  readonly busy: number;
  /** Time to the first output lately, in ms; `undefined` before the first one. */
  readonly latencyMs: number | undefined;
  /**
   * A call begins. Tell its first output, and its end: once, whatever happens. With a token of its own, what the provider says of
   * that token holds for no other call; nor does a limit that is shorter than the usual one.
   */
  begin(call?: OwnOfCall): Visit;
}

/** What a call has of its own, and others have not. */
export interface OwnOfCall {
  readonly ownToken?: boolean | undefined;
  /** The limits in time that other calls have, where this one has limits of its own. */
  readonly usualTimeouts?: ResolvedTimeouts | undefined;
}

/** One call of a model. */
export interface Visit {
  output(latencyMs: number): void;
  /** It has output which is not the model's: however it ends, that says nothing of the model. */
  excuse?(): void;
  /** Without an error it succeeded. */
  end(error?: unknown): void;
  /** It was ended for a reason that says nothing of the model: an abort, a lost race, the request's own time. */
  leave(): void;
}

/**
 * What `router.health()` tells of each model: data that is the same behind JSON. It never throws: of a breaker of the owner's that
 * cannot tell its state, that is by whether it allows calls, and a number that it or a limiter cannot tell is 0.
 */
export interface ModelHealth {
  readonly provider: string;
  readonly model: string;
  readonly breaker: BreakerState;
  /** Time until an open breaker lets a call probe the model, in ms; 0 where it is not open. */
  readonly recoversInMs: number;
  /** Calls under way, those that wait for a place included; one whose whole answer is only checked any more is none. */
  readonly busy: number;
  /** Calls of the provider that wait for a place. */
  readonly waiting: number;
  /** Time to the first output lately, in ms; absent before the first one. */
  readonly latencyMs?: number | undefined;
}

/** Options of {@link createHealth}. */
export interface HealthOptions {
  /** `false` switches circuit breakers off. A function makes that of each model, in place of `createCircuitBreaker()`. */
  readonly breaker?: BreakerOptions | false | BreakerFactory | undefined;
  /** For every provider alike. @defaultValue none */
  readonly limits?: Limits | undefined;
  /** Makes the places of each provider. @defaultValue `createLimiter()`, for those with limits */
  readonly limiter?: LimiterFactory | undefined;
  /** For one provider, by its id. Of its settings only the `limits` are of interest. */
  readonly providers?: SettingsById | undefined;
  /** Told each change of a breaker. What it throws disturbs nothing. */
  readonly onBreakerChange?: ((change: BreakerChange) => void) | undefined;
}

/** A circuit breaker changed its state. */
export interface BreakerChange {
  readonly provider: string;
  readonly model: string;
  readonly state: BreakerState;
}

/** The health of all models that were ever asked for. */
export interface Health {
  of(provider: string, model: string): CandidateHealth;
  /** In the order they were first asked for. */
  list(): readonly ModelHealth[];
}

// How much a new measurement counts against all the older ones.
const NEWEST_SHARE = 0.3;

/**
 * Makes a book of how models are doing: one for each router.
 *
 * Throws a `TypeError` for an option that is none.
 */
export function createHealth(options: HealthOptions = {}): Health {
  if (!isGroup(options)) throw mustBe("options", "an object", options);
  refuseUnknown("createHealth()", options, HEALTH_NAMES);
  const { breaker, limits, limiter, providers } = options;
  const onBreakerChange = readOption("onBreakerChange", options.onBreakerChange, aFunction) ?? (() => {});
  const makeBreaker = readBreakerOption(breaker);
  const makeLimiter = readOption("limiter", limiter, aFunction);
  const sharedLimits = readLimits(limits);
  const settings = readProviderSettings(providers);
  const known = new Map<
    string,
    { readonly provider: string; readonly model: string; readonly health: CandidateHealth }
  >();
  const limiters = new Map<string, Limiter | undefined>();

  function limiterOf(provider: string): Limiter | undefined {
    if (!limiters.has(provider)) {
      const own = settings.get(provider)?.limits ?? sharedLimits;
      const all = { ...sharedLimits, ...own };
      if (makeLimiter !== undefined) limiters.set(provider, madeLimiter(makeLimiter(provider, all)));
      else limiters.set(provider, own === undefined ? undefined : createLimiter(provider, all));
    }
    return limiters.get(provider);
  }

  return {
    of(provider, model) {
      const key = `${provider}/${model}`;
      const found = known.get(key);
      if (found !== undefined) return found.health;
      const onChange = (state: BreakerState): void => watch(onBreakerChange, { provider, model, state });
      const health = new BookedHealth({
        breaker: makeBreaker({ provider, model }, { onChange }),
        limiter: limiterOf(provider),
      });
      known.set(key, { provider, model, health });
      return health;
    },
    list() {
      return [...known.values()].map(({ provider, model, health }) => ({
        provider,
        model,
        breaker: stateOf(health.breaker),
        recoversInMs: asData(field(() => health.breaker?.recoversInMs) ?? 0),
        busy: health.busy,
        waiting: asData(field(() => health.limiter?.waiting) ?? 0),
        ...(health.latencyMs !== undefined && { latencyMs: health.latencyMs }),
      }));
    },
  };
}

const HEALTH_NAMES: OptionNames<HealthOptions> = {
  breaker: true,
  limits: true,
  limiter: true,
  providers: true,
  onBreakerChange: true,
};

function readBreakerOption(
  breaker: HealthOptions["breaker"],
): (...given: Parameters<BreakerFactory>) => CircuitBreaker | undefined {
  if (breaker === false) return () => undefined;
  if (typeof breaker === "function") return (subject, { onChange }) => madeBreaker(breaker, subject, onChange);
  const options = readBreaker(breaker);
  return (_, hooks) => createCircuitBreaker(options, hooks);
}

/** One of the owner's may throw: that one model's is not known is no reason to tell of none. */
function stateOf(breaker: CircuitBreaker | undefined): BreakerState {
  if (breaker === undefined) return "closed";
  return field(() => breaker.state) ?? (field(() => breaker.allows) === true ? "closed" : "open");
}

/** JSON has no `Infinity`, which a breaker of somebody's own may tell. */
function asData(value: number): number {
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

class BookedHealth implements CandidateHealth {
  readonly breaker: CircuitBreaker | undefined;
  readonly limiter: Limiter | undefined;
  #busy = 0;
  #latencyMs: number | undefined;

  constructor({ breaker, limiter }: Pick<CandidateHealth, "breaker" | "limiter">) {
    this.breaker = breaker;
    this.limiter = limiter;
  }

  get busy(): number {
    return this.#busy;
  }

  get latencyMs(): number | undefined {
    return this.#latencyMs;
  }

  begin(own: OwnOfCall = {}): Visit {
    // What it throws ends a call that has not begun.
    const guarded = this.breaker?.begin();
    this.#busy++;
    return new BookedVisit(this, guarded, own);
  }

  /** One of its calls had its first output. */
  answeredAfter(latencyMs: number): void {
    const before = this.#latencyMs;
    this.#latencyMs = before === undefined ? latencyMs : before + NEWEST_SHARE * (latencyMs - before);
  }

  /** One of its calls is over. */
  ended(): void {
    this.#busy--;
  }
}

class BookedVisit implements Visit {
  readonly #health: BookedHealth;
  readonly #guarded: GuardedCall | undefined;
  readonly #own: OwnOfCall;
  #isExcused = false;
  #over = false;

  constructor(health: BookedHealth, guarded: GuardedCall | undefined, own: OwnOfCall) {
    this.#health = health;
    this.#guarded = guarded;
    this.#own = own;
  }

  output(latencyMs: number): void {
    this.#guarded?.output();
    this.#health.answeredAfter(latencyMs);
  }

  excuse(): void {
    this.#isExcused = true;
  }

  end(error?: unknown): void {
    this.#endAs(this.#isExcused ? "neutral" : outcomeOf(error, this.#own));
  }

  leave(): void {
    this.#endAs("neutral");
  }

  #endAs(outcome: CallOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#health.ended();
    this.#guarded?.end(outcome);
  }
}

/** What the errors table makes of the end of a call. Errors outside the family are not the provider's. */
function outcomeOf(error: unknown, { ownToken = false, usualTimeouts }: OwnOfCall): CallOutcome {
  if (error === undefined) return "succeeded";
  if (!QwenError.isInstance(error) || error.sent === false || isExcused(error)) return "neutral";
  if (ownToken && ABOUT_TOKENS.has(error.code)) return "neutral";
  if (error.code === "timeout" && usualTimeouts !== undefined && error.limitMs < limitOf(usualTimeouts, error.phase))
    return "neutral";
  switch (ruleOf(error).breaker) {
    case "ignore":
      return "neutral";
    case "count":
      return "failed";
    case "pause":
      if (error.retryAfterMs !== undefined) return { pauseMs: error.retryAfterMs };
      // A queue may be too long for one caller and short enough for the next.
      return error.code === "queue_full" ? "neutral" : "failed";
  }
}
