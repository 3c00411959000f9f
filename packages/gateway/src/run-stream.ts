import type { Ending } from "./accounts.ts";
import type { BackgroundRun } from "./background-runs.ts";
import { Refusal } from "./refusal.ts";
import { comment } from "./wire/chat-stream.ts";
import { errorBody } from "./wire/response-writer.ts";

/** Who reads the events of a response in the background, and from which on. */
export interface RunStreamOptions {
  readonly run: BackgroundRun;
  /** The number of the first event. */
  readonly from: number;
  /** The longest silence before a comment is sent, in ms; 0 for none. */
  readonly keepAliveMs: number;
  /** How long its reader may take nothing before it is left, in ms. */
  readonly idleClientMs: number;
  /** Breaks the connection. Whether that can be. */
  leave(): boolean;
  /** The reading is over, one way or another; what is read may go on. Called once. */
  onEnd(ending: Ending): void;
}

/** Reads the events that were, then those that come, as what a `ReadableStream` is made of. */
export class RunStream {
  readonly #options: RunStreamOptions;
  readonly #encoder = new TextEncoder();
  #next: number;
  #hasEnded = false;
  #idle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: RunStreamOptions) {
    this.#options = options;
    this.#next = options.from;
  }

  start(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.#awaitReader(controller);
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    clearTimeout(this.#idle);
    const { run, keepAliveMs } = this.#options;
    const events = await run.after(this.#next, keepAliveMs || Infinity);
    if (this.#hasEnded) return;
    this.#next += events?.length ?? 0;
    if (events?.length === 0) {
      this.#end("whole");
      controller.close();
      return;
    }
    controller.enqueue(this.#encoder.encode(events?.join("") ?? comment("waiting")));
    this.#awaitReader(controller);
  }

  cancel(): void {
    this.#end("cancelled");
  }

  #awaitReader(controller: ReadableStreamDefaultController<Uint8Array>): void {
    const { idleClientMs, leave } = this.#options;
    if (idleClientMs === Infinity) return;
    this.#idle = setTimeout(() => {
      this.#end("cancelled");
      // Should it come back, it hears why it was left; it may read on from what it had.
      const said = { ...errorBody(stalled(idleClientMs)), sequence_number: Math.max(0, this.#next - 1) };
      if (!leave()) controller.enqueue(this.#encoder.encode(`event: error\ndata: ${JSON.stringify(said)}\n\n`));
      controller.close();
    }, idleClientMs);
  }

  #end(ending: Ending): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#idle);
    this.#options.onEnd(ending);
  }
}

function stalled(idleClientMs: number): Refusal {
  return new Refusal({ status: 408, code: "client_stalled", message: `No event was read for ${idleClientMs} ms.` });
}
