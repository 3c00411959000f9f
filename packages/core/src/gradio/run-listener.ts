import type { Call } from "../call.ts";
import type { JobListener, JobMessage } from "./job-listener.ts";
import { OutputFollower } from "./jobs.ts";
import { copyOfJson } from "./json.ts";
import { noteSize, type SpaceMessage } from "./space-message.ts";

/** What each value in a message costs, in bytes. */
const VALUE_BYTES = 16;

/** How many values are told for each character of the messages, and besides: else a large output that changes little costs its square. */
const TOLD = { each: 1, more: 250_000 };

/** How the job of a submission is told. */
export interface RunListenerOptions {
  /** Its messages have whole values. */
  readonly whole: boolean;
  /** Only the last outputs are told. */
  readonly lastOnly: boolean;
  /** What an object becomes that is a file. */
  asFile(object: object): unknown;
}

/** The job of a submission: its messages become the call's. */
export class RunListener implements JobListener {
  readonly #call: Call<SpaceMessage>;
  readonly #outputs: OutputFollower;
  readonly #options: RunListenerOptions;
  readonly #end = Promise.withResolvers<SpaceMessage>();
  /** How many values were told beyond what the messages allow. */
  #owed = -TOLD.more;

  constructor(call: Call<SpaceMessage>, options: RunListenerOptions) {
    this.#call = call;
    this.#options = options;
    this.#outputs = new OutputFollower(options);
  }

  /** Resolves with the final outputs. */
  get ended(): Promise<SpaceMessage> {
    return this.#end.promise;
  }

  message(message: JobMessage, size: number): boolean {
    if (message.type !== "generating") {
      this.#push(message, size);
      // Of an endpoint of any kind, work that is reported is work: it may take longer than a first word.
      return message.type === "progress" || message.type === "log";
    }
    this.#owed -= TOLD.each * size;
    if (this.#outputs.generating(message.data) && !this.#options.lastOnly && this.#owed <= 0) {
      const { copy, count } = this.#outputs.values(this.#options.asFile);
      this.#owed += count;
      this.#push({ type: "generating", data: copy }, size + VALUE_BYTES * count);
    }
    return true;
  }

  completed(data: readonly unknown[], size: number): void {
    try {
      const { copy } = copyOfJson(this.#outputs.completed(data), this.#options.asFile);
      const last: SpaceMessage = { type: "completed", data: copy };
      noteSize(last, size);
      this.#end.resolve(last);
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
    noteSize(message, size);
    this.#call.push(message);
  }
}
