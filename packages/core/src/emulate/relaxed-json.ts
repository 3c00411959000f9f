import { stringEnd } from "#core";

/** An object as a model wrote it, in JSON. */
export interface RelaxedObject {
  /** Without white space between its tokens; whether it is JSON, only `JSON.parse` can say. */
  readonly json: string;
  /** The JSON of its members by name; of two of one name the last one. */
  readonly members: ReadonlyMap<string, string>;
  /** Where it ends in the text. */
  readonly end: number;
}

/**
 * Reads the object that begins at a place of a text, past what models get wrong: a comma before the end of a list, raw
 * control characters in strings, closing brackets left out at the end of the text.
 *
 * What is right stays as it was written: numbers keep their digits. One pass. Returns `undefined` where a string or a bracket
 * does not end as it should.
 */
export function relaxedObject(text: string, start: number): RelaxedObject | undefined {
  return new Relaxing(text, start).read();
}

class Relaxing {
  readonly #text: string;
  readonly #members = new Map<string, string>();
  /** The brackets that are open, each by what closes it. */
  readonly #open: string[] = [];
  readonly #json: string[] = [];
  #at: number;
  /** A comma that is written once something follows it. */
  #comma = false;
  #lastString = "";
  /** The member of the outer object that is being read, and how many tokens of JSON stand before its value. */
  #member: { readonly name: string; readonly start: number } | undefined;

  constructor(text: string, start: number) {
    this.#text = text;
    this.#at = start;
  }

  read(): RelaxedObject | undefined {
    do {
      const character = this.#text.charAt(this.#at);
      if (!this.#take(character)) return undefined;
    } while (this.#open.length > 0);
    return { json: this.#json.join(""), members: this.#members, end: this.#at };
  }

  #take(character: string): boolean {
    switch (character) {
      case "":
        return this.#close(this.#open.at(-1));
      case "{":
      case "[":
        this.#write(character);
        this.#open.push(character === "{" ? "}" : "]");
        break;
      case "}":
      case "]":
        if (!this.#close(character)) return false;
        break;
      case ",":
        if (this.#comma) this.#write("");
        if (this.#open.length === 1) this.#endMember();
        this.#comma = true;
        break;
      case ":":
        this.#write(":");
        if (this.#open.length === 1) this.#member ??= { name: this.#lastString, start: this.#json.length };
        break;
      case '"':
        return this.#takeString();
      default:
        this.#takeOther();
        return true;
    }
    this.#at++;
    return true;
  }

  #close(bracket: string | undefined): boolean {
    if (bracket === undefined || bracket !== this.#open.pop()) return false;
    this.#comma = false;
    if (this.#open.length === 0) this.#endMember();
    this.#json.push(bracket);
    return true;
  }

  #endMember(): void {
    if (this.#member === undefined) return;
    const { name, start } = this.#member;
    this.#member = undefined;
    this.#members.set(name, this.#json.slice(start).join(""));
  }

  #takeString(): boolean {
    const end = stringEnd(this.#text, this.#at);
    if (end < 0) return false;
    const string = this.#text.slice(this.#at, end);
    this.#at = end;
    this.#write(string.replace(CONTROLS, escaped));
    if (this.#open.length === 1 && this.#member === undefined) this.#lastString = unquoted(string);
    return true;
  }

  #takeOther(): void {
    OTHER.lastIndex = this.#at;
    const [token = this.#text.charAt(this.#at)] = OTHER.exec(this.#text) ?? [];
    this.#at += token.length;
    const word = token.trim();
    if (word !== "") this.#write(word);
  }

  #write(json: string): void {
    this.#json.push(this.#comma ? `,${json}` : json);
    this.#comma = false;
  }
}

const OTHER = /\s+|[^\s"{}[\],:]+/y;
const CONTROLS = /[\u0000-\u001f]/g;

function escaped(control: string): string {
  return JSON.stringify(control).slice(1, -1);
}

function unquoted(string: string): string {
  try {
    return String(JSON.parse(string));
  } catch {
    return string.slice(1, -1);
  }
}
