import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";

type Part = LanguageModelV4StreamPart;

const EDGE = /^(text|reasoning|tool-input)-(start|end)$/;

/** The blocks of a stream that have begun and not ended: whatever becomes of an answer, each of them is to end. */
export class OpenBlocks {
  /** By its kind and id, the end of each. */
  readonly #ends = new Map<string, Part>();

  /** Adds what has to end before a part that is no delta: before the finish all of them, before a call its input. */
  endBefore(part: Part, parts: Part[]): void {
    const [, kind, edge] = EDGE.exec(part.type) ?? [];
    if (kind !== undefined) {
      const { id } = part as { readonly id: string };
      if (edge === "start") this.#ends.set(kind + id, { type: `${kind}-end`, id } as Part);
      else this.#ends.delete(kind + id);
    } else if (part.type === "tool-call") this.#end(`tool-input${part.toolCallId}`, parts);
    else if (part.type === "finish") this.endAll(parts);
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
