import { AppendOnlyText } from "../append-only.ts";
import { Flow, type FlowMaker, type FlowReader } from "../flow.ts";
import type { StreamPart } from "../part.ts";
import { ofRequest } from "./router-request.ts";

/** The text of a flow of parts, as far as it can be passed on. What waits, waits among the parts. */
export function textFlowOf(parts: Flow<StreamPart>, requestId: string): Flow<string> {
  return new TextFlow(parts, requestId).flow;
}

class TextFlow implements FlowMaker, FlowReader<StreamPart> {
  readonly flow = new Flow<string>(this, lengthOf);
  readonly #parts: Flow<StreamPart>;
  readonly #requestId: string;
  readonly #text = new AppendOnlyText();
  #hasBegun = false;

  constructor(parts: Flow<StreamPart>, requestId: string) {
    this.#parts = parts;
    this.#requestId = requestId;
    this.flow.mark = 0;
  }

  start(): void {
    this.#hasBegun = true;
    this.#parts.read(this);
  }

  pause(): void {
    this.#parts.pause();
  }

  resume(): void {
    this.#parts.resume();
  }

  leave(reason: unknown): void {
    this.#parts.leave(reason);
  }

  over(): void {
    // It was left before it was read, or the parts have ended before.
    if (!this.#hasBegun) this.#parts.leave(new DOMException("The text was left before it was read.", "AbortError"));
  }

  wants(): boolean {
    return true;
  }

  take(part: StreamPart): void {
    if (part.type === "text-delta") this.#push(this.#text.append(part.text));
    else if (part.type === "text-replace") this.#push(this.#text.replace(part.text));
  }

  end(): void {
    try {
      // What was held back comes out before the end.
      this.#push(this.#text.end());
      this.flow.end();
    } catch (error) {
      this.flow.fail(ofRequest(error, { requestId: this.#requestId }));
    }
  }

  fail(error: unknown): void {
    this.flow.fail(error);
  }

  #push(piece: string): void {
    if (piece !== "") this.flow.push(piece);
  }
}

const lengthOf = (text: string): number => text.length;
