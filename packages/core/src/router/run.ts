import { isDecision } from "../decision.ts";
import { TimeoutError } from "../errors.ts";
import { Flow, type FlowMaker } from "../flow.ts";
import { weightOfPart } from "../part-weight.ts";
import { Deadline, DEFAULT_TIMEOUTS } from "../timers.ts";
import type { Attempt } from "./attempt.ts";
import { AttemptLog } from "./attempt-log.ts";
import type { AttemptReceiver } from "./attempt-owner.ts";
import type { RunOptions } from "./attempts-options.ts";
import { asking, type Asking } from "./loaded-later.ts";
import type { RequestEnded } from "./observers.ts";
import type { PartKind } from "./part-reader.ts";
import type { Ending, RaceHost } from "./race-host.ts";
import type { Race } from "./race.ts";
import type { Outcome } from "./retry.ts";

/** What may wait, in characters, for a reader whose answer is not kept: there may be many who stall. */
const PASSING_MARK = 16 * 1024;

/**
 * One request on its way over its candidates: a flow of two phases. First who answers, which a race decides; then what that
 * one says: its parts pass on. Where that breaks off and is to be gone on with, there is a race of one again.
 *
 * It fails with the error of the only attempt, `all_failed` for several, the error itself where that ended the request or
 * came after the commit point (each with `attempts`), the reason of `signal` as soon as that aborts, and a `timeout` of the
 * phase `total` as soon as its time is over, whether anybody reads it or not.
 */
export class Run<Part, Result> implements FlowMaker, RaceHost<Part, Result>, AttemptReceiver<Part, Result> {
  readonly flow: Flow<Part>;
  readonly log: AttemptLog;
  readonly #options: RunOptions<Part, Result>;
  readonly #totalMs: number;
  readonly #total = new Deadline(() => this.end(new TimeoutError("total", this.#totalMs), "timed-out"));
  #startedAt: number | undefined;
  /** Who answers, since its commit point. */
  #answering: Attempt<Part, Result> | undefined;
  /** When the first output came of what was shown. */
  #firstOutputAt: number | undefined;
  #race: Race<Part, Result> | undefined;
  #outcome: Outcome<Result> | undefined;
  #completion: PromiseWithResolvers<Result> | undefined;

  constructor(options: RunOptions<Part, Result>) {
    this.flow = new Flow<Part>(this, weightOfPart as (part: Part) => number);
    if (options.forgets === true) this.flow.mark = PASSING_MARK;
    this.log = new AttemptLog(options);
    this.#options = options;
    this.#totalMs = options.totalMs ?? DEFAULT_TIMEOUTS.totalMs;
  }

  /** How it ended; `undefined` while it has not. An error is what the flow fails with, or why it was left. */
  get outcome(): Outcome<Result> | undefined {
    return this.#outcome;
  }

  get startedAt(): number {
    return this.#startedAt ?? performance.now();
  }

  get isOver(): boolean {
    return this.#outcome !== undefined;
  }

  /** The result. Asking for it makes the run go by itself: what nobody reads waits, however much it is. */
  completion(): Promise<Result> {
    if (this.#options.forgets === true)
      return Promise.reject(
        new TypeError("With `keepText: false` there is no `completion`: nothing is kept to make it of."),
      );
    if (this.#completion === undefined) {
      this.#completion = Promise.withResolvers<Result>();
      this.#tellOutcome();
      this.flow.mark = Infinity;
      this.flow.open();
    }
    return this.#completion.promise;
  }

  // Who answers.

  start(): void {
    try {
      const { signal, running } = this.#options;
      // Who keeps them may take no calls any more, and who watches may end the request that it hears of.
      if (running?.add(this) === false) return;
      if (this.isOver) {
        running?.delete(this);
        return;
      }
      this.#begin();
      if (this.isOver) return;
      if (signal?.aborted === true) {
        this.end(signal.reason, "aborted");
        return;
      }
      signal?.addEventListener("abort", this.#onAbort);
      this.#total.start(this.#totalMs);
      if (asking.now !== undefined) this.#ask(asking.now);
      else
        asking.load().then(
          (loaded) => this.#ask(loaded),
          (error: unknown) => this.end(error, "broken"),
        );
    } catch (error) {
      this.end(error, "broken");
    }
  }

  #ask(loaded: Asking): void {
    if (this.isOver) return;
    try {
      this.#race = new loaded.Race(this.#options.race(loaded), this);
      if (!this.isOver) this.#race.begin();
    } catch (error) {
      this.end(error, "broken");
    }
  }

  #begin(): void {
    this.#startedAt = performance.now();
    this.log.requestStarted();
  }

  pause(): void {
    this.#race?.pause();
  }

  resume(): void {
    this.#race?.resume();
  }

  // What it says.

  won(attempt: Attempt<Part, Result>): void {
    const { last } = attempt;
    const before = this.#answering;
    this.#answering = attempt;
    this.#firstOutputAt ??= attempt.outputAt;
    if (attempt.seam !== undefined) this.log.continued(attempt, attempt.seam);
    // An iteration of somebody's own is asked one part ahead at most, unless all of it is wanted.
    if (last === undefined && !attempt.isFlow && this.flow.mark !== Infinity) this.flow.mark = 0;
    const held = attempt.handOver(this);
    const parts = before === undefined ? held : (attempt.collector.goOn?.(before.collector, held) ?? held);
    if (this.#options.outcomeOnly !== true && attempt.seam === undefined) {
      const start = attempt.collector.start?.();
      if (start !== undefined) this.flow.push(start);
    }
    for (const part of parts) this.flow.push(part);
    if (last !== undefined) this.#conclude(attempt, last);
  }

