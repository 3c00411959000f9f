import { Fifo } from "./fifo.ts";
import type { Flow, FlowReader } from "./flow.ts";

/**
 * A flow as an iterator, for any number of readers.
 *
 * The maker starts at the first `next()`. Any number of `next()` may be called ahead: they are answered in the order of
 * the calls, and all of them see the end; a failure is thrown once. `return()` and `throw()` end it at once, also while a
 * `next()` is pending, and drop what waits.
 */
export class FlowCursor<Value> implements AsyncIterableIterator<Value, undefined> {
  readonly #reads: Reads<Value>;

  /** Of a flow that nobody else reads. */
  constructor(source: Flow<Value> | Reads<Value>) {
    this.#reads = source instanceof Reads ? source : new Reads(source);
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    return this.#reads.next();
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    return this.#reads.return();
  }

  throw(error: unknown): Promise<IteratorResult<Value, undefined>> {
    return this.#reads.throw(error);
  }

  [Symbol.asyncIterator](): FlowCursor<Value> {
    return this;
  }
}

/** A flow as an iteration, which can be had once; a second one is a `TypeError`. It is read as a {@link FlowCursor} is. */
export class FlowIterator<Value> extends FlowCursor<Value> {
  readonly #reads: Reads<Value>;
  #iterated = false;

  constructor(flow: Flow<Value>) {
    const reads = new Reads(flow);
    super(reads);
    this.#reads = reads;
  }

  /**
   * The flow behind an iteration that nobody has begun, for who reads it without promises; it counts as read from then on.
   * Told by identity: of a wrapper, a copy or a proxy there is none, so what those do to the values is not passed over.
   */
  static claim<Value>(iterable: AsyncIterable<Value>): Flow<Value> | undefined {
    if (!(#iterated in iterable) || iterable.#iterated || !iterable.#reads.flow.isNew) return undefined;
    iterable.#iterated = true;
    // Which the brand of the private field cannot say: what it iterates is its flow's.
    return iterable.#reads.flow as unknown as Flow<Value>;
  }

  override [Symbol.asyncIterator](): FlowCursor<Value> {
    if (this.#iterated) throw new TypeError("This can be iterated once. Ask again for another iteration.");
    this.#iterated = true;
    // Another object, which several readers may iterate as they would any iterator.
    return new FlowCursor(this.#reads);
  }
}

/** A `next()` that waits. */
interface Read<Value> {
  resolve(result: IteratorResult<Value, undefined>): void;
  reject(error: unknown): void;
}

/** The `next()` that wait, in order: what the flow reads into. Apart from the iterator, which is handed out. */
class Reads<Value> implements FlowReader<Value> {
  readonly flow: Flow<Value>;
  readonly #waiting = new Fifo<Read<Value>>();
  #state: "new" | "reading" | "failed" | "over" = "new";
  #failure: unknown;

  constructor(flow: Flow<Value>) {
    this.flow = flow;
  }

  next(): Promise<IteratorResult<Value, undefined>> {
    if (this.#state === "failed") {
      this.#state = "over";
      return Promise.reject(this.#failure);
    }
    if (this.#state === "over") return Promise.resolve({ done: true, value: undefined });
    // Nearly always, where values come faster than they are read: a promise that is settled is made at half the cost.
    if (this.#state === "reading" && this.#waiting.size === 0 && this.flow.isOffering)
      return Promise.resolve({ done: false, value: this.flow.shift() });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#state === "new") {
        this.#state = "reading";
        this.flow.read(this);
      } else if (this.flow.size > 0) this.flow.offer();
    });
  }

  return(): Promise<IteratorResult<Value, undefined>> {
    // The reason is made only where there is work to end: it takes a stack trace, and who has read all comes by here too.
    if (this.#goes()) this.flow.leave(new DOMException("The iteration was ended by its consumer.", "AbortError"));
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<Value, undefined>> {
    if (this.#goes()) this.flow.leave(error);
    return Promise.reject(error);
  }

  /** The reader goes. Whether there is anything to leave. */
  #goes(): boolean {
    const isUnderWay = this.#state === "new" || this.#state === "reading";
    this.end();
    return isUnderWay;
  }

  wants(): boolean {
    return this.#waiting.size > 0;
  }

  take(value: Value): void {
    this.#waiting.shift()?.resolve({ done: false, value });
  }

  end(): void {
    this.#state = "over";
    for (let read = this.#waiting.shift(); read !== undefined; read = this.#waiting.shift())
      read.resolve({ done: true, value: undefined });
  }

  fail(error: unknown): void {
    const read = this.#waiting.shift();
    if (read === undefined) {
      this.#state = "failed";
      this.#failure = error;
      return;
    }
    // An iteration throws once; after that it is over.
    read.reject(error);
    this.end();
  }
}
