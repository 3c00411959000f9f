import { copyOf } from "../error-copy.ts";
import type { Attempt } from "../errors.ts";
import { startAttempt, type Candidate, type Read, type RunningAttempt } from "./attempt.ts";
import type { AttemptSettings } from "./attempt-settings.ts";
import { createAttemptLog } from "./attempt-log.ts";
import { createLifetime } from "./lifetime.ts";
import type { Observers } from "./observers.ts";
import { createOutlet } from "./outlet.ts";
import type { PartReader } from "./part-reader.ts";
import { createPlan, readVerdict, type Outcome, type Plan } from "./retry.ts";
import { choose } from "./strategy.ts";

/** What the attempt loop works on. */
export interface AttemptsOptions<Part, Result> extends AttemptSettings {
  /** The name that was asked for. */
  readonly model: string;
  /** At least one, in their order. Called when the work starts; what it throws, the iteration throws. */
  readonly candidates: () => readonly [Candidate<Part>, ...Candidate<Part>[]];
  readonly reader: PartReader<Part, Result>;
  /** @defaultValue Infinity */
  readonly totalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Leave out the parts of a `buffered` answer: only the outcome is of interest. @defaultValue false */
  readonly outcomeOnly?: boolean | undefined;
  readonly observers?: Observers | undefined;
  /** Called when the work begins with what ends it for a reason; returns what to call when it is over. */
  readonly track?: ((end: (reason: unknown) => void) => () => void) | undefined;
}

/** The parts of the attempt that answers, and what announces the others. */
export interface AttemptsRun<Part, Result> extends AsyncIterableIterator<Part, undefined> {
  return(): Promise<Read<Part>>;
  throw(error: unknown): Promise<Read<Part>>;
  /** How it ended; `undefined` while it has not. An error is what the iteration threw, or why it was left. */
  outcome(): Outcome<Result> | undefined;
}

/**
 * Asks one candidate after the other until one answers. The one loop behind every call of the router.
 *
 * Work starts at the first `next()`. The parts are those of the attempt that answers, its last one
 * sealed with who that was. It throws the error of the only attempt, `all_failed` for several, the
 * error itself where that ended the request or came after the commit point (each with `attempts`),
 * and the reason of `signal` as soon as that aborts. `return()` and `throw()` end it at once, even
 * while a `next()` is pending, which is then done.
 */
