import { debug } from "../debug.ts";
import { copyOf } from "../error-copy.ts";
import { field } from "../field.ts";
import { AllFailedError, QwenError, type Attempt } from "../errors.ts";
import { isGroup } from "../options.ts";
import { wordsOf } from "../printable.ts";
import { newRequestId } from "../request-id.ts";
import type { Usage } from "../part.ts";
import { snapshotOf } from "../snapshot.ts";
import type { Observers, RequestEnded, RequestLabel, SeamPlace } from "./observers.ts";
import type { QueuePlace } from "./part-reader.ts";

/** Which attempt it is. */
export interface NamedAttempt {
  readonly candidate: { readonly provider: string; readonly model: string };
  readonly number: number;
  /** Whether it was begun beside a slow one. */
  readonly isHedge: boolean;
  /** How long it waited for a place within the limits of its provider, in ms; `undefined` while it has none. */
  readonly waitedMs: number | undefined;
}

/** Of which request a log is. */
export interface AttemptLogOptions {
  /** The name that was asked for. */
  readonly model: string;
  /** @defaultValue one of its own */
  readonly requestId?: string | undefined;
  readonly observers?: Observers | undefined;
}

/** What was tried for one request: for its result, its error, observers and the log. */
export class AttemptLog {
  readonly requestId: string;
  /** In the order of their start, once nothing is under way. */
  readonly attempts: Attempt[] = [];
  readonly #name: string;
  readonly #observers: Observers | undefined;

  constructor({ model, requestId = newRequestId(), observers }: AttemptLogOptions) {
    this.requestId = requestId;
    this.#name = model;
    this.#observers = observers;
  }

  requestStarted(): void {
    this.#watched?.tell({ type: "request-started", ...this.#label });
  }

  requestEnded(how: Omit<RequestEnded, "type" | "attempts" | keyof RequestLabel>): void {
    const observers = this.#watched;
    if (observers === undefined) return;
    // What an observer writes on them is not to show in what the caller gets.
    const attempts = watchedAttempts(this.attempts);
    const told = { ...how, usage: ownCopy(how.usage), attempts, ...watchedError(how) };
    observers.tell({ type: "request-ended", ...this.#label, ...told });
  }

  started(attempt: NamedAttempt): void {
    this.#watched?.tell({ type: "attempt-started", ...this.#labelOf(attempt) });
    const { candidate, number } = attempt;
    debug(() => `"${this.#name}": attempt ${number} asks ${candidate.provider}/${candidate.model}`);
  }

  waiting(attempt: NamedAttempt): void {
    this.#watched?.tell({ type: "waiting", ...this.#labelOf(attempt) });
  }

  admitted(attempt: NamedAttempt, waitedMs: number): void {
    this.#watched?.tell({ type: "admitted", ...this.#labelOf(attempt), waitedMs });
  }

  queued(attempt: NamedAttempt, { position, size, etaMs }: QueuePlace): void {
    this.#watched?.tell({ type: "queued", ...this.#labelOf(attempt), position, size, etaMs });
  }

  continued(attempt: NamedAttempt, { continuedAt, continuedBy }: SeamPlace): void {
    this.#watched?.tell({ type: "continued", ...this.#labelOf(attempt), continuedAt, continuedBy });
  }

  output(attempt: NamedAttempt, latencyMs: number): void {
    this.#watched?.tell({ type: "output", ...this.#labelOf(attempt), latencyMs });
  }

  /** `cancelled`: for a reason that is not its own, such as an abort or a lost race. */
  ended(
    attempt: NamedAttempt,
    record: Attempt,
    { usage, cancelled = false }: { readonly usage?: Usage | undefined; readonly cancelled?: boolean } = {},
  ): void {
    this.#add(record);
    const { provider, number, durationMs, error } = record;
    const outcome = cancelled ? "cancelled" : error === undefined ? "answered" : "failed";
    this.#watched?.tell({
      type: "attempt-ended",
      ...this.#labelOf(attempt),
      ...record,
      ...watchedError(record),
      outcome,
      usage: ownCopy(usage),
      waitedMs: attempt.waitedMs ?? durationMs,
    });
    debug(() => {
      const why = error === undefined ? "" : `: ${wordsOf(error)}`;
      return `"${this.#name}": attempt ${number} at ${provider} ${outcome} after ${Math.round(durationMs)} ms${why}`;
    });
  }

  /** A candidate was passed over without being asked. */
  passedOver(attempt: Attempt): void {
    this.#add(attempt);
    debug(() => `"${this.#name}": ${attempt.provider}/${attempt.model} is passed over: ${wordsOf(attempt.error)}`);
  }

  /** The last attempt did not do, although it answered. */
  turnDown(error: Error): void {
    const answered = this.attempts.pop();
    if (answered !== undefined) this.attempts.push({ ...answered, error });
  }

  /** The error that ends the request, with what was tried. `exhausted`: nobody is left, or no attempt. */
  finalError(error: unknown, { exhausted = false } = {}): unknown {
    const { attempts, requestId } = this;
    // Where nobody could, nobody was asked, and that error says more.
    const unsupported = attempts.every((one) => QwenError.isInstance(one.error) && one.error.code === "unsupported");
    if (exhausted && attempts.length > 1 && !unsupported)
      return new AllFailedError(this.#name, attempts, { requestId });
    return QwenError.isInstance(error) ? copyOf(error, { attempts, requestId }) : error;
  }

  /** Those who watch, if anyone does: else no event is made. */
  get #watched(): Observers | undefined {
    return this.#observers?.any === true ? this.#observers : undefined;
  }

  get #label(): RequestLabel {
    return { requestId: this.requestId, name: this.#name };
  }

  #labelOf({ candidate: { provider, model }, number, isHedge }: NamedAttempt) {
    return { requestId: this.requestId, name: this.#name, provider, model, number, hedge: isHedge };
  }

  // Hedges end in another order than they start; nearly always there is nothing to move.
  #add(attempt: Attempt): void {
    const { attempts } = this;
    const after = attempts.findLastIndex(({ number }) => number < attempt.number);
    attempts.splice(after + 1, 0, attempt);
  }
}

function ownCopy(usage: Usage | undefined): Usage | undefined {
  // Providers written without the compiler may give anything.
  return isGroup(usage) ? field(() => Object.freeze(snapshotOf({ ...usage }))) : undefined;
}

/** What is decided by an error is not for observers to decide: they get one of their own, with attempts of its own. */
function watchedError({ error }: { readonly error?: unknown }): { readonly error?: unknown } {
  if (error === undefined || !QwenError.isInstance(error)) return error === undefined ? {} : { error };
  // A caller may abort with one that has anything for attempts: a copy has what are some.
  const own = copyOf(error);
  return { error: own.attempts === undefined ? own : copyOf(own, { attempts: watchedAttempts(own.attempts) }) };
}

function watchedAttempts(attempts: readonly Attempt[]): readonly Attempt[] {
  return Object.freeze(
    attempts.map(({ error, ...attempt }) =>
      Object.freeze({
        ...attempt,
        ...(error !== undefined && { error: QwenError.isInstance(error) ? copyOf(error) : error }),
      }),
    ),
  );
}
