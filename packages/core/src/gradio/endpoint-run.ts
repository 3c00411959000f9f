import { QwenError } from "../errors.ts";
import type { Flow, FlowReader } from "../flow.ts";
import type { Timeouts } from "../provider.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import type { Call, CallWork } from "../call.ts";
import type { SpaceClient } from "./client.ts";
import { hasNoRoute, wasLost } from "./join.ts";
import { Job } from "./job.ts";
import type { JobListener, JobMessage } from "./job-listener.ts";
import { OutputFollower } from "./outputs.ts";
import { runUnqueued } from "./run.ts";
import { Session } from "./session.ts";
import type { SpaceMessage } from "./space-message.ts";
import type { Submission } from "./submit-options.ts";
import { TrackedEndpoint } from "./tracked-endpoint.ts";

const SPACE_TIMEOUTS: Timeouts = { firstOutputMs: 300_000 };

/** What a message costs besides what it says, and each value in it, in bytes. */
const MESSAGE_BYTES = 100;
const VALUE_BYTES = 16;

/** One run of any endpoint: pushes what its job says, the final `completed` last. */
export class EndpointRun implements CallWork<SpaceMessage> {
  readonly #client: SpaceClient;
  readonly #timeouts: Timeouts | undefined;
  readonly #lastOnly: boolean;
  readonly #take: () => Submission;

  /**
   * `take` gives what was asked, or throws what is wrong with it; `timeouts` are the limits below its own. With `lastOnly` the
   * outputs on the way are not told: each message of theirs takes a copy of all.
   */
  constructor(
    {
      client,
      timeouts,
      lastOnly = false,
    }: {
      readonly client: SpaceClient;
      readonly timeouts: Timeouts | undefined;
      readonly lastOnly?: boolean | undefined;
    },
    take: () => Submission,
  ) {
    this.#client = client;
    this.#timeouts = timeouts;
    this.#lastOnly = lastOnly;
    this.#take = take;
  }

  limits(): ResolvedTimeouts {
    return resolveTimeouts(this.#take().options.timeouts, this.#timeouts, SPACE_TIMEOUTS);
  }

  weigh(message: SpaceMessage): number {
    return MESSAGE_BYTES + (sizes.get(message) ?? 0);
  }

  asOwnError(error: unknown): unknown {
    return error;
  }

  async run(call: Call<SpaceMessage>): Promise<void> {
    const asked = this.#take();
    const { config, cleanUps } = this.#client;
    const endpoint = new TrackedEndpoint(this.#client, asked);
    endpoint.require();
    const byName = endpoint.now.fnIndex === undefined;
    try {
      await this.#runOnce(call, { endpoint, asked }).catch((error: unknown) => {
        const known = byName && endpoint.now.fnIndex !== undefined;
        if (call.stop.aborted || !(wasLost(error) || (known && hasNoRoute(error)))) throw error;
        return this.#runOnce(call, { endpoint, asked });
      });
    } catch (error) {
      // A wrong name answers 500 like any failure, and so does an app that was changed. Now that it costs nothing, look.
      if (QwenError.isInstance(error) && error.status === 500) {
        const read = await config.readAgain(call.stop).catch(() => undefined);
        if (read !== undefined) endpoint.require();
      }
      throw error;
    }
    // Read behind the first call, so that later ones get edits instead of whole values.
    if (config.known === undefined) cleanUps.add(config.readBehind());
  }

  async #runOnce(
    call: Call<SpaceMessage>,
    { endpoint, asked }: { readonly endpoint: TrackedEndpoint; readonly asked: Submission },
  ): Promise<void> {
    const { inputs, options } = asked;
    const { fnIndex, queue } = endpoint.now;
    const session = new Session(this.#client, { headers: options.headers });
    const timeouts = this.limits();
    if (fnIndex !== undefined && !queue) {
      const data = await runUnqueued({
        session,
        fnIndex,
        inputs: endpoint.filled(inputs),
        signal: call.stop,
        timeouts,
      });
      call.push({ type: "completed", data });
      return;
    }
    const listener = new RunListener(call, { whole: fnIndex === undefined, lastOnly: this.#lastOnly });
    const { earlyStream } = this.#client;
    const { maxQueueMs } = options;
    const { clock } = call;
    call.follow(new Job({ session, endpoint, fnIndex, inputs, timeouts, clock, maxQueueMs, earlyStream, listener }));
    await listener.ended;
  }
}

/** The length of the messages as they came, and what is in them, in bytes. */
const sizes = new WeakMap<SpaceMessage, number>();

/** The job of a submission: its messages become the call's. */
class RunListener implements JobListener {
  readonly #call: Call<SpaceMessage>;
  readonly #outputs: OutputFollower;
  readonly #lastOnly: boolean;
  readonly #end = Promise.withResolvers<void>();

  constructor(call: Call<SpaceMessage>, { whole, lastOnly }: { readonly whole: boolean; readonly lastOnly: boolean }) {
    this.#call = call;
    this.#lastOnly = lastOnly;
    this.#outputs = new OutputFollower({ whole });
  }

  /** Resolves behind the final outputs. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  message(message: JobMessage, size: number): boolean {
    if (message.type !== "generating") {
      this.#push(message, size);
      // Of an endpoint of any kind, work that is reported is work: it may take longer than a first word.
      return message.type === "progress" || message.type === "log";
    }
    if (this.#outputs.generating(message.data) && !this.#lastOnly) {
      const { copy, count } = this.#outputs.values();
      this.#push({ type: "generating", data: copy }, size + VALUE_BYTES * count);
    }
    return true;
  }

  completed(data: readonly unknown[], size: number): void {
    try {
      this.#push({ type: "completed", data: this.#outputs.completed(data) }, size);
      this.#end.resolve();
    } catch (error) {
      this.#end.reject(error);
    }
  }

  failed(error: unknown): void {
    this.#end.reject(error);
  }

  partialText(): string {
    return "";
  }

  #push(message: SpaceMessage, size: number): void {
    sizes.set(message, size);
    this.#call.push(message);
  }
}

/** Reads a submission to its end, and resolves with the final outputs. */
export function readLast(flow: Flow<SpaceMessage>): Promise<readonly unknown[]> {
  return new Promise((resolve, reject) => flow.read(new LastOutputs(resolve, reject)));
}

class LastOutputs implements FlowReader<SpaceMessage> {
  readonly #resolve: (data: readonly unknown[]) => void;
  readonly #reject: (error: unknown) => void;
  #data: readonly unknown[] | undefined;

  constructor(resolve: (data: readonly unknown[]) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve;
    this.#reject = reject;
  }

  wants(): boolean {
    return true;
  }

  take(message: SpaceMessage): void {
    if (message.type === "completed") this.#data = message.data;
  }

  end(): void {
    if (this.#data === undefined) this.#reject(new QwenError("protocol", "The job ended without completing."));
    else this.#resolve(this.#data);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }
}
