import { QwenError, StreamInterruptedError, TimeoutError, type Attempt, type TimeoutPhase } from "../errors.ts";
import { startTimer, type ResolvedTimeouts, type Timer } from "../timers.ts";
import type { PartCollector, PartReader } from "./part-reader.ts";

/** A provider's model, ready to be asked one request. */
export interface Candidate<Part> {
  readonly provider: string;
  readonly model: string;
  readonly timeouts: ResolvedTimeouts;
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
  /** What was read up to the commit point and not passed on. */
  readonly held: readonly Part[];
  /** The `finish` or `whole` part, where that was read already. */
  readonly end: Part | undefined;
  /** Whether a read is pending. */
  readonly busy: boolean;
  /** Reads on. Rejects with the reason as soon as the attempt is cancelled. */
  read(): Promise<IteratorResult<Part, unknown>>;
  /** From now on, what is read goes through these before it settles a read. */
  handOver(receiver: Receiver<Part>): void;
  /** Stops the provider, and fails what waits for it with `reason`. */
  cancel(reason: unknown): void;
  /** Ends an attempt that was read to its end. */
  close(): void;
  /** The record of an attempt that ends now. */
  record(error?: unknown): Attempt;
  /** The error of an iteration that ended before its last part. */
  interrupted(): StreamInterruptedError;
  /** The error as the caller gets it: one of the family, that names the provider. */
  asOwnError(error: unknown): QwenError;
}

/** Settles a read with something else than what came. */
export interface Receiver<Part> {
  arrived(
    result: IteratorResult<Part, unknown>,
  ): IteratorResult<Part, unknown> | Promise<IteratorResult<Part, unknown>>;
  failed(error: unknown): Promise<IteratorResult<Part, unknown>>;
}

/** What an attempt needs, and whom it tells. */
export interface AttemptOptions<Part, Result> {
  readonly number: number;
  readonly reader: PartReader<Part, Result>;
  /** Hold all output until the answer is whole. */
  readonly buffered: boolean;
  readonly onLive: (part: Part) => void;
  readonly onCommitted: () => void;
  readonly onFailed: (error: unknown) => void;
}

