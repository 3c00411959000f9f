import { InnerCall, splitBeginning } from "#core";

import type { InnerCallOwner } from "../inner-call.ts";
import type { Provider, ProviderRequest } from "../provider.ts";
import type { FinishPart, ProviderPart } from "../part.ts";
import { AnswerReader, type Reads, type UnreadableCall } from "./answer-reader.ts";
import { repairOf } from "./chat-prompt.ts";
import type { WrittenCall } from "./tool-call-text.ts";

/** What came of asking once more. */
export interface Repaired {
  /** Empty where it failed, for whatever reason. */
  readonly calls: readonly WrittenCall[];
  /** Absent where the second answer was not whole, or was stopped as the rest was made up. */
  readonly finish?: FinishPart | undefined;
}

/** What a {@link Repair} asks. */
export interface RepairOptions {
  readonly request: ProviderRequest;
  readonly reads: Reads;
  readonly failed: UnreadableCall;
  /** A sign of life. */
  onLive(part: ProviderPart): void;
  onEnd(repaired: Repaired): void;
}

/** Asks once more for a call that could not be read: the chat, the block and why. Only calls are taken from the answer. */
export class Repair implements InnerCallOwner {
  readonly call: InnerCall;
  readonly #options: RepairOptions;
  #reader: AnswerReader;

  /** Asks, but nothing comes before `call.begin()`. */
  constructor(provider: Provider, options: RepairOptions) {
    const { request, failed } = options;
    this.#options = options;
    this.#reader = this.#newReader();
    const messages = [...splitBeginning(request.messages).asked, ...repairOf(failed.block, failed.why)];
    this.call = new InnerCall(provider, { ...request, messages }, this);
  }

  took(part: ProviderPart): void {
    switch (part.type) {
      case "queue":
      case "progress":
      case "log":
        this.#options.onLive(part);
        break;
      case "text-replace":
        this.#reader = this.#newReader();
        this.#read(part.text);
        break;
      case "text-delta":
        this.#read(part.text);
        break;
      case "finish":
        this.#reader.end();
        this.#end(part);
        break;
      default:
    }
  }

  ended(): void {
    this.#options.onEnd({ calls: [] });
  }

  failed(): void {
    // The first answer was whole: it stands.
    this.#options.onEnd({ calls: [] });
  }

  #newReader(): AnswerReader {
    return new AnswerReader({ ...this.#options.reads, json: false, beginning: "" });
  }

  #read(text: string): void {
    this.#reader.feed(text);
    if (!this.#reader.stopped) return;
    this.call.stop(madeUp());
    this.#end();
  }

  #end(finish?: FinishPart): void {
    const calls = this.#reader.take().flatMap((said) => (said.type === "call" ? [said.call] : []));
    this.#options.onEnd({ calls, finish });
  }
}

/** Why an answer is stopped that has begun to make up what follows on its calls. */
export function madeUp(): DOMException {
  return new DOMException("What follows on the tool call is made up.", "AbortError");
}
