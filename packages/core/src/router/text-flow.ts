import { AppendOnlyText } from "../append-only.ts";
import { Flow, type FlowMaker, type FlowReader } from "../flow.ts";
import type { StreamPart } from "../part.ts";

/** The text of a flow of parts, as far as it can be passed on. What waits, waits among the parts. */
export function textOf(parts: Flow<StreamPart>): Flow<string> {
  return new TextFlow(parts).flow;
}

class TextFlow implements FlowMaker, FlowReader<StreamPart> {
  readonly flow = new Flow<string>(this, lengthOf);
  readonly #parts: Flow<StreamPart>;
  readonly #text = new AppendOnlyText();

  constructor(parts: Flow<StreamPart>) {
    this.#parts = parts;
    this.flow.mark = 0;
  }

  start(): void {
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
    // The parts have ended before.
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
      this.flow.fail(error);
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
