import { copyOf } from "../error-copy.ts";
import { QwenError, StreamInterruptedError, type Attempt } from "../errors.ts";
import { wordsOf } from "../printable.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import { startAttemptClock, type AttemptClock } from "./attempt-clock.ts";
import type { CandidateHealth } from "./health.ts";
import type { PartCollector, PartReader } from "./part-reader.ts";

/** A provider's model, ready to be asked one request. */
export interface Candidate<Part> {
  readonly provider: string;
  readonly model: string;
  readonly timeouts: ResolvedTimeouts;
  /** How it is doing, for circuit breakers, limits and the choice among candidates. */
  readonly health?: CandidateHealth | undefined;
  /** The request has a token of its own for the provider. */
  readonly ownToken?: boolean | undefined;
  /** Why it cannot take the request at all. Such a candidate is passed over, and nothing is sent. */
  refuse?(): QwenError | undefined;
  /** Asks. Aborting `signal` stops the work at its source. */
  start(signal: AbortSignal): AsyncIterable<Part>;
}

/** One try of one candidate: it is read ahead up to its commit point, from there by its consumer. */
export interface RunningAttempt<Part, Result> {
  readonly candidate: Candidate<Part>;
  readonly number: number;
  readonly collector: PartCollector<Part, Result>;
  /** The `finish` or `whole` part, where that was read already. */
  last(): Part | undefined;
  /** Whether a read is pending. */
  busy(): boolean;
  /** What was held up to the commit point, then what the provider yields. Rejects as soon as the attempt ends. */
  read(): Promise<Read<Part>>;
  /** From now on, what is read goes through these before it settles a read. */
  handOver(receiver: Receiver<Part>): void;
  /**
   * Ends it, if it has not ended: with an error stops the provider and fails a pending read, without
   * one just lets the provider clean up. Returns its record.
   */
  end(error?: unknown): Attempt;
  /** Ends it for a reason that says nothing of the provider, which is still to be stopped. Returns its record. */
  cancel(reason: unknown): Attempt;
  /** Stops the provider, and fails a pending read. */
  stop(reason: unknown): void;
  /** The error of an iteration that ended before its last part. */
  interrupted(): StreamInterruptedError;
  /** The error as the caller gets it: one of the family, that names the provider. */
  asOwnError(error: unknown): QwenError;
}

/** What a read settles with. */
export type Read<Part> = IteratorResult<Part, undefined>;

/** Settles a read with what it returns, or with the error it throws, instead of what came. */
export interface Receiver<Part> {
  arrived(result: Read<Part>): Read<Part>;
  failed(error: unknown): Read<Part>;
}

/** What an attempt needs, and whom it tells. */
export interface AttemptOptions<Part, Result> {
  readonly number: number;
  readonly reader: PartReader<Part, Result>;
  /** Hold all output until the answer is whole. */
  readonly buffered: boolean;
  /** Leave a queue that is expected to take longer than this, in ms. */
  readonly maxQueueMs?: number | undefined;
  readonly onLive: (part: Part) => void;
  /** The first output came, so many ms after the attempt began. */
  readonly onOutput: (latencyMs: number) => void;
  readonly onCommitted: () => void;
  readonly onFailed: (error: unknown) => void;
}

