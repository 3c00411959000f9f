const OPEN = "<think>";
const CLOSE = "</think>";

/** A text that grows, told apart into what was thought at its beginning and what is said. */
export class Thought {
  #state: "beginning" | "opened" | "thinking" | "said" | "speaking" = "beginning";
  /** What may be a piece of a tag, or white space that nothing follows yet. */
  #held = "";

  /** Takes the next piece. `final`: no more comes. */
  add(piece: string, { final = false }: { readonly final?: boolean | undefined } = {}): Told {
    const text = this.#held + piece;
    this.#held = "";
    switch (this.#state) {
      case "beginning":
        return this.#begin(text, final);
      case "opened":
        return this.#open(text, final);
      case "thinking":
        return this.#think(text, final);
      case "said":
        return this.#speak(text);
      case "speaking":
        return { thought: "", said: text };
    }
  }

  #begin(text: string, final: boolean): Told {
    const words = text.trimStart();
    if (words.startsWith(OPEN)) {
      this.#state = "opened";
      return this.#open(words.slice(OPEN.length), final);
    }
    if (!final && OPEN.startsWith(words)) {
      this.#held = text;
      return NOTHING;
    }
    this.#state = "speaking";
    return { thought: "", said: text };
  }

  /** White space behind the tag is none of the thought. */
  #open(text: string, final: boolean): Told {
    const thought = text.trimStart();
    if (thought === "") return NOTHING;
    this.#state = "thinking";
    return this.#think(thought, final);
  }

  #think(text: string, final: boolean): Told {
    const end = text.indexOf(CLOSE);
    if (end !== -1) {
      this.#state = "said";
      const { said } = this.#speak(text.slice(end + CLOSE.length));
      return { thought: text.slice(0, end).trimEnd(), said };
    }
    // Looked for once more with what comes: a tag may be cut anywhere, and the white space before it is none of the thought.
    const kept = final ? text.length : heldFrom(text);
    this.#held = text.slice(kept);
    return { thought: text.slice(0, kept), said: "" };
  }

  #speak(text: string): Told {
    const said = text.trimStart();
    if (said !== "") this.#state = "speaking";
    return { thought: "", said };
  }
}

/** What a piece of text turned out to be. */
export interface Told {
  readonly thought: string;
  readonly said: string;
}

const NOTHING: Told = { thought: "", said: "" };

/** From where on the end of a thought may be white space and the beginning of its closing tag. */
function heldFrom(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) {
    if (!CLOSE.startsWith(text.slice(-length))) continue;
    return text.slice(0, -length).trimEnd().length;
  }
  return text.trimEnd().length;
}
