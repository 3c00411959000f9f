import {
  aFlag,
  aFunction,
  aLimitMs,
  anAbortSignal,
  anObject,
  aString,
  isGroup,
  mustBe,
  oneOf,
  type OptionNames,
  readOption,
  refuseUnknown,
  requireOption,
  type Rule,
} from "../options.ts";
import { aRequestId } from "../request-id.ts";
import { readAttemptSettings } from "./attempt-settings.ts";
import type { FlowReader } from "../flow.ts";
import { FlowCursor } from "../flow-iterator.ts";
import type { AttemptsOptions } from "./attempts-options.ts";
import type { Outcome } from "./retry.ts";
import { Run } from "./run.ts";

/** The parts of the attempt that answers, and what announces the others. */
export interface AttemptsRun<Part, Result> extends AsyncIterableIterator<Part, undefined> {
  return(): Promise<IteratorResult<Part, undefined>>;
  throw(error: unknown): Promise<IteratorResult<Part, undefined>>;
  /**
   * Hands its parts to `reader`, without a promise for each, in place of the iteration: it works from now on. `offer()` is to be called
   * once the reader wants more than it did; `leave()` ends the work at once, as `return()` does.
   */
  handTo(reader: FlowReader<Part>): { offer(): void; leave(reason: unknown): void };
  /** How it ended; `undefined` while it has not. An error is what the iteration threw, or why it was left. */
  outcome(): Outcome<Result> | undefined;
}

/**
 * Asks one candidate after the other until one answers. The one loop behind every call of the router.
 *
 * Work starts at the first `next()`, of which any number may be called ahead. The parts are those of the attempt that
 * answers, its last one sealed with who that was. It throws the error of the only attempt, `all_failed` for several, the
 * error itself where that ended the request or came after the commit point (each with `attempts`), a `timeout` of the phase
 * `total`, and the reason of `signal` as soon as that aborts. `return()` and `throw()` end it at once, even while a `next()`
 * is pending, which is then done.
 *
 * Options are read at the call: one that is none is a `TypeError` then.
 */
export function runAttempts<Part, Result>(options: AttemptsOptions<Part, Result>): AttemptsRun<Part, Result> {
  if (!isGroup(options)) throw mustBe("options", "an object with `model`, `candidates` and `reader`", options);
  refuseUnknown("runAttempts()", options, OPTION_NAMES);
  const read = {
    ...options,
    ...readAttemptSettings(options),
    model: requireOption("model", options.model, aString),
    candidates: requireOption("candidates", options.candidates, aFunction),
    reader: requireOption("reader", options.reader, anObject),
    outcomeOnly: readOption("outcomeOnly", options.outcomeOnly, aFlag),
    continueBy: readOption("continueBy", options.continueBy, someWays),
    observers: readOption("observers", options.observers, anObject),
    running: readOption("running", options.running, aKeeper),
    requestId: readOption("requestId", options.requestId, aRequestId),
    totalMs: readOption("totalMs", options.totalMs, aLimitMs),
    signal: readOption("signal", options.signal, anAbortSignal),
    onPart: readOption("onPart", options.onPart, aFunction),
    random: readOption("random", options.random, aFunction),
  };
  return new AttemptsCursor(new Run({ ...read, forgets: read.reader.forgets, race: () => read }));
}

const aKeeper: Rule = (value) => {
  const { add, delete: remove } = (value ?? {}) as { readonly add?: unknown; readonly delete?: unknown };
  return typeof add === "function" && typeof remove === "function"
    ? undefined
    : "a `Set`, or have its `add` and `delete`";
};

const aWay = oneOf("replay", "prefill");

const someWays: Rule = (value) =>
  Array.isArray(value) && value.every((way) => aWay(way) === undefined)
    ? undefined
    : 'an array of "replay" and "prefill"';

const OPTION_NAMES: OptionNames<AttemptsOptions<unknown, unknown>> = {
  model: true,
  requestId: true,
  candidates: true,
  reader: true,
  totalMs: true,
  signal: true,
  outcomeOnly: true,
  onPart: true,
  continueBy: true,
  observers: true,
  random: true,
  running: true,
  commit: true,
  retry: true,
  strategy: true,
  hedge: true,
  maxQueueMs: true,
};

class AttemptsCursor<Part, Result> extends FlowCursor<Part> implements AttemptsRun<Part, Result> {
  readonly #run: Run<Part, Result>;

  constructor(run: Run<Part, Result>) {
    super(run.flow);
    this.#run = run;
  }

  handTo(reader: FlowReader<Part>): { offer(): void; leave(reason: unknown): void } {
    const { flow } = this.#run;
    flow.read(reader);
    return flow;
  }

  outcome(): Outcome<Result> | undefined {
    return this.#run.outcome;
  }
}
