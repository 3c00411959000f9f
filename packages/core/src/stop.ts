/** Who hears of an abort. */
export type AbortListener = (() => void) | { handleEvent(): void };

/** What tells of an abort from above: an `AbortSignal`, or a {@link Stop} in its place. */
export interface AbortSource {
  readonly aborted: boolean;
  /** Why; of use only once it has aborted. */
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: AbortListener, options?: { readonly once: true }): void;
  removeEventListener(type: "abort", listener: AbortListener): void;
}

/** The same as an `AbortSignal`, for what knows nothing else: `fetch`, a transport of somebody else's. */
export function signalOf(source: AbortSource | undefined): AbortSignal | undefined {
  return source instanceof Stop ? source.signal : (source as AbortSignal | undefined);
}

/**
 * What ends a piece of work from above: an abort signal that costs one object and a method call, where an
 * `AbortSignal` costs an event target for each layer of a call.
 *
 * It aborts once. Who comes later asks `aborted` first.
 */
export class Stop implements AbortSource {
  #listeners: readonly AbortListener[] = NONE;
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

  /** As an `AbortSignal` has it. */
  addEventListener(_: "abort", listener: AbortListener): void {
    this.add(listener);
  }

  removeEventListener(_: "abort", listener: AbortListener): void {
    this.remove(listener);
  }

  /** Calls `listener` when it aborts: once, unless it is removed before. */
  add(listener: AbortListener): void {
    // Nearly always the only one, for which an array that grows would keep 17 places.
    this.#listeners = this.#listeners.length === 0 ? [listener] : [...this.#listeners, listener];
  }

  remove(listener: AbortListener): void {
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
    for (const listener of listeners) {
      if (typeof listener === "function") listener();
      else listener.handleEvent();
    }
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }
}

const NONE: readonly never[] = [];
