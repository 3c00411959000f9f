import { disregard } from "../disregard.ts";
import { ERROR_RULES, type ErrorRule } from "../error-rules.ts";
import { QwenError, type Attempt } from "../errors.ts";
import type { AttemptSettings } from "./attempt-settings.ts";
import type { Candidate as AnyCandidate } from "./candidate.ts";
import { readVerdict, ruleOf, type Outcome, type RetryOptions, type Verdict } from "./retry.ts";
import { chooseCandidate, firstAllowed, recoversInMs } from "./strategy.ts";

/** What follows a failed attempt. `exhausted`: it could go on, but nobody is left or the budget is spent. */
export type Move<Candidate> =
  | { readonly type: "ask"; readonly candidate: Candidate; readonly delayMs: number }
  | { readonly type: "stop" | "exhausted" };

/** What a {@link Plan} goes by. */
export interface PlanOptions<Candidate> extends RetryOptions {
  readonly random: () => number;
  /** How long the circuit breaker of a candidate stays open, in ms. */
  readonly recoversInMs?: ((candidate: Candidate) => number) | undefined;
  /** What the candidate decides by itself, whatever `shouldRetry` says. */
  readonly decide?: ((candidate: Candidate, outcome: Outcome) => Verdict | undefined) | undefined;
  readonly choose: (candidates: readonly [Candidate, ...Candidate[]]) => Candidate;
}

// More of them are no number any more where the first wait is 0.
const MOST_DOUBLINGS = 50;

/** Decides who is asked for one request, which begins now: in what order and when, within one budget. */
export class Plan<Candidate> {
  readonly #options: PlanOptions<Candidate>;
  readonly #maxAttempts: number;
  readonly #startedAt = performance.now();
  /** Of those that were asked more than once. */
  #tries: Map<Candidate, number> | undefined;
  /** How often each gave what was not asked for: whatever went wrong before, it is told so once. */
  #wrongAnswers: Map<Candidate, number> | undefined;
  #waiting: Candidate[];
  /** Not to be asked again, by any way. */
  #barred: Set<Candidate> | undefined;
  /** What each ended with at last, and when. */
  #ends: Map<Candidate, { readonly error: unknown; readonly atMs: number }> | undefined;
  /** Who can be asked by the way that is in use; all, where none was named. */
  #able: readonly Candidate[] | undefined;
  /** Until when those are left alone that are to be asked anew. */
  #restsUntil: Map<Candidate, number> | undefined;
  #begun = 0;

  constructor(candidates: readonly Candidate[], options: PlanOptions<Candidate>) {
    this.#options = options;
    this.#maxAttempts = options.maxAttempts ?? candidates.length + 2;
    this.#waiting = [...candidates];
  }

