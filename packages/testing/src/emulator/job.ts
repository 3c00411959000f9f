import { setImmediate } from "node:timers/promises";

import { diff } from "./diff.ts";
import type { Durations } from "./durations.ts";
import type { Flavour, WireMessage } from "./flavour.ts";
import { ScriptedFailure } from "./script.ts";
import type { FunctionCall, SpaceFunction } from "./space.ts";

/** A job of the queue, and what became of it. Times are milliseconds since the emulator started. */
export interface Job {
  readonly eventId: string;
  readonly sessionHash: string;
  readonly fnIndex: number;
  readonly apiName: string;
  readonly data: readonly unknown[];
  /** What the model was asked, once it was. */
  prompt?: string | undefined;
  /**
   * `finished` ran to its end, `failed` ended in an error of the app, `stopped` was cancelled after it had started,
   * `removed` left the queue before it started.
   */
  state: "queued" | "running" | "finished" | "failed" | "stopped" | "removed";
  /** How many values the app has yielded. */
  steps: number;
  /** How often a cancel with the wrong `fn_index` made it begin again. */
  restarts: number;
  readonly queuedAt: number;
  startedAt?: number | undefined;
  endedAt?: number | undefined;
  /** What the app threw. */
  error?: unknown;
}

/** A job with what the queue needs to run it. */
export interface RunningJob {
  readonly job: Job;
  readonly fn: SpaceFunction;
  readonly simpleFormat: boolean;
  /** False once its client has gone: it says nothing more, and ends after its step. */
  alive: boolean;
  /** Its generator was forgotten: the next step begins again. */
  reset: boolean;
  /** It was cancelled: it ends at once, without waiting for its step. */
  cancelled: boolean;
  /** Called after `cancelled` was set. */
  interrupt: () => void;
  /** Settles when `/cancel` may answer for it. */
  ended: Promise<void>;
  send(message: WireMessage): void;
  call(): FunctionCall;
}

const interrupted = Symbol("interrupted");

/** Runs a job to its end. Never rejects: an app's failure is a message. */
export async function runJob(
  entry: RunningJob,
  { flavour, durations, now }: { readonly flavour: Flavour; readonly durations: Durations; now(): number },
): Promise<void> {
  entry.ended = play(entry, flavour, durations, now);
  await entry.ended;
}

async function play(entry: RunningJob, flavour: Flavour, durations: Durations, now: () => number): Promise<void> {
  const { job, fn } = entry;
  job.state = "running";

  const finish = (state: "finished" | "failed" | "stopped"): void => {
    job.state = state;
    job.endedAt = now();
  };

  let iterator = fn.run(entry.call())[Symbol.asyncIterator]();
  let last: readonly unknown[] | undefined;

  for (;;) {
    if (entry.reset) {
      entry.reset = false;
      job.restarts += 1;
      void iterator.return?.();
      iterator = fn.run(entry.call())[Symbol.asyncIterator]();
      last = undefined;
    }
    const stepStart = now();
    const step = await nextOrInterrupt(iterator, entry);
    if (step === interrupted) {
      // A step cannot be broken off: the job counts as stopped now, and its end comes with the step's.
      const closed = iterator.return?.();
      finish("stopped");
      // Only 6.x closes the generator and waits for that, and only where a first step has made it known.
      const waits = flavour.cancelReaches === "queued-and-running" && fn.generates === true && job.steps > 0;
      const settled = closed?.catch(() => undefined);
      await (waits ? settled : undefined);
      return;
    }

    if ("error" in step) {
      const { error } = step;
      job.error = error;
      const failure = error instanceof ScriptedFailure ? error : { message: String(error), hidden: true };
      entry.send(flavour.failed(job.eventId, failure, { first: job.steps === 0 }));
      finish("failed");
      return;
    }

    const durationS = (now() - stepStart) / 1000;
    const averageS = durations.addStep(fn, durationS);
    const output = (data: readonly unknown[], isGenerating: boolean): Record<string, unknown> =>
      flavour.output(data, { isGenerating, durationS, averageS });

    if (step.done === true || fn.generates !== true) {
      const data = step.done === true ? (last ?? fn.outputs.map(() => null)) : step.value;
      if (step.done !== true) job.steps += 1;
      entry.send(flavour.completed(job.eventId, output(data, false)));
      finish("finished");
      return;
    }

    const { value } = step;
    const before = last;
    last = value;
    job.steps += 1;
    const data =
      before === undefined || entry.simpleFormat
        ? value
        : value.map((after, index) => diff(before[index], after, { shiftsDeletions: flavour.shiftsDeletions }));
    entry.send(flavour.generating(job.eventId, output(data, true)));
    if (!entry.alive) {
      await iterator.return?.();
      finish("stopped");
      return;
    }
    // Messages of a script without delays reach the wire one by one, and nothing else starves meanwhile.
    await setImmediate();
  }
}

type Step = IteratorResult<readonly unknown[], unknown> | { readonly error: unknown };

function nextOrInterrupt(
  iterator: AsyncIterator<readonly unknown[], unknown>,
  entry: RunningJob,
): Promise<Step | typeof interrupted> {
  if (entry.cancelled) return Promise.resolve(interrupted);
  return new Promise((resolve) => {
    entry.interrupt = () => resolve(interrupted);
    iterator.next().then(resolve, (error: unknown) => resolve({ error }));
  });
}
