import { TextRewrittenError } from "./errors.ts";
import { GrowingText } from "./growing-text.ts";

/**
 * Turns text that may be rewritten into text that only grows, for consumers that cannot take back what they passed on.
 *
 * While the newest text starts with what was passed on, the rest follows. If the two differ only in
 * white space, it goes on after the last character they share. Otherwise it holds until a later
 * text fits again.
 *
 * What may pass is held back while it is the very end of what came: half a character, U+FFFD in place of one, and the
 * cursors that apps put behind a text they are still writing, with the white space before them. The next piece, or the
 * end, says what it was.
 */
export class AppendOnlyText {
  readonly #newest = new GrowingText();
  /** The end of the newest text, not passed on yet. */
  #held = "";
  /** Looks, after a replacement that did not fit, whether what is appended makes it fit. */
  #fitting: Fitting | undefined;
  #passedOn = "";
  #rewritten = false;

  /** Whether what was passed on differs from the exact text in white space. */
  get rewritten(): boolean {
    return this.#rewritten;
  }

  /** More text came; returns what can be passed on now, maybe nothing. */
  append(text: string): string {
    this.#newest.append(text);
    return this.#fitting === undefined ? this.#hold(this.#held + text) : this.#fit(this.#fitting, text);
  }

  /** The text so far was replaced; returns what can be passed on now, maybe nothing. */
  replace(text: string): string {
    if (this.#fitting === undefined) {
      const before = this.#newest.whole();
      this.#passedOn = before.slice(0, before.length - this.#held.length);
    }
    this.#held = "";
    this.#newest.replace(text);
    this.#fitting = undefined;
    if (text.startsWith(this.#passedOn)) return this.#hold(text.slice(this.#passedOn.length));
    return this.#fit(new Fitting(this.#passedOn), text);
  }

  /** Something else than text follows; returns what was held back. */
  pass(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }

  /**
   * The text is whole; returns what was held back. Throws `text_rewritten`, with the exact text, if what was passed on is
   * not its beginning.
   */
  end(): string {
    if (this.#fitting?.fitsAtTheEnd() === false) throw new TextRewrittenError(this.#newest.whole());
    this.#rewritten ||= this.#fitting !== undefined;
    this.#fitting = undefined;
    return this.pass();
  }

  #fit(fitting: Fitting, text: string): string {
    const rest = fitting.restOf(text);
    this.#fitting = rest === undefined ? fitting : undefined;
    if (rest === undefined) return "";
    this.#rewritten ||= !fitting.exact;
    return this.#hold(rest);
  }

  #hold(text: string): string {
    const end = passingStart(text);
    this.#held = text.slice(end);
    return text.slice(0, end);
  }
}

/** How many characters are compared at a time. */
const BLOCK = 1024;

/** Reads a text piece by piece along what was passed on; each character is looked at once, however it comes. */
class Fitting {
  readonly #passedOn: string;
  #position = 0;
  #exact = true;

  constructor(passedOn: string) {
    this.#passedOn = passedOn;
  }

  /** Whether all of it was the same so far, white space too. */
  get exact(): boolean {
    return this.#exact;
  }

  /** What of the next piece follows on what was passed on; `undefined` while that is not reached, or never will be. */
  restOf(piece: string): string | undefined {
    const passedOn = this.#passedOn;
    for (let index = this.#skipSame(piece); index < piece.length; index++) {
      if (this.#position === passedOn.length) return piece.slice(index);
      const character = piece.charAt(index);
      if (character !== passedOn.charAt(this.#position)) {
        this.#exact = false;
        this.#skipSpace();
        // White space at the end of what was passed on stands for what stands there now, as far as it is the same.
        if (this.#position === passedOn.length) return piece.slice(index);
        if (character !== passedOn.charAt(this.#position)) {
          if (isSpace(character)) continue;
          this.#position = NEVER;
          return undefined;
        }
      }
      this.#position++;
    }
    return this.#position === passedOn.length ? "" : undefined;
  }

  /** Passes over what is the same at the start of a piece, many characters at a time; says how many. */
  #skipSame(piece: string): number {
    let index = 0;
    while (this.#position >= 0 && this.#position + BLOCK <= this.#passedOn.length) {
      if (!piece.startsWith(this.#passedOn.slice(this.#position, this.#position + BLOCK), index)) break;
      this.#position += BLOCK;
      index += BLOCK;
    }
    return index;
  }

  /** Whether a text that ends here differs in white space only. */
  fitsAtTheEnd(): boolean {
    this.#skipSpace();
    return this.#position === this.#passedOn.length;
  }

  #skipSpace(): void {
    while (isSpace(this.#passedOn.charAt(this.#position))) this.#position++;
  }
}

/** No character stands there, so none is like it. */
const NEVER = -1;

/** As much as this of a cursor or of halves of characters may pass; a longer row of them is text. */
const LONGEST_PASSING = 8;

/** U+FFFD, block elements, and what else apps write as a cursor: | _ ● ■ ⬤ */
const CURSOR = /[\uFFFD\u2580-\u259F|_\u25CF\u25A0\u2B24]/;

/** Where the part at the end of a text begins that may pass; the text's length where there is none. */
function passingStart(text: string): number {
  let start = text.length;
  const longest = Math.max(0, start - LONGEST_PASSING);
  if (isFirstHalf(text.charCodeAt(start - 1))) start--;
  while (start > longest && CURSOR.test(text.charAt(start - 1))) start--;
  if (start === text.length) return start;
  while (start > longest && isSpace(text.charAt(start - 1))) start--;
  return start;
}

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isSpace(character: string): boolean {
  return character !== "" && character.trim() === "";
}
