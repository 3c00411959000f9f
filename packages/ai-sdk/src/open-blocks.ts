import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";

type Part = LanguageModelV4StreamPart;

/** The blocks of a stream that have begun and not ended: whatever becomes of an answer, each of them is to end. */
export class OpenBlocks {
  /** By its kind and id, the end of each. */
  readonly #ends = new Map<string, Part>();

  /** Adds what has to end before a part that is no delta: before the finish all of them, before a call its input. */
  endBefore(part: Part, parts: Part[]): void {
    switch (part.type) {
      case "text-start":
      case "reasoning-start":
      case "tool-input-start": {
        const kind = part.type.slice(0, -"-start".length) as "text" | "reasoning" | "tool-input";
        this.#ends.set(`${kind} ${part.id}`, { type: `${kind}-end`, id: part.id });
        break;
      }
      case "text-end":
      case "reasoning-end":
      case "tool-input-end":
        this.#ends.delete(`${part.type.slice(0, -"-end".length)} ${part.id}`);
        break;
      case "tool-call":
        this.#end(`tool-input ${part.toolCallId}`, parts);
        break;
      case "finish":
        this.endAll(parts);
        break;
      default:
    }
  }

  /** Adds the end of each that is open. */
  endAll(parts: Part[]): void {
    for (const name of this.#ends.keys()) this.#end(name, parts);
  }

  #end(name: string, parts: Part[]): void {
    const end = this.#ends.get(name);
    if (end !== undefined) parts.push(end);
    this.#ends.delete(name);
  }
}
