/** How many pieces are joined at a time. */
const BATCH = 64;

/**
 * A text that grows by many small pieces.
 *
 * They are joined many at a time. With a `+=` for each, an engine keeps every piece and an object that links it to those
 * before: 60 bytes of 8 characters, which the garbage collector moves about while the answer grows.
 */
export class GrowingText {
  #joined: string;
  #length: number;
  /** None where it was joined just now: most texts are empty or whole, and an array that grows keeps 17 places. */
  #pieces: string[] | undefined;

  constructor(text = "") {
    this.#joined = text;
    this.#length = text.length;
  }

  /** In UTF-16 code units; costs nothing. */
  get length(): number {
    return this.#length;
  }

  append(piece: string): void {
    const isFirst = this.#length === 0;
    this.#length += piece.length;
    if (isFirst) this.#joined = piece;
    else if ((this.#pieces ??= []).push(piece) === BATCH) this.#join();
  }

  /** Starts anew with this text. */
  replace(text: string): void {
    this.#joined = text;
    this.#length = text.length;
    this.#pieces = undefined;
  }

  /** All of it so far. */
  whole(): string {
    this.#join();
    return this.#joined;
  }

  #join(): void {
    if (this.#pieces === undefined || this.#pieces.length === 0) return;
    this.#joined += this.#pieces.join("");
    this.#pieces.length = 0;
  }
}