/** Asks a candidate, at once. Exactly one of `onCommitted` and `onFailed` is called, later. */
export function startAttempt<Part, Result>(
  candidate: Candidate<Part>,
  options: AttemptOptions<Part, Result>,
): RunningAttempt<Part, Result> {
  const { number, reader, buffered, maxQueueMs = Infinity, onLive, onOutput, onCommitted, onFailed } = options;
  const { provider, model, health, timeouts } = candidate;
  const startedAt = performance.now();
  const controller = new AbortController();
  const collector = reader.collect();
  const visit = health?.begin({ ownToken: candidate.ownToken });
  const held: Part[] = [];
  let given = 0;
  let leavePlace: (() => void) | undefined;
  let clock: AttemptClock | undefined;
  let iterator: AsyncIterator<Part, undefined> | undefined;
  let last: Part | undefined;
  let hasOutput = false;
  let record: Attempt | undefined;
  let receiver: Receiver<Part> | undefined;
  let resolveRead: ((result: Read<Part>) => void) | undefined;
  let rejectRead: ((error: unknown) => void) | undefined;

  function arrived(result: Read<Part>): void {
    const resolve = resolveRead;
    resolveRead = undefined;
    // Ended while it waited: what still comes is of no use.
    if (resolve === undefined) return;
    try {
      resolve(receiver === undefined ? result : receiver.arrived(result));
    } catch (error) {
      rejectRead?.(error);
    }
  }

  function failed(error: unknown): void {
    const resolve = resolveRead;
    resolveRead = undefined;
    if (resolve === undefined) return;
    try {
      if (receiver === undefined) throw error;
      resolve(receiver.failed(error));
    } catch (final) {
      rejectRead?.(final);
    }
  }

  // One function for every read: closures made anew for each part would double its cost.
  function ask(resolve: NonNullable<typeof resolveRead>, reject: (error: unknown) => void): void {
    if (record !== undefined) throw record.error;
    resolveRead = resolve;
    rejectRead = reject;
    clock?.read();
    iterator?.next().then(arrived, failed);
  }

  function giveLast(resolve: NonNullable<typeof resolveRead>, reject: (error: unknown) => void): void {
    resolveRead = resolve;
    rejectRead = reject;
    arrived({ done: false, value: last as Part });
  }

  async function readToCommit(): Promise<void> {
    leavePlace = await health?.limiter?.enter(controller.signal);
    if (record !== undefined) {
      leavePlace?.();
      throw record.error;
    }
    clock = startAttemptClock(timeouts, { isWaiting: () => resolveRead !== undefined, onExpired: stop });
    iterator = candidate.start(controller.signal)[Symbol.asyncIterator]();
    for (;;) {
      const { done, value: part } = await new Promise(ask);
      if (done === true) throw interrupted();
      const kind = reader.kind(part);
      switch (kind) {
        case "live":
          if (!hasOutput) noticeQueue(part);
          onLive(part);
          break;
        case "opening":
        case "output":
          held.push(part);
          collector.add(part);
          if (kind === "opening") break;
          noticeOutput();
          if (!buffered) return;
          break;
        case "finish":
          if (!hasOutput) {
            throw new QwenError("empty_response", `The provider "${provider}" finished without an answer.`, {
              provider,
            });
          }
          last = part;
          return;
        case "whole":
          noticeOutput();
          last = part;
          return;
        case "error":
          throw reader.errorOf(part);
      }
    }
  }

  function noticeQueue(part: Part): void {
    const place = reader.queueOf?.(part);
    clock?.live(place?.position);
    if (place?.etaMs !== undefined && place.etaMs > maxQueueMs) {
      throw new QwenError(
        "queue_full",
        `The queue of "${provider}" would take ${Math.round(place.etaMs)} ms, more than the ${maxQueueMs} ms of maxQueueMs.`,
        { provider },
      );
    }
  }

  function noticeOutput(): void {
    if (hasOutput) return;
    hasOutput = true;
    clock?.output();
    const latencyMs = performance.now() - startedAt;
    visit?.output(latencyMs);
    onOutput(latencyMs);
  }

  function interrupted(cause?: unknown): StreamInterruptedError {
    const text = collector.text();
    return new StreamInterruptedError(`The stream of "${provider}" ended before the answer did.`, {
      text,
      provider,
      cause,
    });
  }

  /** Stops the provider, and lets the reader find out. */
  function stop(reason: unknown): void {
    if (controller.signal.aborted) return;
    clock?.stop();
    controller.abort(reason);
    failed(reason);
    leave(iterator);
  }

  function recordEnd(error: unknown): Attempt {
    const durationMs = performance.now() - startedAt;
    record = { provider, model, number, durationMs, ...(error !== undefined && { error }) };
    leavePlace?.();
    return record;
  }

  function end(error?: unknown): Attempt {
    if (record !== undefined) return record;
    const ended = recordEnd(error);
    visit?.end(error);
    if (error === undefined) {
      clock?.stop();
      leave(iterator);
    } else stop(error);
    return ended;
  }

  function cancel(reason: unknown): Attempt {
    if (record !== undefined) return record;
    visit?.leave();
    return recordEnd(reason);
  }

  readToCommit().then(onCommitted, onFailed);

  return {
    candidate,
    number,
    collector,
    // Not getters: in an object made for every call each would be a hidden class of its own, and cost a microsecond.
    last: () => last,
    busy: () => resolveRead !== undefined,
    read() {
      if (given < held.length) return Promise.resolve({ done: false, value: held[given++] as Part });
      return new Promise(last === undefined ? ask : giveLast);
    },
    handOver(to) {
      receiver = to;
    },
    end,
    cancel,
    stop,
    interrupted,
    asOwnError(error) {
      if (!QwenError.isInstance(error)) {
        if (hasOutput) return interrupted(error);
        const about = { provider, cause: error };
        return new QwenError(
          "protocol",
          `The provider "${provider}" failed with an error of its own: ${wordsOf(error)}`,
          about,
        );
      }
      return copyOf(error, { provider });
    },
  };
}

/** Lets the provider clean up, without waiting for it: it may be stalled. */
function leave(iterator: AsyncIterator<unknown, unknown> | undefined): void {
  try {
    iterator?.return?.().then(undefined, () => {});
  } catch {
    // It was left, whatever it thinks of that.
  }
}
