import { GrowingText } from "./growing-text.ts";

/** White space beyond this is no longer held back. In characters. */
const MOST_SPACE = 1024 * 1024;

/** What a piece of text turned out to be. */
export interface Found {
  /** What is no tag and cannot become one. */
  readonly before: string;
  /** The first tag, where one is whole. */
  readonly tag?: string | undefined;
  /** The white space right before the tag. */
  readonly space: string;
  /** What of the piece stands behind the tag. */
  readonly rest: string;
}

/**
 * Finds tags in a text that comes in pieces. Held back are the longest tail that may be a tag and the white space before it.
 *
 * Each character is looked at a bounded number of times, however the text is cut. Every tag begins with "<" and has no
 * other one in it.
 */
export class TagSearch {
  readonly #tags: readonly string[];
  readonly #space = new GrowingText();
  #tail = "";

  constructor(tags: readonly string[]) {
    this.#tags = tags;
  }

  /** Where a tag is found, the search begins anew behind it: feed it the rest. */
  feed(text: string): Found {
    const all = this.#tail + text;
    this.#tail = "";
    for (let at = all.indexOf("<"); at >= 0; at = all.indexOf("<", at + 1)) {
      const tag = tagAt(this.#tags, all, at);
      if (tag !== undefined) {
        const before = this.#pass(all.slice(0, at));
        return { before, tag, space: this.#takeSpace(), rest: all.slice(at + tag.length) };
      }
      if (!mayBecomeTag(this.#tags, all, at)) continue;
      this.#tail = all.slice(at);
      return { before: this.#pass(all.slice(0, at)), space: "", rest: "" };
    }
    return { before: this.#pass(all), space: "", rest: "" };
  }

  /** Nothing more comes: returns what was held back. */
  end(): string {
    const held = this.#takeSpace() + this.#tail;
    this.#tail = "";
    return held;
  }

  #pass(text: string): string {
    const words = text.trimEnd();
    if (words === "") {
      this.#space.append(text);
      return this.#space.length > MOST_SPACE ? this.#takeSpace() : "";
    }
    const passed = this.#space.whole() + words;
    this.#space.replace(text.slice(words.length));
    return passed;
  }

  #takeSpace(): string {
    const space = this.#space.whole();
    this.#space.replace("");
    return space;
  }
}

/** Which of the tags stands at a place of a text. */
export function tagAt(tags: readonly string[], text: string, at: number): string | undefined {
  for (const tag of tags) if (text.startsWith(tag, at)) return tag;
  return undefined;
}

/** Whether what stands from a place to the end of a text is the beginning of a tag. */
export function mayBecomeTag(tags: readonly string[], text: string, at: number): boolean {
  for (const tag of tags) if (text.length - at < tag.length && tag.startsWith(text.slice(at))) return true;
  return false;
}
