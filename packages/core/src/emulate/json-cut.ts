/**
 * Cuts the JSON out of an answer that comes in pieces: from the first `{` or `[` to its match. What stands around it, prose and
 * fences, is left out.
 *
 * Whether it is JSON, only `JSON.parse` of the whole can say.
 */
export class JsonCut {
  #state: "before" | "inside" | "string" | "escape" | "behind" = "before";
  #depth = 0;

  /** Returns what of the piece belongs to it, maybe nothing. */
  feed(text: string): string {
    const start = this.#state === "before" ? text.search(/[{[]/) : 0;
    if (start < 0 || this.#state === "behind") return "";
    if (this.#state === "before") this.#state = "inside";
    for (let at = start; at < text.length; at++) {
      this.#look(text.charAt(at));
      if (this.#depth === 0) {
        this.#state = "behind";
        return text.slice(start, at + 1);
      }
    }
    return text.slice(start);
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
