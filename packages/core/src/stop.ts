/**
 * What ends a piece of work from above: an abort signal that costs one object and a method call, where an
 * `AbortSignal` costs an event target for each layer of a call.
 *
 * It aborts once. Who comes later asks `aborted` first.
 */
export class Stop {
  #listeners: readonly (() => void)[] = NONE;
  #aborted = false;
  #reason: unknown;
  #controller: AbortController | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Why; of use only once it has aborted. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same for what knows nothing else (`fetch`, a user's code); made when it is first asked for. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** Calls `listener` when it aborts: once, unless it is removed before. */
  add(listener: () => void): void {
    // Nearly always the only one, for which an array that grows would keep 17 places.
    this.#listeners = [...this.#listeners, listener];
  }

  remove(listener: () => void): void {
    const index = this.#listeners.indexOf(listener);
    if (index >= 0) this.#listeners = this.#listeners.toSpliced(index, 1);
  }

  /** Aborts; a second time does nothing. */
  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = NONE;
    for (const listener of listeners) listener();
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
}

const NONE: readonly never[] = [];
