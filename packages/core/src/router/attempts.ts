import type { Attempt } from "../errors.ts";
import { startAttempt, type Candidate, type Read, type RunningAttempt } from "./attempt.ts";
import type { AttemptSettings } from "./attempt-settings.ts";
import { createAttemptLog } from "./attempt-log.ts";
import { createInbox } from "./inbox.ts";
import { createLifetime } from "./lifetime.ts";
import type { Observers } from "./observers.ts";
import type { PartReader } from "./part-reader.ts";
import { createRelay } from "./relay.ts";
import { createPlan, type Outcome } from "./retry.ts";
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

type Event<Part, Result> =
  | { readonly type: "due"; readonly candidate: Candidate<Part>; readonly isHedge: boolean }
  | { readonly type: "slow" }
  | { readonly type: "live"; readonly attempt: RunningAttempt<Part, Result>; readonly part: Part }
  | { readonly type: "committed"; readonly attempt: RunningAttempt<Part, Result> }
  | { readonly type: "failed"; readonly attempt: RunningAttempt<Part, Result>; readonly error: unknown }
  | { readonly type: "interrupted" };

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
  const inbox = createInbox<Event<Part, Result>>();
  // Dealt with before anything is awaited, so that calls begun together see each other in the counts they choose by.
  const due: Event<Part, Result>[] = [];
  const active = new Set<RunningAttempt<Part, Result>>();
  let begun = 0;
  let scheduled = 0;
  let outcome: Outcome<Result> | undefined;
  let interruption: { readonly reason: unknown; readonly quiet: boolean } | undefined;

  const lifetime = createLifetime({
    signal,
    totalMs,
    track,
    isWaiting: () => relay.waiting,
    onEnded: (reason) => interrupt(reason),
  });

  function interrupt(reason: unknown, { quiet = false } = {}): void {
    if (interruption !== undefined) return;
    interruption = { reason, quiet };
    outcome ??= { error: reason };
    inbox.post({ type: "interrupted" });
    relay.takeBack();
    for (const attempt of active) end(attempt, reason);
    lifetime.end();
  }

  function throwIfInterrupted(): void {
    if (interruption !== undefined) throw interruption.reason;
  }

  function schedule(candidate: Candidate<Part>, { delayMs = 0, isHedge = false } = {}): void {
    scheduled++;
    const event = { type: "due", candidate, isHedge } as const;
    if (delayMs === 0) due.push(event);
    else lifetime.later(delayMs, () => inbox.post(event));
  }

  function start(candidate: Candidate<Part>, number: number): void {
    const attempt = startAttempt(candidate, {
      number,
      reader,
      buffered,
      maxQueueMs,
      onLive: (part) => inbox.post({ type: "live", attempt, part }),
      onOutput: (latencyMs) => log.output({ ...candidate, number }, latencyMs),
      onCommitted: () => inbox.post({ type: "committed", attempt }),
      onFailed: (error) => inbox.post({ type: "failed", attempt, error }),
    });
    active.add(attempt);
    if (hedge !== undefined && active.size < (hedge.maxAttempts ?? 2))
      lifetime.later(hedge.delayMs, () => inbox.post({ type: "slow" }));
  }

  function end(attempt: RunningAttempt<Part, Result>, error?: unknown, last?: Part): Attempt {
    active.delete(attempt);
    const record = attempt.end(error);
    log.ended(record, last === undefined ? undefined : reader.usageOf?.(last));
    return record;
  }

  /** Whether there is still someone to wait for. */
  const hopeful = (): boolean => active.size + scheduled > 0;

  async function* loop(): Steps<Part, undefined> {
    try {
      lifetime.begin();
      const plan = createPlan(candidates(), { ...retry, random, choose: (some) => choose(some, { strategy, random }) });
      const first = plan.next();
      if (first === undefined) throw new TypeError("`retry` leaves no attempt: `maxAttempts` must be at least 1.");
      schedule(first);
      for (;;) {
        const event = due.shift() ?? (await inbox.take());
        throwIfInterrupted();
        switch (event.type) {
          case "due": {
            const { candidate, isHedge } = event;
            const { provider, model: modelId } = candidate;
            const number = ++begun;
            scheduled--;
            const refusal = candidate.refuse?.();
            if (refusal !== undefined) {
              refusal.provider ??= provider;
              log.passedOver({ provider, model: modelId, number, durationMs: 0, error: refusal });
              plan.refund();
              const next = plan.next();
              if (next !== undefined) schedule(next, { isHedge });
              else if (!hopeful()) throw log.finalError(refusal, { exhausted: true });
              break;
            }
            const lastError = log.attempts.at(-1)?.error;
            log.started({ provider, model: modelId, number }, { hedge: isHedge });
            start(candidate, number);
            if (reader.attempt !== undefined) yield reader.attempt({ provider, model: modelId, number, lastError });
            break;
          }
          case "slow": {
            const next = active.size > 0 ? plan.next() : undefined;
            if (next !== undefined) schedule(next, { isHedge: true });
            break;
          }
          case "live":
            // Of several attempts only the oldest is shown waiting.
            if (event.attempt === active.values().next().value) yield event.part;
            break;
          case "failed": {
            const { attempt } = event;
            const error = attempt.asOwnError(event.error);
            const move = plan.after({ error }, attempt.candidate, end(attempt, error));
            if (move.type === "ask") schedule(move.candidate, move);
            else if (move.type === "stop" || !hopeful())
              throw log.finalError(error, { exhausted: move.type === "exhausted" });
            break;
          }
          case "committed": {
            const { attempt } = event;
            const { last } = attempt;
            if (last === undefined) return yield* deliver(attempt);
            const record = end(attempt, undefined, last);
            if (retry?.shouldRetry === undefined) return yield* deliver(attempt);
            const move = plan.after({ result: seal(attempt, last).result }, attempt.candidate, record);
            if (move.type !== "ask") return yield* deliver(attempt);
            log.turnDown(new Error("`shouldRetry` turned the answer down."));
            schedule(move.candidate, move);
            break;
          }
          case "interrupted":
            break;
        }
        throwIfInterrupted();
      }
    } catch (error) {
      const final = interruption === undefined ? error : log.finalError(interruption.reason);
      outcome ??= { error: final };
      if (interruption?.quiet === true) return undefined;
      throw final;
    } finally {
      endOthers();
      lifetime.end();
    }
  }

  function endOthers(winner?: RunningAttempt<Part, Result>): void {
    for (const attempt of active) {
      if (attempt !== winner) end(attempt, new DOMException("Another attempt was quicker.", "AbortError"));
    }
  }

  /** The parts of the attempt that won, sealed at the end. */
  async function* deliver(attempt: RunningAttempt<Part, Result>): Steps<Part, undefined> {
    endOthers(attempt);
    let { last } = attempt;
    if (last !== undefined) lifetime.stopClock();
    const first = outcomeOnly ? undefined : attempt.take();
    if (first !== undefined) last = yield* passOn(attempt, first);
    if (last === undefined) throw attempt.interrupted();

    if (active.has(attempt)) judgeShown(end(attempt, undefined, last), seal(attempt, last).result);
    const { sealed, result } = seal(attempt, last);
    outcome = { result };
    // Before the last part, so that a consumer that stops there leaves nothing behind.
    lifetime.end();
    yield sealed;
    return undefined;
  }

  /** Yields the first part; the others go past this generator, up to the last, which is returned. */
  async function* passOn(attempt: RunningAttempt<Part, Result>, first: Part): Steps<Part, Part> {
    relay.handOver(attempt, (read) => {
      if (read.done === true) return false;
      const kind = reader.kind(read.value);
      if (kind === "finish" || kind === "whole" || kind === "error") return false;
      if (kind !== "live") attempt.collector.add(read.value);
      return true;
    });
    try {
      const last = yield first;
      throwIfInterrupted();
      if (last === undefined || last.done === true) throw attempt.interrupted();
      if (reader.kind(last.value) === "error") throw reader.errorOf(last.value);
      return last.value;
    } catch (error) {
      if (interruption !== undefined) throw error;
      const own = attempt.asOwnError(error);
      end(attempt, own);
      throw log.finalError(own);
    }
  }

  function seal({ candidate, collector }: RunningAttempt<Part, Result>, last: Part) {
    const { provider, model: modelId } = candidate;
    const sealed = reader.sealed(last, { provider, model: modelId, attempts: log.attempts });
    return { sealed, result: collector.result(sealed) };
  }

  /** A condition on a result needs the whole answer before anyone sees it. */
  function judgeShown(record: Attempt, result: Result): void {
    const verdict = retry?.shouldRetry?.({ result }, record);
    if (verdict === "retry" || verdict === "next") {
      throw new TypeError(
        '`shouldRetry` can turn a result down only in `complete()` or with `commit: "buffered"`: this one was shown already.',
      );
    }
  }

  const relay = createRelay(loop());

  function stop(reason: unknown): void {
    interrupt(reason, { quiet: true });
    relay.close();
  }

  return {
    next() {
      lifetime.asked();
      return relay.next();
    },
    return() {
      stop(new DOMException("The consumer left the stream.", "AbortError"));
      return Promise.resolve({ done: true, value: undefined });
    },
    throw(error) {
      stop(error);
      return Promise.reject(error);
    },
    outcome: () => outcome,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

// Resumed with what a reader read past it, where it handed its reader over.
type Steps<Part, Return> = AsyncGenerator<Part, Return, Read<Part> | undefined>;