  pass(attempt: Attempt<Part, Result>, part: Part, kind: PartKind): void {
    if (kind === "output") {
      attempt.collector.add(part);
      this.flow.push(part);
      return;
    }
    if (kind === "error") throw this.#race?.reader.errorOf(part);
    if (kind === "finish" || kind === "whole") {
      this.#conclude(attempt, part);
      return;
    }
    if (kind !== "live") attempt.collector.add(part);
    if (kind !== "start") this.flow.push(part);
  }

  brokeOff(attempt: Attempt<Part, Result>, reason: unknown): void {
    if (this.isOver) return;
    try {
      if (isDecision(reason)) throw reason;
      this.#race?.goOn(attempt, attempt.asOwnError(reason));
    } catch (error) {
      this.end(error, "broken");
    }
  }

  /** The answer is whole. */
  #conclude(attempt: Attempt<Part, Result>, last: Part): void {
    const { outcomeOnly = false } = this.#options;
    const race = this.#race;
    if (this.isOver || race === undefined) return;
    try {
      // Of an attempt that was read to its end before anything was shown there is none.
      const shown = race.close(attempt, undefined, last);
      if (this.isOver) return;
      const { sealed, result } = race.seal(attempt, last);
      const verdict = shown === undefined ? undefined : race.verdictOn({ result }, attempt, shown);
      if (verdict === "retry" || verdict === "next") {
        throw new TypeError(
          '`shouldRetry` can turn a result down only in `complete()` or with `commit: "buffered"`: this one was shown already.',
        );
      }
      if (!this.#settle({ result }, { outcome: "answered", usage: race.reader.usageOf?.(sealed) })) return;
      if (outcomeOnly) race.telling?.whole(sealed);
      else this.flow.push(sealed);
      this.flow.end();
    } catch (error) {
      this.end(error, "broken");
    }
  }

  // How it ends badly.

  leave(reason: unknown): void {
    this.end(reason, "aborted");
  }

  over(): void {
    // It was left before it began.
    if (!this.isOver) this.end(new DOMException("The stream was left before it was read.", "AbortError"), "aborted");
  }

  // No object that listens itself: what such a one holds, Node keeps through each small collection.
  readonly #onAbort = (): void => this.end(this.#options.signal?.reason, "aborted");

  /** What is under way is logged before the error is made, and stopped once that was told. */
  end(reason: unknown, how: Ending): void {
    if (this.isOver) return;
    // What ended one attempt is not how the others end.
    const why = how === "failed" ? new DOMException("Another attempt has ended the request.", "AbortError") : reason;
    const left = this.#race?.cancelAll(why, { timedOut: how === "timed-out" }) ?? [];
    this.#fail(this.#errorOf(reason, how), how);
    const told: unknown = this.#outcome?.error;
    for (const attempt of left) attempt.stop(told);
  }

  #errorOf(reason: unknown, how: Ending): unknown {
    // What a caller aborts with or throws is the caller's, also where it is an error of ours.
    if (how === "aborted" || how === "broken") return reason;
    try {
      return this.log.finalError(reason, { exhausted: how === "exhausted" });
    } catch (error) {
      return error;
    }
  }

  #fail(error: unknown, how: Ending): void {
    if (!this.#settle({ error }, { outcome: how === "aborted" ? "cancelled" : "failed", error })) return;
    // Who aborts has no use for what waits; else it may still be read.
    if (how === "aborted") this.flow.abort(error);
    else this.flow.fail(error);
  }

  /** Nothing more is asked; no timer and no listener is left. Whether that is news. */
  #settle(outcome: Outcome<Result>, told: Pick<RequestEnded, "outcome" | "usage" | "error">): boolean {
    if (this.isOver) return false;
    this.#outcome = outcome;
    this.#total.stop();
    this.#tellEnd(told);
    this.#tellOutcome();
    try {
      this.#options.signal?.removeEventListener("abort", this.#onAbort);
      this.#options.running?.delete(this);
    } catch {
      // It is over, whatever those make of it.
    }
    return true;
  }

  #tellEnd(told: Pick<RequestEnded, "outcome" | "usage" | "error">): void {
    // It may have been left before it was read.
    if (this.#startedAt === undefined) this.#begin();
    const { startedAt } = this;
    const { provider, model } = this.#answering?.candidate ?? {};
    this.log.requestEnded({
      ...told,
      durationMs: performance.now() - startedAt,
      firstOutputMs: this.#firstOutputAt === undefined ? undefined : this.#firstOutputAt - startedAt,
      provider,
      model,
    });
  }

  #tellOutcome(): void {
    const outcome = this.#outcome;
    if (outcome === undefined || this.#completion === undefined) return;
    if ("result" in outcome) this.#completion.resolve(outcome.result as Result);
    else this.#completion.reject(outcome.error);
  }
}
