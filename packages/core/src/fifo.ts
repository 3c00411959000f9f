/** How many places may be empty at the front before the rest moves up. */
const MOST_EMPTY = 1024;

/** First in, first out. `shift()` of an array copies the rest of a long one each time; this does not. */
export class Fifo<Value> {
  #values: (Value | undefined)[] = [];
  #head = 0;

  get size(): number {
    return this.#values.length - this.#head;
  }

  push(value: Value): void {
    this.#values.push(value);
  }

  /** Takes the oldest out; `undefined` where there is none. */
  shift(): Value | undefined {
    if (this.size === 0) return undefined;
    const value = this.#values[this.#head];
    this.#values[this.#head++] = undefined;
    if (this.#head === this.#values.length) this.clear();
    else if (this.#head >= MOST_EMPTY && this.#head * 2 >= this.#values.length) {
      // Who always stays a little behind would otherwise keep a place for all that ever came.
      this.#values = this.#values.slice(this.#head);
      this.#head = 0;
    }
    return value;
  }

  clear(): void {
    if (this.#values.length > 0) this.#values = [];
    this.#head = 0;
  }
}