  /** Chooses among the candidates that were not asked yet; `undefined` where nobody is left or the budget is spent. */
  next(): Candidate | undefined {
    const waiting = this.#waiting;
    if (!isFilled(waiting) || this.#begun >= this.#maxAttempts) return undefined;
    if (this.#begun > 0 && !this.#isInTime(0)) return undefined;
    const chosen = waiting.length === 1 ? waiting[0] : this.#options.choose(this.#soonest(waiting));
    // No copy: a route may be long, and each of its candidates refuse.
    waiting.splice(waiting.indexOf(chosen), 1);
    this.#begun++;
    if (this.#ends?.has(chosen) === true) this.#countTry(chosen);
    return chosen;
  }

  /** What follows an attempt that ended with this outcome. An answer that is good enough is a `stop`. */
  after(outcome: Outcome, candidate: Candidate, attempt: Attempt): Move<Candidate> {
    const verdict = this.verdictOn(outcome, candidate, attempt);
    if (verdict === "stop") return { type: "stop" };
    (this.#ends ??= new Map()).set(candidate, { error: outcome.error, atMs: performance.now() });
    if (verdict === "next") this.bar(candidate);
    if (verdict === "retry") return this.#again(candidate, outcome.error) ?? this.toNext();
    if (verdict === "next") return this.toNext();
    if (outcome.error === undefined) return { type: "stop" };

    const rule = ruleOf(outcome.error);
    // A breaker that has just opened is for the requests behind it, this one included.
    const openForMs = this.#options.recoversInMs?.(candidate) ?? 0;
    const repeated = this.#mayRepeat(candidate, outcome.error, rule)
      ? this.#again(candidate, outcome.error, { openForMs })
      : undefined;
    return repeated ?? (rule.nextCandidate ? this.toNext() : { type: "stop" });
  }

  /** What the candidate itself or the caller decides of an attempt's outcome; `undefined` leaves it to the table. */
  verdictOn(outcome: Outcome, candidate: Candidate, attempt: Attempt): Verdict | undefined {
    const { decide, shouldRetry } = this.#options;
    return readVerdict(decide?.(candidate, outcome) ?? shouldRetry?.(outcome, attempt));
  }

  /**
   * From now on only these are asked, whoever was asked before: each after the wait that its last outcome asks for, and none
   * that may not be asked again. What `current` ended with is still to be told to {@link after}.
   */
  admit(candidates: readonly Candidate[], current?: Candidate): void {
    const restsUntil = new Map<Candidate, number>();
    for (const candidate of candidates) {
      const until = candidate === current ? undefined : this.#mayBeAskedFrom(candidate);
      if (until !== undefined) restsUntil.set(candidate, until);
    }
    this.#able = candidates;
    this.#restsUntil = restsUntil;
    const now = performance.now();
    const restOf = (candidate: Candidate): number => Math.max(now, restsUntil.get(candidate) ?? 0);
    this.#waiting = [...restsUntil.keys()].toSorted((one, other) => restOf(one) - restOf(other));
  }

  /** It is not asked again, by any way. */
  bar(candidate: Candidate): void {
    (this.#barred ??= new Set()).add(candidate);
  }

  /** It cannot take the request: it gives back its place, and is not asked again, by any way. */
  passOver(candidate: Candidate): void {
    this.bar(candidate);
    this.refund();
  }

  /** Gives back the places of attempts that never began. */
  refund(attempts = 1): void {
    this.#begun -= attempts;
  }

  #isInTime(delayMs: number): boolean {
    return performance.now() - this.#startedAt + delayMs <= (this.#options.maxElapsedMs ?? Infinity);
  }

  #triesOf(candidate: Candidate): number {
    return this.#tries?.get(candidate) ?? 1;
  }

  /** Who is asked next, and when. */
  toNext(): Move<Candidate> {
    const candidate = this.next();
    if (candidate === undefined) return { type: "exhausted" };
    const until = this.#restsUntil?.get(candidate) ?? 0;
    return { type: "ask", candidate, delayMs: until === 0 ? 0 : Math.max(0, until - performance.now()) };
  }

  /** Nobody waits for one that rests while another may be asked: they are in the order of their rests. */
  #soonest(waiting: readonly [Candidate, ...Candidate[]]): readonly [Candidate, ...Candidate[]] {
    const rests = this.#restsUntil;
    if (rests === undefined) return waiting;
    const [first, ...others] = waiting;
    const soonest = Math.max(performance.now(), rests.get(first) ?? 0);
    return [first, ...others.filter((other) => (rests.get(other) ?? 0) <= soonest)];
  }

  /** By the clock of `performance`; `undefined` where it may not be asked by this request any more. */
  #mayBeAskedFrom(candidate: Candidate): number | undefined {
    if (this.#barred?.has(candidate) === true) return undefined;
    const end = this.#ends?.get(candidate);
    if (end === undefined) return 0;
    const isOther = ruleOf(end.error) === ERROR_RULES.unsupported;
    const waitMs = this.#waitBefore(candidate, end.error, { isOther });
    if (waitMs === undefined) return undefined;
    const leftMs = Math.max(0, end.atMs + waitMs - performance.now());
    const openForMs = this.#options.recoversInMs?.(candidate) ?? 0;
    return !this.#isInTime(leftMs) || leftMs < openForMs ? undefined : end.atMs + waitMs;
  }

  #countTry(candidate: Candidate): void {
    this.#tries ??= new Map();
    this.#tries.set(candidate, this.#triesOf(candidate) + 1);
  }

  #again(candidate: Candidate, error: unknown, { openForMs = 0 } = {}): Move<Candidate> | undefined {
    if (this.#begun >= this.#maxAttempts || this.#able?.includes(candidate) === false) return undefined;
    const delayMs = this.#waitBefore(candidate, error);
    if (delayMs === undefined || !this.#isInTime(delayMs) || delayMs < openForMs) return undefined;
    this.#begun++;
    this.#countTry(candidate);
    return { type: "ask", candidate, delayMs };
  }

  /** `undefined` where the provider asks for a longer wait than we grant. */
  #waitBefore(candidate: Candidate, error: unknown, { isOther = false } = {}): number | undefined {
    // It is well, and only said something else.
    if (isWrongAnswer(error)) return 0;
    const { baseDelayMs = 500, maxDelayMs = 8_000, maxRetryAfterMs = 30_000, random } = this.#options;
    const retryAfterMs = QwenError.isInstance(error) ? error.retryAfterMs : undefined;
    if (retryAfterMs !== undefined) return retryAfterMs <= maxRetryAfterMs ? retryAfterMs : undefined;
    // Who has another answer may still go on with that of somebody else, and at once.
    if (isOther) return 0;
    const doublings = Math.min(this.#triesOf(candidate) - 1, MOST_DOUBLINGS);
    return random() * Math.min(maxDelayMs, baseDelayMs * 2 ** doublings);
  }

  #countOf(candidate: Candidate, error: unknown): number {
    if (!isWrongAnswer(error)) return this.#triesOf(candidate);
    this.#wrongAnswers ??= new Map();
    const count = (this.#wrongAnswers.get(candidate) ?? 0) + 1;
    this.#wrongAnswers.set(candidate, count);
    return count;
  }

  /** Whether to ask the same provider again before those who were not asked yet. */
  #mayRepeat(candidate: Candidate, error: unknown, rule: ErrorRule): boolean {
    const { sameProvider, breaker } = rule;
    const tried = this.#countOf(candidate, error);
    if (sameProvider === "never" || (sameProvider === "once" && tried > 1)) {
      // That one has another answer, or cannot do this: there may be another way to ask it.
      if (rule !== ERROR_RULES.unsupported) this.bar(candidate);
      return false;
    }
    const left = this.#waiting.length;
    if (left === 0) return true;
    // Others may answer now: one more try, not of one that is full or wants a pause, and never at the price of their turn.
    const pause = breaker === "pause" || (QwenError.isInstance(error) && error.retryAfterMs !== undefined);
    return tried === 1 && !pause && this.#begun + left < this.#maxAttempts;
  }
}

function isWrongAnswer(error: unknown): boolean {
  return QwenError.isInstance(error) && error.code === "invalid_output";
}

/** Makes the plan of one request over its candidates. */
export function planOf<Asked extends AnyCandidate<unknown>>(
  candidates: readonly Asked[],
  {
    retry,
    strategy = "in-order",
    random,
  }: Pick<AttemptSettings, "retry" | "strategy"> & { readonly random?: (() => number) | undefined },
): Plan<Asked> {
  const chance = random === undefined ? Math.random : checkedRandom(random);
  return new Plan(candidates, {
    ...retry,
    random: chance,
    recoversInMs,
    decide: decideBy,
    choose: strategy === "in-order" ? firstAllowed : (some) => chooseCandidate(some, { strategy, random: chance }),
  });
}

function decideBy(candidate: AnyCandidate<unknown>, outcome: Outcome): Verdict | undefined {
  return candidate.decide?.(outcome);
}

/** A source of random numbers that ends its call where what it gives is none. */
function checkedRandom(random: () => unknown): () => number {
  return () => {
    const number = random();
    if (typeof number === "number" && number >= 0 && number <= 1) return number;
    disregard(number);
    throw new TypeError("`random` must return numbers from 0 up to 1, and at once.");
  };
}

function isFilled<Value>(values: Value[]): values is [Value, ...Value[]] {
  return values.length > 0;
}
