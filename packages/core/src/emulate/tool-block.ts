import { GrowingText } from "#core";

import { mayBecomeTag, tagAt } from "../tag-search.ts";

/** Begins a call, as Qwen's chat templates have it. */
export const CALL = "<tool_call>";
/** Ends a call. */
export const CALL_END = "</tool_call>";
/** What a model writes that has begun to make up what follows on its calls. */
export const MADE_UP: readonly string[] = ["<tool_response>", "<|im_"];

const TAGS = [CALL, CALL_END, ...MADE_UP];

/** A longer block is text. In characters. */
const MOST_CHARACTERS = 1024 * 1024;

/** The call at the end of a text that has not ended there; empty where there is none. */
export function openCallIn(text: string): string {
  const start = text.lastIndexOf(CALL);
  return start < 0 || text.includes(CALL_END, start) ? "" : text.slice(start);
}

/** How a block ended, and what of the piece follows. */
export interface BlockEnd {
  /** The tag that ended it. Absent where it cannot be a call, and so is text. */
  readonly tag?: string | undefined;
  readonly rest: string;
}

/**
 * What stands behind `<tool_call>`, read piece by piece up to its end: the first end tag, or the next call, that stands in no
 * string.
 *
 * Where a string does not end as it should, the tags in it may have been real: `split` is where the first one stands.
 */
export class ToolBlock {
  /** The white space before it, which is part of it where it is text. */
  readonly space: string;
  readonly #body = new GrowingText();
  /** Whether tags in strings count too. */
  readonly #splitting: boolean;
  #tail = "";
  #split: number | undefined;
  /** `start`: nothing but the beginning of an object, or of a fence, was read. */
  #state: "start" | "object" | "string" | "escape" | "behind" = "start";
  #beginning = "";
  #depth = 0;

  constructor(space: string, { splitting }: { readonly splitting: boolean }) {
    this.space = space;
    this.#splitting = splitting;
  }

  get body(): string {
    return this.#body.whole();
  }

  /** What was held back at the end, as it may have become a tag. */
  get tail(): string {
    return this.#tail;
  }

  get split(): number | undefined {
    return this.#split;
  }

  /** Reads on. Returns how it ended, as soon as it has. */
  feed(text: string): BlockEnd | undefined {
    const all = this.#tail + text;
    this.#tail = "";
    for (let at = 0; at < all.length; at++) {
      const character = all.charAt(at);
      if (character === "<") {
        const tag = tagAt(TAGS, all, at);
        if (tag !== undefined && this.#endsAt(tag)) {
          this.#body.append(all.slice(0, at));
          return { tag, rest: all.slice(at + tag.length) };
        }
        if (tag === CALL || tag === CALL_END) this.#split ??= this.#body.length + at;
        if (tag === undefined && mayBecomeTag(TAGS, all, at)) {
          this.#body.append(all.slice(0, at));
          this.#tail = all.slice(at);
          return undefined;
        }
      }
      if (!this.#look(character)) {
        this.#body.append(all.slice(0, at));
        return { rest: all.slice(at) };
      }
    }
    this.#body.append(all);
    return this.#body.length > MOST_CHARACTERS ? { rest: "" } : undefined;
  }

  #endsAt(tag: string): boolean {
    if (MADE_UP.includes(tag)) return this.#state === "behind";
    return this.#splitting || (this.#state !== "string" && this.#state !== "escape");
  }

  /** Whether it may still be a call. */
  #look(character: string): boolean {
    switch (this.#state) {
      case "start":
        return this.#lookAtStart(character);
      case "string":
        if (character === "\\") this.#state = "escape";
        else if (character === '"') this.#state = "object";
        break;
      case "escape":
        this.#state = "string";
        break;
      case "object":
        if (character === '"') this.#state = "string";
        else if (character === "{" || character === "[") this.#depth++;
        else if ((character === "}" || character === "]") && --this.#depth === 0) this.#state = "behind";
        break;
      case "behind":
        if (character === "{") this.#enter();
        break;
    }
    return true;
  }

  #lookAtStart(character: string): boolean {
    if (character === "{") this.#enter();
    else if (character.trim() !== "") {
      this.#beginning += character;
      // An object whose brace was left out.
      if (this.#beginning === NAME) this.#enter();
      return NAME.startsWith(this.#beginning) || FENCE.test(this.#beginning);
    } else if (this.#beginning !== "") {
      // The end of the line that opens a fence.
      if (!this.#beginning.startsWith("```")) return false;
      this.#beginning = "";
    }
    return true;
  }

  #enter(): void {
    this.#state = "object";
    this.#depth = 1;
  }
}

const NAME = '"name"';
const FENCE = /^(?:`{1,2}|```\w{0,20})$/;
