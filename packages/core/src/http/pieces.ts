/** Pieces that may be small before they are joined. */
const MOST_LOOSE = 256;
/** Bytes of a piece from which on it is not worth copying. */
const LARGE = 1024;

/**
 * Bytes that come piece by piece. They cost no more memory than they are, however small the pieces: a view of one byte
 * takes a hundred, and may keep the whole buffer that it was read into.
 */
export class Pieces {
  #pieces: Uint8Array[] = [];
  #size = 0;
  #loose = 0;
  #looseBytes = 0;

  /** In bytes. */
  get size(): number {
    return this.#size;
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#size += bytes.byteLength;
    this.#loose += 1;
    this.#looseBytes += bytes.byteLength;
    if (this.#loose < MOST_LOOSE) return;
    if (this.#looseBytes < MOST_LOOSE * LARGE)
      this.#pieces.push(join(this.#pieces.splice(-MOST_LOOSE), this.#looseBytes));
    this.#loose = 0;
    this.#looseBytes = 0;
  }

  /** Gives them away, in order. */
  take(): readonly Uint8Array[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#size = 0;
    this.#loose = 0;
    this.#looseBytes = 0;
    return pieces;
  }

  /** Gives them away as one. */
  takeJoined(): Uint8Array {
    const size = this.#size;
    return join(this.take(), size);
  }
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array {
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1) return only;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.byteLength;
  }
  return joined;
}
