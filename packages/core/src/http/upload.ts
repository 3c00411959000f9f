/** Bodies up to here go out at once: a socket takes as much without waiting. */
export const SLICE_BYTES = 64 * 1024;

// A system takes some MB into buffers of its own, tells nothing of their way, and asks for more in pieces of a MB
// (measured on Linux, over loopback: 4 MB, and pieces of 1.5). At less than a MB a second it looks like a stall.
const SHORTEST_LIMIT_MS = 5000;
const MOST_BUFFERED = 4 * 1024 * 1024;
const BUFFERED_BYTES_PER_MS = 1024 * 1.024;

const NONE = new Uint8Array();

/** A large body on its way out, slice by slice: who reads it asks for one once the one before has left the process. */
export class Upload implements Iterable<Uint8Array> {
  /** How long a slice may take, in ms. */
  readonly limitMs: number;
  readonly #size: number;
  /** Until they are on their way: an answer may take long. */
  #bytes: Uint8Array;
  readonly #onSlice: () => void;
  #longestMs = 0;

  constructor(bytes: Uint8Array, { limitMs, onSlice }: { readonly limitMs: number; readonly onSlice: () => void }) {
    this.limitMs = Math.max(limitMs, SHORTEST_LIMIT_MS);
    this.#size = bytes.byteLength;
    this.#bytes = bytes;
    this.#onSlice = onSlice;
  }

  /** How long the system may need for what it still holds once the last slice was taken, in ms; more where it went slowly. */
  get restMs(): number {
    return Math.min(this.#size, MOST_BUFFERED) / BUFFERED_BYTES_PER_MS + 3 * this.#longestMs;
  }

  *[Symbol.iterator](): Generator<Uint8Array, void, undefined> {
    const bytes = this.#bytes;
    this.#bytes = NONE;
    let at = performance.now();
    for (let offset = 0; offset < bytes.byteLength; offset += SLICE_BYTES) {
      const now = performance.now();
      this.#longestMs = Math.max(this.#longestMs, now - at);
      at = now;
      this.#onSlice();
      yield bytes.subarray(offset, offset + SLICE_BYTES);
    }
  }
}
