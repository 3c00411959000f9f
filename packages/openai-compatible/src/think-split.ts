const OPEN = "<think>";
const CLOSE = "</think>";

/** White space at the beginning that is waited through for a tag, in characters. */
const MOST_BLANK = 1024;

/** Who hears what a {@link ThinkSplit} tells apart. */
export interface ThinkSink {
  thought(text: string): void;
  thoughtEnd(): void;
  words(text: string): void;
}

/** Tells what a model thinks, within `<think>` at the very beginning, from what it says, however the text is cut. */
export class ThinkSplit {
  readonly #sink: ThinkSink;
  #state: "beginning" | "thinking" | "behind" | "speaking" = "beginning";
  #held = "";

  constructor(sink: ThinkSink) {
    this.#sink = sink;
  }

  /** Whether all that comes from now on is said. */
  get isSpeaking(): boolean {
    return this.#state === "speaking";
  }

  feed(text: string): void {
    if (this.#state === "beginning") this.#begin(text);
    else if (this.#state === "thinking") this.#think(text);
    else this.#speak(text);
  }

  /** Nothing more comes. */
  end(): void {
    const held = this.#held;
    this.#held = "";
    if (held !== "" && this.#state === "beginning") this.#sink.words(held);
    if (this.#state !== "thinking") return;
    if (held !== "") this.#sink.thought(held);
    this.#sink.thoughtEnd();
  }

  #begin(text: string): void {
    const all = this.#held + text;
    const words = all.trimStart();
    if (words.startsWith(OPEN)) {
      this.#state = "thinking";
      this.#held = "";
      this.#think(words.slice(OPEN.length));
    } else if (OPEN.startsWith(words) && all.length < MOST_BLANK) this.#held = all;
    else {
      this.#state = "speaking";
      this.#held = "";
      this.#sink.words(all);
    }
  }

  #think(text: string): void {
    const all = this.#held + text;
    const at = all.indexOf(CLOSE);
    if (at < 0) {
      const kept = beginningAtEnd(all);
      this.#held = all.slice(all.length - kept);
      if (all.length > kept) this.#sink.thought(all.slice(0, all.length - kept));
      return;
    }
    this.#held = "";
    if (at > 0) this.#sink.thought(all.slice(0, at));
    this.#sink.thoughtEnd();
    this.#state = "behind";
    this.#speak(all.slice(at + CLOSE.length));
  }

  /** Without the white space that the tag leaves behind it. */
  #speak(text: string): void {
    const words = this.#state === "behind" ? text.trimStart() : text;
    if (words === "") return;
    this.#state = "speaking";
    this.#sink.words(words);
  }
}

/** How many characters at the end of a text may be the beginning of the closing tag. */
function beginningAtEnd(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--)
    if (text.endsWith(CLOSE.slice(0, length))) return length;
  return 0;
}
