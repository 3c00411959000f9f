/** First in, first out. `shift()` of an array copies the rest of a long one each time; this does not. */
export class Fifo<Value> {
  // Linked, since a queue of a call is empty nearly always: what an array keeps for values to come is more than one value takes.
  #first: Link<Value> | undefined;
  #last: Link<Value> | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(value: Value): void {
    const link: Link<Value> = { value, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size += 1;
  }

  /** Takes the oldest out; `undefined` where there is none. */
  shift(): Value | undefined {
    const first = this.#first;
    if (first === undefined) return undefined;
    this.#first = first.next;
    if (this.#first === undefined) this.#last = undefined;
    this.#size -= 1;
    return first.value;
  }

  clear(): void {
    this.#first = undefined;
    this.#last = undefined;
    this.#size = 0;
  }
}

interface Link<Value> {
  readonly value: Value;
  next: Link<Value> | undefined;
}