/** Asks a candidate, at once. Exactly one of `onCommitted` and `onFailed` is called, later. */
export function startAttempt<Part, Result>(
  candidate: Candidate<Part>,
  options: AttemptOptions<Part, Result>,
): RunningAttempt<Part, Result> {
  const { number, reader, buffered, onLive, onCommitted, onFailed } = options;
  const { provider, model } = candidate;
  const startedAt = performance.now();
  const controller = new AbortController();
  const collector = reader.collect();
  const held: Part[] = [];
  const clock = startClock(candidate.timeouts, { waiting: () => resolveRead !== undefined, onExpired: cancel });
  let iterator: AsyncIterator<Part, unknown> | undefined;
  let end: Part | undefined;
  let hasOutput = false;
  let closed: { readonly reason: unknown } | undefined;
  let receiver: Receiver<Part> | undefined;
  let resolveRead:
    | ((result: IteratorResult<Part, unknown> | Promise<IteratorResult<Part, unknown>>) => void)
    | undefined;
  let rejectRead: ((error: unknown) => void) | undefined;

  function arrived(result: IteratorResult<Part, unknown>): void {
    const resolve = resolveRead;
    resolveRead = undefined;
    if (resolve === undefined) return;
    if (receiver === undefined) {
      resolve(result);
      return;
    }
    try {
      resolve(receiver.arrived(result));
    } catch (error) {
      resolve(receiver.failed(error));
    }
  }

  function failed(error: unknown): void {
    const resolve = resolveRead;
    resolveRead = undefined;
    if (resolve === undefined) return;
    if (receiver === undefined) rejectRead?.(error);
    else resolve(receiver.failed(error));
  }

  // One function for every read: closures made anew for each part would double its cost.
  function ask(resolve: NonNullable<typeof resolveRead>, reject: (error: unknown) => void): void {
    if (closed !== undefined) throw closed.reason;
    resolveRead = resolve;
    rejectRead = reject;
    clock.read();
    iterator?.next().then(arrived, failed);
  }

  const read = (): Promise<IteratorResult<Part, unknown>> => new Promise(ask);

  async function readToCommit(): Promise<void> {
    iterator = candidate.start(controller.signal)[Symbol.asyncIterator]();
    for (;;) {
      const result = await read();
      if (result.done === true) throw interrupted();
      const part = result.value;
      const kind = reader.kind(part);
      switch (kind) {
        case "live":
          if (!hasOutput) clock.live(reader.queueOf?.(part)?.position);
          onLive(part);
          break;
        case "opening":
        case "output":
          held.push(part);
          collector.add(part);
          if (kind === "opening") break;
          if (!hasOutput) clock.output();
          hasOutput = true;
          if (!buffered) return;
          break;
        case "finish":
          if (!hasOutput)
            throw new QwenError("empty_response", `The provider "${provider}" finished without an answer.`);
          end = part;
          return;
        case "whole":
          end = part;
          return;
        case "error":
          throw reader.errorOf(part);
      }
    }
  }

  function interrupted(cause?: unknown): StreamInterruptedError {
    return new StreamInterruptedError(`The stream of "${provider}" ended before the answer did.`, {
      text: collector.text(),
      provider,
      cause,
    });
  }

  function finish(reason: unknown): boolean {
    if (closed !== undefined) return false;
    closed = { reason };
    clock.stop();
    return true;
  }

  function cancel(reason: unknown): void {
    if (!finish(reason)) return;
    controller.abort(reason);
    failed(reason);
    leave(iterator);
  }

  // Once it has failed or committed, a later cancel must not report it again.
  readToCommit().then(onCommitted, (error: unknown) => {
    cancel(error);
    onFailed(error);
  });

  return {
    candidate,
    number,
    collector,
    held,
    get end() {
      return end;
    },
    get busy() {
      return resolveRead !== undefined;
    },
    read,
    handOver(to) {
      receiver = to;
    },
    cancel,
    close() {
      if (finish(undefined)) leave(iterator);
    },
    record(error) {
      const durationMs = performance.now() - startedAt;
      return { provider, model, number, durationMs, ...(error !== undefined && { error }) };
    },
    interrupted,
    asOwnError(error) {
      if (!QwenError.isInstance(error)) {
        if (hasOutput) return interrupted(error);
        const what = error instanceof Error ? error.message : String(error);
        return new QwenError("protocol", `The provider "${provider}" failed with an error of its own: ${what}`, {
          provider,
          cause: error,
        });
      }
      error.provider ??= provider;
      return error;
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

/** The limits of one attempt. */
interface Clock {
  /** A read begins. */
  read(): void;
  /** A sign of life came before any output; with a position if it tells one. */
  live(position: number | undefined): void;
  /** The first output came. */
  output(): void;
  stop(): void;
}

/**
 * The backstop for providers that keep no time of their own. It counts only while a read is
 * pending, so a slow consumer never runs into it, and waits a quarter longer than a provider would,
 * so that one that does keep time speaks first: it knows more about what happened.
 */
function startClock(
  { firstOutputMs, queueMs, idleMs }: ResolvedTimeouts,
  { waiting, onExpired }: { waiting: () => boolean; onExpired: (error: TimeoutError) => void },
): Clock {
  const start = (phase: TimeoutPhase, limitMs: number): Timer =>
    startTimer(limitMs * 1.25, () => {
      if (waiting()) onExpired(new TimeoutError(phase, limitMs));
    });

  const firstOutput = start("first-output", firstOutputMs);
  let queue: Timer | undefined;
  let queuePosition: number | undefined;
  let idle: Timer | undefined;

  return {
    read() {
      idle?.touch();
    },
    live(position) {
      if (position === undefined) {
        queue?.pause();
        firstOutput.resume();
        return;
      }
      firstOutput.pause();
      if (queue === undefined) queue = start("queue", queueMs);
      else if (position !== queuePosition) queue.touch();
      else queue.resume();
      queuePosition = position;
    },
    output() {
      firstOutput.stop();
      queue?.stop();
      idle = start("idle", idleMs);
    },
    stop() {
      firstOutput.stop();
      queue?.stop();
      idle?.stop();
    },
  };
}
