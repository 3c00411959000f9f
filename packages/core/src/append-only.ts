import { TextRewrittenError } from "./errors.ts";
import { GrowingText } from "./growing-text.ts";
import { TextPrint } from "./text-print.ts";

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
  /** Of what was passed on. Kept in place of it: it may be long, and nearly always nothing is rewritten. */
  #passedOn = new TextPrint();
  /** The end of the newest text, not passed on yet. */
  #held = "";
  /** Looks, after a replacement that did not fit, whether what is appended makes it fit. */
  #fitting: Fitting | undefined;
  #rewritten = false;

  /** Whether what was passed on differs from the exact text in white space. */
  get rewritten(): boolean {
    return this.#rewritten;
  }

  /** More text came; returns what can be passed on now, maybe nothing. */
  append(text: string): string {
    return this.#fitting === undefined ? this.#hold(this.#held + text) : this.#fit(this.#fitting, text);
  }

  /** The text so far was replaced; returns what can be passed on now, maybe nothing. */
  replace(text: string): string {
    this.#held = "";
    return this.#fit(new Fitting(this.#passedOn), text);
  }

  /** Something else than text follows; returns what was held back. */
  pass(): string {
    const held = this.#held;
    this.#held = "";
    this.#passedOn.add(held);
    return held;
  }

  /**
   * The text is whole; returns what was held back. Throws `text_rewritten`, with the exact text, if what was passed on is
   * not its beginning.
   */
  end(): string {
    if (this.#fitting?.fitsAtTheEnd() === false) throw new TextRewrittenError(this.#fitting.text());
    this.#rewritten ||= this.#fitting !== undefined;
    this.#fitting = undefined;
    return this.pass();
  }

  #fit(fitting: Fitting, text: string): string {
    const rest = fitting.restOf(text);
    this.#fitting = rest === undefined ? fitting : undefined;
    if (rest === undefined) return "";
    this.#rewritten ||= !fitting.isExact;
    this.#passedOn = fitting.seen;
    return this.#hold(rest);
  }

  #hold(text: string): string {
    const end = passingStart(text);
    this.#held = text.slice(end);
    const passing = text.slice(0, end);
    this.#passedOn.add(passing);
    return passing;
  }
}

/** Reads a text piece by piece along the print of what was passed on; each character is looked at once, however it comes. */
class Fitting {
  /** Of what stands now in place of what was passed on. */
  readonly seen = new TextPrint();
  readonly #passedOn: TextPrint;
  readonly #text = new GrowingText();
  /** How much of the white space at its end was said again. */
  #sameSpace = 0;
  #isOther = false;

  constructor(passedOn: TextPrint) {
    this.#passedOn = passedOn;
  }

  /** All that was read. */
  text(): string {
    return this.#text.whole();
  }

  /** Whether all of it was the same so far, white space too. */
  get isExact(): boolean {
    return this.seen.hasSpacesOf(this.#passedOn);
  }

  /** What of the next piece follows on what was passed on; `undefined` while that is not reached, or never will be. */
  restOf(piece: string): string | undefined {
    this.#text.append(piece);
    const { end } = this.#passedOn;
    const start = this.#skipWords(piece);
    if (this.#isOther) return undefined;
    // White space at the end of what was passed on stands for what stands there now, as far as it is the same.
    let index = start;
    while (index < piece.length && piece.charAt(index) === end.charAt(this.#sameSpace)) {
      this.#sameSpace++;
      index++;
    }
    this.seen.add(piece.slice(start, index));
    if (index < piece.length) return piece.slice(index);
    return this.#hasWords && this.#sameSpace === end.length ? "" : undefined;
  }

  /** Whether a text that ends here differs in white space only. */
  fitsAtTheEnd(): boolean {
    return this.#hasWords;
  }

  /** Whether all words of what was passed on were said again. */
  get #hasWords(): boolean {
    return this.seen.hasWordsOf(this.#passedOn);
  }

  /** Passes over the words of what was passed on; says where they end in this piece. */
  #skipWords(piece: string): number {
    const { seen } = this;
    const { count } = this.#passedOn;
    const index = seen.addUpTo(count, piece);
    this.#isOther = seen.count === count && !this.#hasWords;
    return index;
  }
}

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
