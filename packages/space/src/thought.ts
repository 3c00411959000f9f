import { ThoughtSplit, type ThoughtSink } from "@qwen/core/http";

/** A text that grows, told apart into what was thought at its beginning and what is said. */
export class Thought implements ThoughtSink {
  readonly #split = new ThoughtSplit(this);
  #thought = "";
  #said = "";

  /** Takes the next piece, and tells what is new. `final`: no more comes. */
  add(piece: string, { final = false }: { readonly final?: boolean | undefined } = {}): Told {
    this.#split.feed(piece);
    if (final) this.#split.end();
    const told = { thought: this.#thought, said: this.#said };
    this.#thought = "";
    this.#said = "";
    return told;
  }

  thought(text: string): void {
    this.#thought += text;
  }

  thoughtEnd(): void {
    // Words say so, or the end.
  }

  words(text: string): void {
    this.#said += text;
  }
}

/** What a piece of text turned out to be. */
export interface Told {
  readonly thought: string;
  readonly said: string;
}
