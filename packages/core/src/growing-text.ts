/** A text that grows by many small pieces. */
export interface GrowingText {
  append(piece: string): void;
  /** Starts anew with this text. */
  replace(text: string): void;
  /** All of it so far. */
  whole(): string;
}

/** How many pieces are joined at a time. */
const BATCH = 64;

/**
 * Makes an empty text.
 *
 * Its pieces are joined many at a time. With a `+=` for each, an engine keeps every piece and an object that links it
 * to those before: 60 bytes of 8 characters, which the garbage collector moves about while the answer grows.
 */
export function createGrowingText(): GrowingText {
  let text = "";
  const pieces: string[] = [];

  function join(): void {
    text += pieces.join("");
    pieces.length = 0;
  }

  return {
    append(piece) {
      if (pieces.push(piece) === BATCH) join();
    },
    replace(other) {
      text = other;
      pieces.length = 0;
    },
    whole() {
      if (pieces.length > 0) join();
      return text;
    },
  };
}
