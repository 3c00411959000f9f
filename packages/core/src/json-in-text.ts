/** A piece of a text. */
interface Span {
  readonly start: number;
  /** Behind its last character. */
  readonly end: number;
}

/** JSON in a text, and where it stands. */
export interface JsonInText extends Span {
  readonly value: unknown;
}

/**
 * The JSON that an answer in words holds: all of it, what stands in a fence, or the longest object or list in it; of several the
 * longest, the first of those as long. `undefined` where there is none. With `from`, what ends before that place is passed over.
 *
 * Nothing is mended: what was cut off in the middle is no JSON, nor is a piece of it. The work is linear in the text.
 */
export function jsonInText(text: string, { from = 0 }: { readonly from?: number } = {}): JsonInText | undefined {
  const all = trimmed(text, { start: 0, end: text.length });
  return read(text, all) ?? longestFenced(text, from) ?? read(text, new Search(text, from).longest());
}

/** Where JSON begins in the middle of which a text ends; its length where there is none. */
export function cutOffIn(text: string): number {
  return new Search(text, 0).cutOff();
}

/** Whether a text is JSON, all of it. */
export function isJsonText(text: string): boolean {
  return parsed(text) !== undefined;
}

function read(text: string, span: Span): JsonInText | undefined {
  const piece = text.slice(span.start, span.end);
  const json = isTooDeep(piece) ? undefined : parsed(piece);
  return json === undefined ? undefined : { ...json, ...span };
}

function parsed(json: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(json) as unknown };
  } catch {
    return undefined;
  }
}

/** Looked at before it is parsed, which takes 50 bytes for each list in a list, and a second for millions of them. */
function isTooDeep(json: string): boolean {
  if (json.length <= DEEPEST) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json.charAt(at);
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    else if (character === '"') {
      const end = stringEnd(json, at);
      if (end < 0) return false;
      at = end - 1;
    }
    if (depth > DEEPEST) return true;
  }
  return false;
}

function longestFenced(text: string, from: number): JsonInText | undefined {
  let longest: JsonInText | undefined;
  for (const fenced of fences(text)) {
    const span = trimmed(text, fenced);
    const isLonger = longest === undefined || lengthOf(span) > lengthOf(longest);
    if (isLonger && span.end >= from) longest = read(text, span) ?? longest;
  }
  return longest;
}

/** What stands behind the line that opens a fence, as Markdown has it: up to the one that closes it, or the end. */
function* fences(text: string): Generator<Span> {
  let opened: { readonly mark: string; readonly start: number } | undefined;
  for (const { index, 0: line, 1: mark = "", 2: rest = "" } of text.matchAll(FENCE_LINE)) {
    if (opened === undefined) {
      // A backtick behind those of a line makes it code within that.
      if (mark.startsWith("~") || !rest.includes("`")) opened = { mark, start: index + line.length };
    } else if (mark.startsWith(opened.mark) && rest.trim() === "") {
      yield { start: opened.start, end: index };
      opened = undefined;
    }
  }
  if (opened === undefined) return;
  // Some write the mark behind the last line.
  const isMarked = text.trimEnd().endsWith(opened.mark);
  yield { start: opened.start, end: isMarked ? text.lastIndexOf(opened.mark) : text.length };
}

function lengthOf({ start, end }: Span): number {
  return end - start;
}

function trimmed(text: string, { start, end }: Span): Span {
  const piece = text.slice(start, end);
  const words = piece.trimStart();
  const first = end - words.length;
  return { start: first, end: first + words.trimEnd().length };
}

/** Nobody answers with more lists in lists; JSON of anybody's nesting would fill the memory. */
const DEEPEST = 1000;

/** What may follow. `first` is a value or the end of a list, or a name or the end of an object. */
type Expected = "value" | "first" | "name" | "colon" | "next";

/** Reads objects and lists wherever one may begin. What breaks off one of them breaks off all that it stands in. */
class Search {
  readonly #text: string;
  /** Where those begin that are open. */
  readonly #open: number[] = [];
  #expected: Expected = "value";
  /** Where the last string began in what is open: the words may have been taken the wrong way around. */
  #string = -1;
  #longest: Span = { start: 0, end: 0 };
  /** The longest one outside of what is open. */
  #longestBefore = this.#longest;
  readonly #from: number;

  constructor(text: string, from: number) {
    this.#text = text;
    this.#from = from;
  }

  /** Where the one begins that is still open at the end. */
  cutOff(): number {
    this.#read();
    return this.#open[0] ?? this.#text.length;
  }

