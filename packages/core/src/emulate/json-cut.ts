/**
 * Cuts JSON out of an answer while it comes in pieces: from the first `{` or `[` to its match. What stands around it, prose and
 * fences, is left out.
 *
 * That is a guess, by which it can be shown as it is written; what it was, the whole says. Nothing is guessed of a bracket that
 * stands within a line of words, as a reference may, and of what may be a text in quotation marks.
 */
export class JsonCut {
  #state: "before" | "inside" | "string" | "escape" | "behind" = "before";
  #depth = 0;
  /** Whether all before was white space, and whether that of its line was. */
  #isStart = true;
  #isLineStart = true;

  /** It goes on behind the beginning of an answer. */
  constructor(beginning: string) {
    this.feed(beginning);
  }

  /** Returns what of the piece belongs to it, maybe nothing. */
  feed(text: string): string {
    const start = this.#state === "before" ? this.#find(text) : 0;
    if (this.#state === "before" || this.#state === "behind") return "";
    for (let at = start; at < text.length; at++) {
      this.#look(text.charAt(at));
      if (this.#depth === 0) {
        this.#state = "behind";
        return text.slice(start, at + 1);
      }
    }
    return text.slice(start);
  }

  /** Where it begins, if it does. */
  #find(text: string): number {
    if (this.#isStart) {
      const words = text.trimStart();
      this.#isStart = words === "";
      if (words.startsWith('"')) this.#state = "behind";
    }
    const bracket = text.search(BRACKET);
    const end = bracket < 0 ? text.length : bracket;
    const lineStart = text.lastIndexOf("\n", end) + 1;
    this.#isLineStart = (this.#isLineStart || lineStart > 0) && text.slice(lineStart, end).trim() === "";
    if (bracket >= 0 && this.#state === "before") this.#state = this.#isLineStart ? "inside" : "behind";
    return end;
  }

  #look(character: string): void {
    if (this.#state === "escape") this.#state = "string";
    else if (this.#state === "string") {
      if (character === "\\") this.#state = "escape";
      else if (character === '"') this.#state = "inside";
    } else if (character === '"') this.#state = "string";
    else if (character === "{" || character === "[") this.#depth++;
    else if (character === "}" || character === "]") this.#depth--;
  }
}

const BRACKET = /[{[]/;
