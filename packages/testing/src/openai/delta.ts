import type { Dialect, Fields } from "./dialect.ts";
import type { Said } from "./script.ts";

/** Says each thing as a `delta` of a choice. */
export class Deltas {
  readonly #reasoning: Dialect["reasoning"];
  #thinking = false;

  constructor({ reasoning }: Dialect) {
    this.#reasoning = reasoning;
  }

  of(said: Exclude<Said, { readonly kind: "comment" | "data" }>): Fields {
    switch (said.kind) {
      case "text":
        return { content: this.#closed() + said.text };
      case "reasoning": {
        if (this.#reasoning !== "think") return { [this.#reasoning]: said.text };
        const opened = this.#thinking ? "" : "<think>\n";
        this.#thinking = true;
        return { content: opened + said.text };
      }
      case "refusal":
        return { refusal: said.text };
      case "tool": {
        const { name, arguments: input, ...call } = said.piece;
        return { tool_calls: [{ ...call, function: { ...(name !== undefined && { name }), arguments: input } }] };
      }
      case "delta":
        return said.delta;
    }
  }

  /** What is left to say at the end. */
  last(): Fields | undefined {
    const content = this.#closed();
    return content === "" ? undefined : { content };
  }

  #closed(): string {
    if (!this.#thinking) return "";
    this.#thinking = false;
    return "\n</think>\n\n";
  }
}

/** A call of a tool as a whole message has it. */
interface WholeCall {
  id?: string;
  type: "function";
  function: { name?: string; arguments?: unknown };
}

/** Adds deltas up to the message that they say. */
export class WholeMessage {
  readonly #fields: Record<string, unknown> = {};
  readonly #calls: WholeCall[] = [];

  add(said: Said, delta: Fields): void {
    if (said.kind === "tool") this.#addCall(said);
    else for (const [name, value] of Object.entries(delta)) this.#addField(name, value);
  }

  /** With `prefix` before its text. */
  whole(prefix: string): unknown {
    const { content, ...others } = this.#fields;
    const said = typeof content === "string" ? content : undefined;
    const isSilent = said === undefined && prefix === "" && this.#calls.length > 0;
    return {
      role: "assistant",
      content: isSilent ? null : prefix + (said ?? ""),
      ...others,
      ...(this.#calls.length > 0 && { tool_calls: this.#calls.filter(Boolean) }),
    };
  }

  #addField(name: string, value: unknown): void {
    const before = this.#fields[name];
    this.#fields[name] = typeof before === "string" && typeof value === "string" ? before + value : value;
  }

  #addCall({ place, piece: { id, name, arguments: input } }: Extract<Said, { readonly kind: "tool" }>): void {
    const call = (this.#calls[place] ??= { type: "function", function: {} });
    const before = call.function.arguments;
    if (id !== undefined) call.id = id;
    if (name !== undefined) call.function.name = name;
    call.function.arguments = typeof before === "string" && typeof input === "string" ? before + input : input;
  }
}
