import { disregard } from "../disregard.ts";
import { ERROR_RULES, ruleOfCode, type ErrorRule } from "../error-rules.ts";
import { QwenError, type Attempt } from "../errors.ts";
import { printable, wordsOf } from "../printable.ts";

/** How often and how soon a request is tried again. */
export interface RetryOptions {
  /**
   * Attempts of one request over all its candidates.
   *
   * @defaultValue two more than there are candidates
   */
  readonly maxAttempts?: number | undefined;
  /**
   * No attempt begins later than this after the request did, in ms.
   *
   * @defaultValue Infinity
   */
  readonly maxElapsedMs?: number | undefined;
  /**
   * The first wait before asking the same provider again is a random time up to this, in ms; each
   * further one may be twice as long.
   *
   * @defaultValue 500
   */
  readonly baseDelayMs?: number | undefined;
  /**
   * The longest such wait, in ms.
   *
   * @defaultValue 8_000
   */
  readonly maxDelayMs?: number | undefined;
  /**
   * A provider that asks for a longer pause than this, in ms, is not asked again by the same request.
   *
   * @defaultValue 30_000
   */
  readonly maxRetryAfterMs?: number | undefined;
  /**
   * Decides otherwise than the errors table; `undefined` leaves it to the table.
   *
   * An outcome with a `result` comes only where the answer is whole before anyone sees it: in
   * `complete()` and with `commit: "buffered"`.
   */
  readonly shouldRetry?: ((outcome: Outcome, attempt: Attempt) => Verdict | undefined) | undefined;
}

/** How an attempt ended. */
export type Outcome<Result = unknown> =
  | { readonly error: unknown; readonly result?: undefined }
  | { readonly result: Result; readonly error?: undefined };

/** Ask the same provider again, go on to the next candidate, or end the request with this outcome. */
export type Verdict = "retry" | "next" | "stop";

/** What follows a failed attempt. `exhausted`: it could go on, but nobody is left or the budget is spent. */
export type Move<Candidate> =
  | { readonly type: "ask"; readonly candidate: Candidate; readonly delayMs: number }
  | { readonly type: "stop" | "exhausted" };

/** What a {@link Plan} goes by. */
export interface PlanOptions<Candidate> extends RetryOptions {
  readonly random: () => number;
  /** How long the circuit breaker of a candidate stays open, in ms. */
  readonly recoversInMs?: ((candidate: Candidate) => number) | undefined;
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
    const chosen = waiting.length === 1 ? waiting[0] : this.#options.choose(waiting);
    // No copy: a route may be long, and each of its candidates refuse.
    waiting.splice(waiting.indexOf(chosen), 1);
    this.#begun++;
    if (this.#ends?.has(chosen) === true) this.#countTry(chosen);
    return chosen;
  }

  /** What follows an attempt that ended with this outcome. An answer that is good enough is a `stop`. */
  after(outcome: Outcome, candidate: Candidate, attempt: Attempt): Move<Candidate> {
    const verdict = readVerdict(this.#options.shouldRetry?.(outcome, attempt));
    if (verdict === "stop") return { type: "stop" };
    (this.#ends ??= new Map()).set(candidate, { error: outcome.error, atMs: performance.now() });
    if (verdict === "next") this.#bar(candidate);
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

  /** Gives back the place of an attempt that never began. */
  refund(): void {
    this.#begun--;
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

  /** By the clock of `performance`; `undefined` where it may not be asked by this request any more. */
  #mayBeAskedFrom(candidate: Candidate): number | undefined {
    if (this.#barred?.has(candidate) === true) return undefined;
    const end = this.#ends?.get(candidate);
    if (end === undefined) return 0;
    // Who has another answer may still go on with that of somebody else, and at once.
    const isOther = ruleOf(end.error) === ERROR_RULES.unsupported;
    const waitMs = isOther ? 0 : this.#waitBefore(candidate, end.error);
    if (waitMs === undefined) return undefined;
    const leftMs = Math.max(0, end.atMs + waitMs - performance.now());
    const openForMs = this.#options.recoversInMs?.(candidate) ?? 0;
    return !this.#isInTime(leftMs) || leftMs < openForMs ? undefined : end.atMs + waitMs;
  }

  #bar(candidate: Candidate): void {
    (this.#barred ??= new Set()).add(candidate);
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
  #waitBefore(candidate: Candidate, error: unknown): number | undefined {
    // It is well, and only said something else.
    if (isWrongAnswer(error)) return 0;
    const { baseDelayMs = 500, maxDelayMs = 8_000, maxRetryAfterMs = 30_000, random } = this.#options;
    const retryAfterMs = QwenError.isInstance(error) ? error.retryAfterMs : undefined;
    if (retryAfterMs !== undefined) return retryAfterMs <= maxRetryAfterMs ? retryAfterMs : undefined;
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
      if (rule !== ERROR_RULES.unsupported) this.#bar(candidate);
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

/** A source of random numbers that ends its call where what it gives is none. */
export function checkedRandom(random: () => unknown = Math.random): () => number {
  return () => {
    const number = random();
    if (typeof number === "number" && number >= 0 && number <= 1) return number;
    void disregard(number);
    throw new TypeError("`random` must return numbers from 0 up to 1, and at once.");
  };
}

function isFilled<Value>(values: Value[]): values is [Value, ...Value[]] {
  return values.length > 0;
}

const VERDICTS: ReadonlySet<unknown> = new Set<Verdict>(["retry", "next", "stop"]);

/** What `shouldRetry` decided. A promise, or anything else that is no verdict, is a `TypeError`. */
export function readVerdict(verdict: unknown): Verdict | undefined {
  if (verdict === undefined || verdict === null || verdict === false) return undefined;
  if (VERDICTS.has(verdict)) return verdict as Verdict;
  void disregard(verdict);
  const what = verdict instanceof Promise ? "a promise" : printable(wordsOf(verdict), 100);
  throw new TypeError(
    `\`shouldRetry\` must return "retry", "next", "stop" or undefined, and at once; it returned ${what}.`,
  );
}

/** The row of the errors table for an error of the family. */
export function ruleOf(error: unknown): ErrorRule {
  if (!QwenError.isInstance(error)) return ERROR_RULES.protocol;
  return ruleOfCode(error.code);
}
