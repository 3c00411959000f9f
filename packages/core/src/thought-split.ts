import { endsInThought, THINK, THINK_END } from "./beginning.ts";
import { aFlag, aString, readOptions, type Rules } from "./options.ts";
import { GrowingText } from "./growing-text.ts";
import { TagSearch } from "./tag-search.ts";

/** As much as this is held while it may still be thought, or the white space before it. In characters. */
const MOST_HELD = 4 * 1024 * 1024;

/** Who hears what a {@link ThoughtSplit} tells apart. */
export interface ThoughtSink {
  /** What the model thinks, never empty, without the white space at its ends. */
  thought(text: string): void;
  /** It has thought: once at most, before its words. */
  thoughtEnd(): void;
  /** What it says, never empty. */
  words(text: string): void;
}

/** How a model marks what it thinks. */
export interface ThoughtSplitOptions {
  /**
   * The prompt ends with the opening tag, so the answer begins without one: all before the closing tag is thought.
   *
   * @defaultValue false
   */
  readonly open?: boolean | undefined;
  /**
   * What the answer goes on behind, which its model was given as its beginning. Behind words no thought begins any more; behind an
   * opening tag, it goes on.
   *
   * @defaultValue nothing
   */
  readonly behind?: string | undefined;
  /** Gives what is thought as it stands, with its tags and the white space around them. @defaultValue false */
  readonly verbatim?: boolean | undefined;
}

const RULES: Rules<ThoughtSplitOptions> = { open: aFlag, behind: aString, verbatim: aFlag };

/**
 * Splits an answer that comes in pieces into what was thought, within `<think>`, and what is said, the same however it is cut.
 *
 * Thought stands at the very beginning only: a tag further on is a word. Where no opening tag is expected, nothing is said before
 * the closing one came, or the end, and then all is words. Held back are 4 Mi characters at most, and what is held costs no more
 * than its length.
 */
export class ThoughtSplit {
  readonly #sink: ThoughtSink;
  readonly #options: ThoughtSplitOptions;
  readonly #search = new TagSearch([THINK_END]);
  /** White space at the beginning; while `waiting`, all there is. */
  readonly #held = new GrowingText();
  #tail = "";
  #state: "beginning" | "waiting" | "thinking" | "speaking" = "beginning";
  /** Nothing was said of what is thought, or of the words, but white space that is left out. */
  #blank = true;

  /** Throws a `TypeError` for an option that is none. */
  constructor(sink: ThoughtSink, options?: ThoughtSplitOptions) {
    this.#sink = sink;
    this.#options = readOptions("options", options, RULES) ?? {};
    const behind = this.#options.behind?.trim() ?? "";
    if (behind === "") return;
    this.#state = endsInThought(behind) ? "thinking" : "speaking";
    this.#blank = behind.endsWith(THINK) || behind.endsWith(THINK_END);
  }

  /** Whether all that comes from now on is said as it is: it need not be fed any more. */
  get isSpeaking(): boolean {
    return this.#state === "speaking" && !this.#blank;
  }

  feed(text: string): void {
    switch (this.#state) {
      case "beginning":
        this.#begin(this.#tail + text);
        break;
      case "waiting":
        this.#wait(text);
        break;
      case "thinking":
        this.#think(text);
        break;
      case "speaking":
        this.#speak(text);
        break;
    }
  }

  /** The answer is whole. */
  end(): void {
    if (this.#state === "thinking") {
      this.#sayThought(this.#search.end());
      this.#sink.thoughtEnd();
    } else this.#speakHeld();
  }

  #begin(all: string): void {
    const words = all.trimStart();
    this.#held.append(all.slice(0, all.length - words.length));
    this.#tail = "";
    if (words.startsWith(THINK)) {
      this.#state = "thinking";
      if (this.#options.verbatim === true) this.#sayThought(this.#held.whole() + THINK);
      this.#held.replace("");
      this.#think(words.slice(THINK.length));
    } else if (THINK.startsWith(words) && this.#held.length <= MOST_HELD) this.#tail = words;
    else if (this.#options.open === true) {
      this.#state = "waiting";
      this.#wait(words);
    } else {
      this.#blank = false;
      this.#tail = words;
      this.#speakHeld();
    }
  }

  #wait(text: string): void {
    const { before, tag, space, rest } = this.#search.feed(text);
    this.#held.append(before);
    if (tag !== undefined) {
      const thought = this.#held.whole();
      this.#held.replace("");
      this.#sayThought(thought);
      this.#endThought(space, rest);
    } else if (this.#held.length > MOST_HELD) this.#speakHeld();
  }

  #think(text: string): void {
    const { before, tag, space, rest } = this.#search.feed(text);
    this.#sayThought(before);
    if (tag !== undefined) this.#endThought(space, rest);
  }

  #endThought(space: string, rest: string): void {
    if (this.#options.verbatim === true) this.#sayThought(space + THINK_END);
    this.#sink.thoughtEnd();
    this.#state = "speaking";
    this.#blank = true;
    this.#speak(rest);
  }

  /** All that is held was said. */
  #speakHeld(): void {
    this.#state = "speaking";
    this.#blank = false;
    const held = this.#held.whole() + this.#tail + this.#search.end();
    this.#held.replace("");
    this.#tail = "";
    this.#speak(held);
  }

  #sayThought(text: string): void {
    const thought = this.#trimmed(text);
    if (thought !== "") this.#sink.thought(thought);
  }

  #speak(text: string): void {
    const words = this.#trimmed(text);
    if (words !== "") this.#sink.words(words);
  }

  /** Without the white space that a tag leaves behind it. */
  #trimmed(text: string): string {
    if (!this.#blank || this.#options.verbatim === true) return text;
    const trimmed = text.trimStart();
    this.#blank = trimmed === "";
    return trimmed;
  }
}