export function runAttempts<Part, Result>(options: AttemptsOptions<Part, Result>): AttemptsRun<Part, Result> {
  const {
    model,
    candidates,
    reader,
    commit = "first-output",
    retry,
    strategy = "in-order",
    hedge,
    maxQueueMs,
  } = options;
  const { totalMs = Infinity, signal, outcomeOnly = false, observers, track, random = Math.random } = options;
  const buffered = outcomeOnly || commit === "buffered";
  const log = createAttemptLog(model, observers);
  const outlet = createOutlet<Part>();
  const active = new Set<RunningAttempt<Part, Result>>();
  const lifetime = createLifetime({ signal, totalMs, track, isWaiting: outlet.waiting, onEnded: interrupt });
  let plan: Plan<Candidate<Part>> | undefined;
  let begun = 0;
  let scheduled = 0;
  let outcome: Outcome<Result> | undefined;
  let left = false;

  function begin(): void {
    lifetime.begin();
    plan = createPlan(candidates(), {
      ...retry,
      random,
      recoversInMs: ({ health }) => health?.breaker?.recoversInMs ?? 0,
      choose: (some) => choose(some, { strategy, random }),
    });
    const first = plan.next();
    if (first === undefined) throw new TypeError("`retry` leaves no attempt: `maxAttempts` must be at least 1.");
    ask(first);
  }

  function ask(candidate: Candidate<Part>, { isHedge = false } = {}): void {
    const { provider, model: modelId } = candidate;
    const lastError = log.attempts.at(-1)?.error;
    const number = ++begun;
    const refused = candidate.refuse?.();
    if (refused !== undefined) {
      const refusal = copyOf(refused, { provider });
      log.passedOver({ provider, model: modelId, number, durationMs: 0, error: refusal });
      plan?.refund();
      const next = plan?.next();
      if (next !== undefined) ask(next, { isHedge });
      else if (!isHopeful()) throw log.finalError(refusal, { exhausted: true });
      return;
    }
    log.started({ provider, model: modelId, number }, { hedge: isHedge });
    if (reader.attempt !== undefined) outlet.push(reader.attempt({ provider, model: modelId, number, lastError }));
    const attempt = startAttempt(candidate, {
      number,
      reader,
      buffered,
      maxQueueMs,
      onLive(part) {
        // Of several attempts only the oldest is shown waiting.
        if (attempt === active.values().next().value) outlet.push(part);
      },
      onOutput: (latencyMs) => log.output({ provider, model: modelId, number }, latencyMs),
      onCommitted: () => orFail(() => committed(attempt)),
      onFailed: (error) => orFail(() => failed(attempt, error)),
    });
    active.add(attempt);
    if (hedge === undefined || active.size >= (hedge.maxAttempts ?? 2)) return;
    lifetime.later(hedge.delayMs, () => orFail(() => askBeside(attempt)));
  }

  function askBeside(slow: RunningAttempt<Part, Result>): void {
    const next = active.has(slow) ? plan?.next() : undefined;
    if (next !== undefined) ask(next, { isHedge: true });
  }

  function askAfter({ candidate, delayMs }: { readonly candidate: Candidate<Part>; readonly delayMs: number }): void {
    if (delayMs === 0) {
      ask(candidate);
      return;
    }
    scheduled++;
    lifetime.later(delayMs, () => {
      scheduled--;
      orFail(() => ask(candidate));
    });
  }

  /** Whether there is still someone to wait for. */
  function isHopeful(): boolean {
    return active.size + scheduled > 0;
  }

  function failed(attempt: RunningAttempt<Part, Result>, reason: unknown): void {
    if (!active.has(attempt)) return;
    const error = attempt.asOwnError(reason);
    const move = plan?.after({ error }, attempt.candidate, end(attempt, error));
    if (move?.type === "ask") askAfter(move);
    else if (move?.type === "stop" || !isHopeful()) {
      throw log.finalError(error, { exhausted: move?.type === "exhausted" });
    }
  }

  function committed(attempt: RunningAttempt<Part, Result>): void {
    if (!active.has(attempt)) return;
    const last = attempt.last();
    if (last !== undefined) {
      const record = end(attempt, undefined, last);
      if (retry?.shouldRetry !== undefined) {
        const move = plan?.after({ result: seal(attempt, last).result }, attempt.candidate, record);
        if (move?.type === "ask") {
          log.turnDown(new Error("`shouldRetry` turned the answer down."));
          askAfter(move);
          return;
        }
      }
    }
    lifetime.cancelLater();
    for (const other of active) {
      if (other !== attempt) cancel(other, new DOMException("Another attempt was quicker.", "AbortError")).stop();
    }
    if (outcomeOnly && last !== undefined) {
      outlet.push(conclude(attempt, last));
      outlet.end();
    } else {
      attempt.handOver({ arrived: (read) => pass(attempt, read), failed: (error) => breakOff(attempt, error) });
      outlet.connect(attempt);
    }
  }

  /** A part of the attempt that won, on its way to the consumer. */
  function pass(attempt: RunningAttempt<Part, Result>, read: Read<Part>): Read<Part> {
    try {
      if (read.done === true) throw attempt.interrupted();
      const kind = reader.kind(read.value);
      if (kind === "error") throw reader.errorOf(read.value);
      if (kind !== "finish" && kind !== "whole") {
        if (kind !== "live") attempt.collector.add(read.value);
        return read;
      }
    } catch (error) {
      return breakOff(attempt, error);
    }
    try {
      return { done: false, value: conclude(attempt, read.value) };
    } catch (error) {
      close({ error });
      throw error;
    } finally {
      outlet.end();
    }
  }

  /** What a reader of the attempt that won gets when that ends badly, or is ended. */
  function breakOff(attempt: RunningAttempt<Part, Result>, reason: unknown): Read<Part> {
    if (left) return { done: true, value: undefined };
    if (outcome !== undefined) throw reason;
    const own = attempt.asOwnError(reason);
    end(attempt, own);
    const error = log.finalError(own);
    close({ error });
    outlet.end();
    throw error;
  }

  /** The answer is whole: its last part as the consumer gets it. */
  function conclude(attempt: RunningAttempt<Part, Result>, last: Part): Part {
    const shown = active.has(attempt) ? end(attempt, undefined, last) : undefined;
    const { sealed, result } = seal(attempt, last);
    const verdict = shown === undefined ? undefined : readVerdict(retry?.shouldRetry?.({ result }, shown));
    if (verdict === "retry" || verdict === "next") {
      throw new TypeError(
        '`shouldRetry` can turn a result down only in `complete()` or with `commit: "buffered"`: this one was shown already.',
      );
    }
    close({ result });
    return sealed;
  }

  function seal({ candidate, collector }: RunningAttempt<Part, Result>, last: Part) {
    const { provider, model: modelId } = candidate;
    const sealed = reader.sealed(last, { provider, model: modelId, attempts: log.attempts });
    return { sealed, result: collector.result(sealed) };
  }

  function end(attempt: RunningAttempt<Part, Result>, error?: unknown, last?: Part): Attempt {
    active.delete(attempt);
    const record = attempt.end(error);
    log.ended(record, { usage: last === undefined ? undefined : reader.usageOf?.(last) });
    return record;
  }

  /** Ends it for a reason that is not its own: whatever that is, it says nothing of the provider. */
  function cancel(attempt: RunningAttempt<Part, Result>, reason: unknown, { timedOut = false } = {}) {
    active.delete(attempt);
    log.ended(attempt.cancel(reason), { cancelled: !timedOut });
    return { stop: (told = reason) => attempt.stop(told) };
  }

  function cancelAll(reason: unknown, how?: { readonly timedOut: boolean }) {
    return [...active].map((attempt) => cancel(attempt, reason, how));
  }

  /** Nothing more is asked; no timer and no listener is left. */
  function close(how: Outcome<Result>): void {
    outcome = how;
    lifetime.end();
  }

  function orFail(work: () => void): void {
    if (outcome !== undefined) return;
    try {
      work();
    } catch (error) {
      close({ error });
      for (const { stop } of cancelAll(error)) stop();
      outlet.end({ error });
    }
  }

  function interrupt(reason: unknown, by: "caller" | "clock"): void {
    if (outcome !== undefined) return;
    const cancelled = cancelAll(reason, { timedOut: by === "clock" });
    // A caller's reason is the caller's, also where it is an error of ours.
    const error = by === "clock" ? log.finalError(reason) : reason;
    close({ error });
    outlet.clear();
    // First, so that a reader of an attempt hears the reason from that alone.
    outlet.end(left ? undefined : { error });
    for (const { stop } of cancelled) stop(error);
  }

  function leave(reason: unknown): void {
    left = true;
    interrupt(reason, "caller");
    outlet.clear();
  }

  let started = false;

  return {
    next() {
      if (!started) {
        started = true;
        orFail(begin);
      }
      lifetime.asked();
      return outlet.next();
    },
    return() {
      leave(new DOMException("The consumer left the stream.", "AbortError"));
      return Promise.resolve({ done: true, value: undefined });
    },
    throw(error) {
      leave(error);
      return Promise.reject(error);
    },
    outcome: () => outcome,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
