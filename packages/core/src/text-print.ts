/**
 * What a text that grows can be known again by, without keeping it: its length without white space and a hash of that, a hash of the
 * white space and where it stands, and the white space at its end.
 *
 * Whoever writes a text could find another of the same print. What is known by it here are texts of one and the same writer.
 */
export class TextPrint {
  #count = 0;
  #first = 0x811c9dc5;
  #second = 0x2545f491;
  #spaces = 0;
  #end = "";

  /** Its length without white space, in UTF-16 code units. */
  get count(): number {
    return this.#count;
  }

  /** The white space at its end. */
  get end(): string {
    return this.#end;
  }

  add(text: string): void {
    this.addUpTo(Infinity, text);
  }

  /** Adds what of a text comes before its length would go beyond this count; says where that ends. */
  addUpTo(count: number, text: string): number {
    let at = 0;
    while (this.#count < count && at < text.length) this.#addCode(text.charCodeAt(at++));
    // In one piece: a text that grows by one character takes four times its memory.
    const added = text.slice(0, at);
    const space = added.slice(added.trimEnd().length);
    this.#end = space.length === at ? this.#end + space : space;
    return at;
  }

  /** Whether it is the same text but for white space. */
  hasWordsOf(other: TextPrint): boolean {
    return this.#count === other.#count && this.#first === other.#first && this.#second === other.#second;
  }

  /** Whether its white space is the same, where its words are. */
  hasSpacesOf(other: TextPrint): boolean {
    return this.#spaces === other.#spaces;
  }

  /** Whether it is the same text. */
  isSameAs(other: TextPrint): boolean {
    return this.hasWordsOf(other) && this.hasSpacesOf(other) && this.#end === other.#end;
  }

  #addCode(code: number): void {
    if (isSpace(code)) {
      this.#spaces = Math.imul(this.#spaces ^ code, 0x01000193) + this.#count;
      return;
    }
    this.#first = Math.imul(this.#first ^ code, 0x01000193);
    this.#second = Math.imul(this.#second + code, 0x9e3779b1) ^ (this.#second >>> 15);
    this.#count++;
  }
}

/** What `trim()` takes away. */
function isSpace(code: number): boolean {
  if (code > 0x20 && code < 0xa0) return false;
  return code <= 0x20 ? code === 0x20 || (code >= 0x09 && code <= 0x0d) : String.fromCharCode(code).trim() === "";
}
