import { isDecision } from "../decision.ts";
import { copyOf } from "../error-copy.ts";
import type { Attempt as AttemptRecord, QwenError } from "../errors.ts";
import { Attempt } from "./attempt.ts";
import type { AttemptLog } from "./attempt-log.ts";
import type { AttemptOwner } from "./attempt-owner.ts";
import type { Candidate } from "./candidate.ts";
import { continues } from "./attempt-settings.ts";
import type { RaceOptions } from "./attempts-options.ts";
import { Continuation, type Seam } from "./continuation.ts";
import type { RaceHost } from "./race-host.ts";
import type { PartReader } from "./part-reader.ts";
import { planOf, type Move, type Plan } from "./plan.ts";
import type { Outcome, Verdict } from "./retry.ts";
import { seal, type Sealed } from "./seal.ts";
import { Telling } from "./telling.ts";
import { Waits } from "./waits.ts";

/** After so many attempts timers get their turn, also where each fails at once and nobody asks for a pause. */
const ATTEMPTS_A_TURN = 16;

/**
 * Who answers: the attempts of one request, one after the other or side by side, until one of them reaches its commit point.
 *
 * Callbacks and those who watch may end the request at any point of it.
 */
export class Race<Part, Result> implements AttemptOwner<Part, Result> {
  readonly reader: PartReader<Part, Result>;
  readonly buffered: boolean;
  readonly holds: boolean;
  readonly maxQueueMs: number;
  readonly telling: Telling<Part, Result> | undefined;
  readonly #options: RaceOptions<Part, Result>;
  readonly #host: RaceHost<Part, Result>;
  readonly #candidates: readonly Candidate<Part>[];
  readonly #plan: Plan<Candidate<Part>>;
  /** In the order of their start. Nearly always one: a set would take four times the memory. */
  #active: readonly Attempt<Part, Result>[] = [];
  readonly #retries = new Waits();
  readonly #hedges = new Waits();
  #begun = 0;
  /** Set once an answer broke off that is to be gone on with. */
  #continuation: Continuation<Part> | undefined;

  constructor(options: RaceOptions<Part, Result>, host: RaceHost<Part, Result>) {
    const { commit, onPart, outcomeOnly = false, maxQueueMs = Infinity } = options;
    this.reader = options.reader;
    this.buffered = outcomeOnly || commit === "buffered";
    this.holds = !outcomeOnly;
    this.maxQueueMs = maxQueueMs;
    if (outcomeOnly && onPart !== undefined) this.telling = new Telling(onPart, options.reader, host);
    this.#options = options;
    this.#host = host;
    this.#candidates = options.candidates();
    this.#plan = planOf(this.#candidates, options);
  }

  get log(): AttemptLog {
    return this.#host.log;
  }

  get isPaused(): boolean {
    return this.#host.flow.paused;
  }

  begin(): void {
    const first = this.#plan.next();
    if (first === undefined) throw new TypeError("`candidates()` must give at least one candidate, and gave none.");
    this.#ask(first);
  }

