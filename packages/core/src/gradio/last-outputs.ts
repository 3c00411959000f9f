import { QwenError } from "../errors.ts";
import type { Flow, FlowReader } from "../flow.ts";
import type { SpaceMessage } from "./space-message.ts";

/** Reads a run of an endpoint to its end, and resolves with the final outputs. */
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
