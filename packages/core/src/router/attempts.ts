import { debug } from "../debug.ts";
import { AllFailedError, QwenError, TimeoutError, type Attempt } from "../errors.ts";
import { startTimer, type Timer } from "../timers.ts";
import { startAttempt, type Candidate, type RunningAttempt } from "./attempt.ts";
import { createInbox } from "./inbox.ts";
import type { PartReader } from "./part-reader.ts";
import { createPlan, type Outcome, type RetryOptions } from "./retry.ts";

/** When output is shown: at the first of it, or when the answer is whole. */
export type CommitPoint = "first-output" | "buffered";

/** What the attempt loop works on. */
export interface AttemptsOptions<Part, Result> {
  /** The name that was asked for. */
  readonly model: string;
  /** At least one, in the order they are to be asked. Called when the work starts; what it throws, the iteration throws. */
  readonly candidates: () => readonly [Candidate<Part>, ...Candidate<Part>[]];
  readonly reader: PartReader<Part, Result>;
  /**
   * With `first-output` nothing is tried again once output was shown; with `buffered` any failure
   * can be, because output is held until the answer is whole.
   *
   * @defaultValue "first-output"
   */
  readonly commit?: CommitPoint | undefined;
  readonly retry?: RetryOptions | undefined;
  /** @defaultValue Infinity */
  readonly totalMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** For the jitter: from 0 up to 1. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
  /** Called when the work begins with a function that ends it with a reason; returns what to call when it is over. */
  readonly track?: ((end: (reason: unknown) => void) => () => void) | undefined;
}

/** The parts of the attempt that answers, and what announces the others. */
export interface AttemptsRun<Part, Result> extends AsyncIterableIterator<Part, undefined> {
  return(): Promise<IteratorResult<Part, undefined>>;
  throw(error: unknown): Promise<IteratorResult<Part, undefined>>;
  /** How it ended; `undefined` while it has not. An error is what the iteration threw, or why it was left. */
  outcome(): Outcome<Result> | undefined;
}

type Event<Part, Result> =
  | { readonly type: "due"; readonly candidate: Candidate<Part> }
  | { readonly type: "live"; readonly part: Part }
  | { readonly type: "committed"; readonly attempt: RunningAttempt<Part, Result> }
  | { readonly type: "failed"; readonly attempt: RunningAttempt<Part, Result>; readonly error: unknown }
  | { readonly type: "interrupted" };

