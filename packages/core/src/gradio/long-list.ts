/** How many items stand together. */
const CHUNK = 1024;

/**
 * A list that is changed in its middle many times.
 *
 * An array moves all that stands behind the place; here it is what stands in one chunk, so a list of 200,000 items takes
 * thousands of such changes in the time of a few.
 */
export class LongList {
  readonly #chunks: unknown[][] = [];
  #length: number;

  constructor(items: readonly unknown[]) {
    this.#length = items.length;
    for (let from = 0; from < items.length; from += CHUNK) this.#chunks.push(items.slice(from, from + CHUNK));
  }

  get length(): number {
    return this.#length;
  }

  /** The item there, which must be there. */
  get(index: number): unknown {
    const { chunk, offset } = this.#find(index);
    return this.#chunks[chunk]?.[offset];
  }

  /** Puts another item in the place of one that is there. */
  set(index: number, item: unknown): void {
    const { chunk, offset } = this.#find(index);
    const items = this.#chunks[chunk];
    if (items !== undefined) items[offset] = item;
  }

  /** Puts an item in front of the one there, or behind the last. */
  insert(index: number, item: unknown): void {
    if (this.#chunks.length === 0) this.#chunks.push([]);
    const { chunk, offset } = this.#find(index);
    const items = this.#chunks[chunk];
    items?.splice(offset, 0, item);
    this.#length++;
    if (items !== undefined && items.length >= 2 * CHUNK) this.#chunks.splice(chunk + 1, 0, items.splice(CHUNK));
  }

  /** Takes the item there out; it must be there. */
  remove(index: number): void {
    const { chunk, offset } = this.#find(index);
    const items = this.#chunks[chunk];
    items?.splice(offset, 1);
    this.#length--;
    if (items?.length === 0) this.#chunks.splice(chunk, 1);
  }

  /** Makes an array hold these items in place of its own. */
  writeTo(list: unknown[]): void {
    list.length = 0;
    for (const items of this.#chunks) for (const item of items) list.push(item);
  }

  /** The place of an item; behind the last one that is the end of the last chunk. */
  #find(index: number): { readonly chunk: number; readonly offset: number } {
    let offset = index;
    let chunk = 0;
    for (; chunk < this.#chunks.length - 1; chunk++) {
      const size = this.#chunks[chunk]?.length ?? 0;
      if (offset < size) break;
      offset -= size;
    }
    return { chunk, offset };
  }
}
