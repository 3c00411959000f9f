/**
 * Cuts JSON out of an answer while it comes in pieces: from the first `{` or `[` to its match. What stands around it, prose and
 * fences, is left out.
 *
 * That is a guess, by which it can be shown as it is written; what it was, the whole says. Of what may be a text in quotation
 * marks nothing is guessed.
 */
export class JsonCut {
  #state: "start" | "before" | "inside" | "string" | "escape" | "behind" = "start";
  #depth = 0;

  /** It goes on behind the beginning of an answer. */
  constructor(beginning: string) {
    this.feed(beginning);
  }

  /** Returns what of the piece belongs to it, maybe nothing. */
  feed(text: string): string {
    if (this.#state === "start") this.#begin(text);
    const start = this.#state === "before" ? text.search(/[{[]/) : 0;
    if (start < 0 || this.#state === "start" || this.#state === "behind") return "";
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

  #begin(text: string): void {
    const words = text.trimStart();
    if (words !== "") this.#state = words.startsWith('"') ? "behind" : "before";
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