type Read<Part> = IteratorResult<Part, undefined>;

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
    totalMs = Infinity,
    signal,
    random = Math.random,
    track,
  } = options;
  const inbox = createInbox<Event<Part, Result>>();
  const active = new Set<RunningAttempt<Part, Result>>();
  const attempts: Attempt[] = [];
  const cleanUps: (() => void)[] = [];
  let begun = 0;
  let outcome: Outcome<Result> | undefined;
  let interruption: { readonly reason: unknown; readonly quiet: boolean } | undefined;
  // After the commit point the consumer reads this attempt itself, past the loop: half the cost of a part.
  let direct: RunningAttempt<Part, Result> | undefined;
  let total: Timer | undefined;
  let overdue = false;
  let stepping = false;
  let latest: Promise<unknown> = Promise.resolve();

  function begin(): void {
    signal?.throwIfAborted();
    if (signal !== undefined) {
      const onAbort = (): void => interrupt(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      cleanUps.push(() => signal.removeEventListener("abort", onAbort));
    }
    if (track !== undefined) cleanUps.push(track(interrupt));
    limitTotal(totalMs);
    cleanUps.push(() => total?.stop());
  }

  function limitTotal(limitMs: number): void {
    total = startTimer(limitMs, () => {
      // What has arrived may still be read: only a consumer that waits runs out of time.
      if (stepping || direct?.busy === true) interrupt(new TimeoutError("total", totalMs));
      else overdue = true;
    });
  }

  function interrupt(reason: unknown, { quiet = false } = {}): void {
    if (interruption !== undefined) return;
    interruption = { reason, quiet };
    direct = undefined;
    inbox.post({ type: "interrupted" });
    for (const attempt of active) attempt.cancel(reason);
    cleanUp();
  }

  function throwIfInterrupted(): void {
    if (interruption !== undefined) throw interruption.reason;
  }

  function cleanUp(): void {
    for (const task of cleanUps.splice(0)) task();
  }

  function ask(candidate: Candidate<Part>, { delayMs = 0 } = {}): void {
    const post = (): void => inbox.post({ type: "due", candidate });
    if (delayMs === 0) post();
    else cleanUps.push(startTimer(delayMs, post).stop);
  }

  function start(candidate: Candidate<Part>): RunningAttempt<Part, Result> {
    const attempt = startAttempt(candidate, {
      number: ++begun,
      reader,
      buffered: commit === "buffered",
      onLive: (part) => inbox.post({ type: "live", part }),
      onCommitted: () => inbox.post({ type: "committed", attempt }),
      onFailed: (error) => inbox.post({ type: "failed", attempt, error }),
    });
    active.add(attempt);
    debug(() => `"${model}": attempt ${attempt.number}, ${candidate.provider}/${candidate.model}`);
    return attempt;
  }

  function fail(attempt: RunningAttempt<Part, Result>, error: unknown): Attempt & { readonly error: QwenError } {
    active.delete(attempt);
    attempt.cancel(error);
    const own = attempt.asOwnError(error);
    const record = { ...attempt.record(), error: own };
    attempts.push(record);
    debug(
      () =>
        `"${model}": attempt ${record.number} failed after ${Math.round(record.durationMs)} ms: ${own.code}: ${own.message}`,
    );
    return record;
  }

  /** The error that ends the request, with what was tried. */
  function lastError(error: unknown, { exhausted = false } = {}): unknown {
    if (exhausted && attempts.length > 1) return new AllFailedError(model, attempts);
    if (QwenError.isInstance(error)) error.attempts = attempts;
    return error;
  }

  async function* loop(): AsyncGenerator<Part, undefined, Read<Part> | undefined> {
    try {
      begin();
      const plan = createPlan(candidates(), { ...retry, random });
      const first = plan.next();
      if (first === undefined) throw new TypeError("`retry` leaves no attempt: `maxAttempts` must be at least 1.");
      ask(first);
      for (;;) {
        const event = await inbox.take();
        throwIfInterrupted();
        switch (event.type) {
          case "due": {
            const { candidate } = event;
            const refusal = candidate.refuse?.();
            if (refusal === undefined) {
              const previous = attempts.at(-1)?.error;
              const { number } = start(candidate);
              if (reader.attempt !== undefined)
                yield reader.attempt({
                  provider: candidate.provider,
                  model: candidate.model,
                  number,
                  lastError: previous,
                });
              break;
            }
            refusal.provider ??= candidate.provider;
            attempts.push({
              provider: candidate.provider,
              model: candidate.model,
              number: ++begun,
              durationMs: 0,
              error: refusal,
            });
            plan.refund();
            const next = plan.next();
            if (next === undefined) throw lastError(refusal, { exhausted: true });
            ask(next);
            break;
          }
          case "live":
            yield event.part;
            break;
          case "failed": {
            const record = fail(event.attempt, event.error);
            const move = plan.after({ error: record.error }, event.attempt.candidate, record);
            if (move.type !== "ask") throw lastError(record.error, { exhausted: move.type === "exhausted" });
            ask(move.candidate, move);
            break;
          }
          case "committed":
            return yield* deliver(event.attempt);
          case "interrupted":
            break;
        }
        throwIfInterrupted();
      }
    } catch (error) {
      if (interruption === undefined) {
        outcome ??= { error };
        throw error;
      }
      outcome ??= { error: interruption.reason };
      if (interruption.quiet) return undefined;
      for (const attempt of active) attempts.push(attempt.record(interruption.reason));
      throw lastError(interruption.reason);
    } finally {
      for (const attempt of active) attempt.cancel(new DOMException("Another attempt answered.", "AbortError"));
      cleanUp();
    }
  }

  async function* deliver(
    attempt: RunningAttempt<Part, Result>,
  ): AsyncGenerator<Part, undefined, Read<Part> | undefined> {
    const { collector, held, candidate } = attempt;
    let { end } = attempt;
    // The answer is there: from now on the time is the consumer's.
    if (end !== undefined) total?.stop();
    for (const part of end === undefined ? held.slice(0, -1) : held) {
      yield part;
      throwIfInterrupted();
    }
    if (end === undefined) {
      try {
        end = yield* handOver(attempt);
      } catch (error) {
        if (interruption !== undefined) throw error;
        throw lastError(fail(attempt, error).error);
      }
    }
    attempt.close();
    active.delete(attempt);
    attempts.push(attempt.record());
    const sealed = reader.sealed(end, { provider: candidate.provider, model: candidate.model, attempts });
    outcome = { result: collector.result(sealed) };
    debug(() => `"${model}": answered by ${candidate.provider}/${candidate.model} in attempt ${attempt.number}`);
    // Before the last part, so that a consumer that stops there leaves nothing behind.
    cleanUp();
    yield sealed;
    return undefined;
  }

  /** Yields the part that committed; what is read after it goes past the loop, until the last part. */
  async function* handOver(attempt: RunningAttempt<Part, Result>): AsyncGenerator<Part, Part, Read<Part> | undefined> {
    attempt.handOver({
      arrived(result) {
        if (result.done !== true) {
          const kind = reader.kind(result.value);
          if (kind !== "finish" && kind !== "error" && kind !== "whole") {
            attempt.collector.add(result.value);
            return result;
          }
        }
        direct = undefined;
        return running.next(result as Read<Part>);
      },
      failed(error) {
        direct = undefined;
        return running.throw(error);
      },
    });
    direct = attempt;
    const last = yield attempt.held.at(-1) as Part;
    throwIfInterrupted();
    if (last === undefined || last.done === true) throw attempt.interrupted();
    if (reader.kind(last.value) === "error") throw reader.errorOf(last.value);
    return last.value;
  }

  const running = loop();

  function step(): Promise<Read<Part>> {
    if (overdue) {
      overdue = false;
      limitTotal(OVERDUE_GRACE_MS);
    }
    if (direct !== undefined) {
      return direct.read() as Promise<Read<Part>>;
    }
    stepping = true;
    return running.next().finally(() => {
      stepping = false;
    });
  }

  function stop(reason: unknown): void {
    outcome ??= { error: reason };
    interrupt(reason, { quiet: true });
    void running.return(undefined);
  }

  return {
    next() {
      // One at a time and in order, also for a consumer that asks ahead.
      const next = stepping || direct?.busy === true ? latest.then(step, step) : step();
      latest = next;
      return next;
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

// How long a consumer that comes back after the total time may still wait for a part that is there already.
const OVERDUE_GRACE_MS = 10;