  pause(): void {
    for (const attempt of this.#active) attempt.pause();
  }

  resume(): void {
    for (const attempt of this.#active) attempt.resume();
  }

  /** An attempt is over, well or with an error of its own. Returns its record; of one that was over already, nothing. */
  close(attempt: Attempt<Part, Result>, error?: unknown, last?: Part): AttemptRecord | undefined {
    const usage = last === undefined ? undefined : this.reader.usageOf?.(last);
    if (!this.#active.includes(attempt)) return undefined;
    this.#active = this.#active.filter((other) => other !== attempt);
    return attempt.settle(error, usage);
  }

  /**
   * Ends all attempts, whose providers are still to be stopped. Whatever the reason is, it says nothing of those. Nothing is
   * asked any more.
   */
  cancelAll(reason: unknown, how: { readonly timedOut: boolean }): readonly Attempt<Part, Result>[] {
    this.#retries.clear();
    this.#hedges.clear();
    const left = this.#active;
    for (const attempt of left) this.#cancel(attempt, reason, how);
    return left;
  }

  seamAt(candidate: Candidate<Part>): Seam<Part> | undefined {
    return this.#continuation?.seam(candidate, { keeps: this.holds });
  }

  live(attempt: Attempt<Part, Result>, part: Part): void {
    // Of several attempts only the oldest is shown waiting.
    if (this.holds && attempt === this.#active[0]) this.#host.flow.push(part);
  }

  failed(attempt: Attempt<Part, Result>, reason: unknown): void {
    this.#orEnd(() => {
      if (isDecision(reason)) throw reason;
      const error = attempt.asOwnError(reason);
      const record = this.close(attempt, error);
      if (record === undefined || this.#host.isOver) return;
      const move = this.#after(attempt, error, record);
      if (this.#host.isOver) return;
      this.telling?.left(attempt);
      if (move.type === "ask") this.#askAfter(move);
      else if (move.type === "stop") this.#host.end(this.#continuation?.error ?? error, "failed");
      else this.#exhausted(error);
      this.telling?.goOn();
    });
  }

  /**
   * The answer broke off after some of it was shown: the request ends, or the attempts begin anew, one at a time.
   */
  goOn(attempt: Attempt<Part, Result>, error: QwenError): void {
    const record = this.close(attempt, error);
    if (record === undefined || this.#host.isOver) return;
    const { commit, continueBy = ["replay"] } = this.#options;
    if (!continues(commit)) {
      this.#host.end(error, "failed");
      return;
    }
    const before = this.#continuation;
    const known = { reader: this.reader, ways: continueBy, candidates: this.#candidates, before };
    const continuation = (this.#continuation = new Continuation(attempt, error, known));
    this.#plan.admit(continuation.among(), attempt.candidate);
    const move = continuation.way === undefined ? undefined : this.#after(attempt, error, record);
    if (this.#host.isOver) return;
    if (move?.type === "ask") this.#askAfter(move);
    else if (move?.type === "stop") this.#host.end(error, "failed");
    else {
      // Of this way the plan has decided that nobody may be asked.
      continuation.nextWay();
      this.#tryWay();
    }
  }

  /** What follows a failure. Who cannot is asked by no other way, unless it is this one that it cannot. */
  #after({ candidate, seam }: Attempt<Part, Result>, error: QwenError, record: AttemptRecord): Move<Candidate<Part>> {
    if (error.code === "unsupported" && seam?.hasOtherWay !== true) this.#plan.bar(candidate);
    return this.#plan.after({ error }, candidate, record);
  }

  /** Goes on by the way that is next, if somebody can. */
  #tryWay(): void {
    const continuation = this.#continuation;
    for (; continuation?.way !== undefined; continuation.nextWay()) {
      this.#plan.admit(continuation.among());
      const move = this.#plan.toNext();
      if (move.type !== "ask") continue;
      this.#askAfter(move);
      return;
    }
    if (continuation !== undefined) this.#host.end(continuation.error, "failed");
  }

  answered(): void {
    this.#hedges.clear();
  }

  committed(attempt: Attempt<Part, Result>): void {
    this.#orEnd(() => {
      if (!this.#active.includes(attempt)) return;
      if (attempt.last !== undefined && this.#continuation === undefined && this.#isTurnedDown(attempt, attempt.last))
        return;
      this.#plan.refund(this.#retries.clear());
      this.#hedges.clear();
      for (const other of this.#active.filter((one) => one !== attempt)) {
        const reason = new DOMException("Another attempt was quicker.", "AbortError");
        this.#cancel(other, reason);
        other.stop(reason);
      }
      this.telling?.turnTo(attempt);
      if (!this.#host.isOver) this.#host.won(attempt);
    });
  }

  /** Asks the candidate, or the first one after it that can take the request. */
  #ask(first: Candidate<Part>, { isHedge = false } = {}): void {
    let candidate: Candidate<Part> | undefined = first;
    while (candidate !== undefined) {
      const refused = candidate.refuse?.();
      if (refused === undefined) break;
      const { provider, model } = candidate;
      const error = copyOf(refused, { provider, requestId: this.log.requestId });
      this.#host.log.passedOver({ provider, model, number: ++this.#begun, durationMs: 0, error });
      this.#plan.passOver(candidate);
      const move = this.#plan.toNext();
      candidate = undefined;
      if (move.type !== "ask") this.#exhausted(error);
      else if (move.delayMs === 0) candidate = move.candidate;
      else this.#askAfter(move);
    }
    if (candidate !== undefined) this.#begin(candidate, isHedge);
  }

  /** Nobody more can be asked; those who are may still answer. */
  #exhausted(error: unknown): void {
    if (this.#engaged > 0) return;
    this.#continuation?.nextWay();
    if (this.#continuation === undefined) this.#host.end(error, "exhausted");
    else this.#tryWay();
  }

  #begin(candidate: Candidate<Part>, isHedge: boolean): void {
    const { log, flow } = this.#host;
    const { hedge } = this.#options;
    const { provider, model } = candidate;
    const lastError = log.attempts.at(-1)?.error;
    const number = ++this.#begun;
    const attempt = new Attempt(candidate, { number, isHedge }, this);
    if (this.#host.isOver) {
      // By who watches breakers: it was never heard of.
      attempt.forget();
      return;
    }
    // Of its length: one that grows would keep 17 places.
    this.#active = this.#active.concat(attempt);
    log.started(attempt);
    const part = this.reader.attempt?.({ provider, model, number, lastError });
    if (part !== undefined && this.holds) flow.push(part);
    else this.telling?.begun(attempt, part);
    if (!this.#active.includes(attempt)) return;
    // Before it begins: it may answer at once.
    if (hedge !== undefined && this.#continuation === undefined && this.#active.length < (hedge.maxConcurrent ?? 2))
      this.#hedges.add(hedge.delayMs, () => this.#orEnd(() => this.#hedge(attempt, hedge.maxConcurrent)));
    attempt.begin();
  }

  #hedge(slow: Attempt<Part, Result>, maxConcurrent = 2): void {
    const next = this.#active.includes(slow) && this.#engaged < maxConcurrent ? this.#plan.next() : undefined;
    if (next !== undefined) this.#ask(next, { isHedge: true });
  }

  #askAfter({ candidate, delayMs }: { readonly candidate: Candidate<Part>; readonly delayMs: number }): void {
    if (delayMs === 0 && this.#begun % ATTEMPTS_A_TURN !== 0) this.#ask(candidate);
    else this.#retries.add(delayMs, () => this.#orEnd(() => this.#ask(candidate)));
  }

  /** The answer is whole, and not good enough: another attempt follows, unless the request has ended. */
  #isTurnedDown(attempt: Attempt<Part, Result>, last: Part): boolean {
    const record = this.close(attempt, undefined, last);
    if (record === undefined || this.#host.isOver) return true;
    if (this.#options.retry?.shouldRetry === undefined) return false;
    const { result } = this.seal(attempt, last);
    const move = this.#plan.after({ result }, attempt.candidate, record);
    if (this.#host.isOver) return true;
    if (move.type !== "ask") return false;
    this.#host.log.turnDown(new Error("`shouldRetry` turned the answer down."));
    this.telling?.left(attempt);
    this.#askAfter(move);
    this.telling?.goOn();
    return true;
  }

  /** What is decided of an answer that was shown already. */
  verdictOn(outcome: Outcome, { candidate }: Attempt<Part, Result>, record: AttemptRecord): Verdict | undefined {
    return this.#plan.verdictOn(outcome, candidate, record);
  }

  /** The last part of an answer as the caller gets it, and the whole. */
  seal(attempt: Attempt<Part, Result>, last: Part): Sealed<Part, Result> {
    const before = this.#continuation?.starts ?? [];
    return seal(attempt, last, this.reader, { log: this.log, startedAt: this.#host.startedAt, before });
  }

  /** How many there are to wait for: who is to be asked in a while has its place already. */
  get #engaged(): number {
    return this.#active.length + this.#retries.size;
  }

  #cancel(attempt: Attempt<Part, Result>, reason: unknown, { timedOut = false } = {}): void {
    if (!this.#active.includes(attempt)) return;
    this.#active = this.#active.filter((other) => other !== attempt);
    this.telling?.left(attempt);
    attempt.cancel(reason, { timedOut });
  }

  #orEnd(work: () => void): void {
    if (this.#host.isOver) return;
    try {
      work();
    } catch (error) {
      this.#host.end(error, "broken");
    }
  }
}