  /** That of an empty text where there is none. */
  longest(): Span {
    this.#read();
    // What is open never ends: what stands in it was not meant alone.
    return this.#open.length === 0 ? this.#longest : this.#longestBefore;
  }

  #read(): void {
    for (let at = 0; at < this.#text.length;) at = this.#open.length === 0 ? this.#find(at) : this.#step(at);
  }

  /** Where the next one begins. */
  #find(from: number): number {
    BEGINNING.lastIndex = from;
    const at = BEGINNING.exec(this.#text)?.index;
    if (at === undefined) return this.#text.length;
    this.#string = -1;
    this.#longestBefore = this.#longest;
    return this.#enter(at);
  }

  #step(from: number): number {
    SPACE.lastIndex = from;
    const at = from + (SPACE.exec(this.#text)?.[0].length ?? 0);
    const character = this.#text.charAt(at);
    switch (character) {
      case "":
        return this.#text.length;
      case "{":
      case "[":
        return this.#isValueNext && this.#open.length < DEEPEST ? this.#enter(at) : this.#breakOff(at);
      case "}":
      case "]":
        return this.#leave(at, character);
      case '"':
        return this.#takeString(at);
      case ":":
        return this.#expected === "colon" ? this.#go(at + 1, "value") : this.#breakOff(at);
      case ",":
        if (this.#expected !== "next") return this.#breakOff(at);
        return this.#go(at + 1, this.#isInObject ? "name" : "value");
      default:
        return this.#takeWord(at);
    }
  }

  get #isInObject(): boolean {
    return this.#text.charAt(this.#open.at(-1) ?? 0) === "{";
  }

  get #isValueNext(): boolean {
    return this.#expected === "value" || (this.#expected === "first" && !this.#isInObject);
  }

  #enter(at: number): number {
    this.#open.push(at);
    return this.#go(at + 1, "first");
  }

  #leave(at: number, bracket: "}" | "]"): number {
    const fits = this.#isInObject === (bracket === "}") && (this.#expected === "first" || this.#expected === "next");
    if (!fits) return this.#breakOff(at);
    const start = this.#open.pop() ?? at;
    const isLonger = at + 1 - start > lengthOf(this.#longest);
    if (isLonger && at + 1 >= this.#from) this.#longest = { start, end: at + 1 };
    return this.#go(at + 1, "next");
  }

  #takeString(at: number): number {
    const isName = this.#expected === "name" || (this.#expected === "first" && this.#isInObject);
    if (!isName && !this.#isValueNext) return this.#breakOff(at);
    this.#string = at;
    const end = stringEnd(this.#text, at);
    if (end < 0) return this.#text.length;
    return isString(this.#text.slice(at, end)) ? this.#go(end, isName ? "colon" : "next") : this.#breakOff(at);
  }

  #takeWord(at: number): number {
    WORD.lastIndex = at;
    const [word] = WORD.exec(this.#text) ?? [];
    if (word !== undefined && this.#isValueNext) return this.#go(at + word.length, "next");
    REST_OF_WORD.lastIndex = at;
    return REST_OF_WORD.test(this.#text) ? this.#text.length : this.#breakOff(at);
  }

  #go(at: number, expected: Expected): number {
    this.#expected = expected;
    return at;
  }

  /** It is no JSON: goes on where it broke off, or in its last string, whose end may be the beginning of one. */
  #breakOff(at: number): number {
    const resumed = this.#string < 0 ? at : this.#string + 1;
    this.#open.length = 0;
    this.#string = -1;
    return resumed;
  }
}

/** Whether JSON has a string that is written like this one. Not parsed: what that throws takes a thousand times as long. */
function isString(written: string): boolean {
  if (CONTROL.test(written)) return false;
  for (let at = written.indexOf("\\"); at >= 0; at = written.indexOf("\\", at + 2)) {
    ESCAPE.lastIndex = at;
    if (!ESCAPE.test(written)) return false;
  }
  return true;
}

/** Where the string that begins at a place ends, behind its quotation mark; -1 where it does not. */
export function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text.charAt(before - 1) === "\\") before--;
    if ((at - before) % 2 === 0) return at + 1;
  }
  return -1;
}

const FENCE_LINE = /^[ \t]*(`{3,}|~{3,})(.*)$/gm;
const CONTROL = /[\u0000-\u001f]/;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
const BEGINNING = /[{[]/g;
const SPACE = /[ \t\r\n]*/y;
const WORD = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** What a word may have been cut off in, at the end of the text. */
const REST_OF_WORD = /[-+.\w]{1,30}$/y;
