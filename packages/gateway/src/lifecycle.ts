import { aPauseMs, readOptions } from "@qwen/core/http";
import { Refusal } from "./refusal.ts";

/** How a gateway is closed. */
export interface CloseOptions {
  /**
   * How long requests are taken still, in ms, while `/readyz` says no already: as long as a balancer takes to notice.
   *
   * @defaultValue 0
   */
  readonly delayMs?: number | undefined;
  /**
   * How long answers under way may take to end by themselves, in ms. Those that are left then end with an error of the code
   * `draining`, in band where they have begun. `Infinity` waits for all of them.
   *
   * @defaultValue 0
   */
  readonly drainMs?: number | undefined;
}

/** A request under way. */
export interface Visit {
  /** Aborts once the caller has left, or with a {@link Refusal} once there is no time left. */
  readonly signal: AbortSignal;
  /** Aborts once there is no time left, and not when the caller leaves. */
  readonly closing: AbortSignal;
  /** It is over, its response's body included. */
  end(): void;
}

/** Reads how a gateway is to be closed. Throws a `TypeError` for an option that is none. */
export function readCloseOptions(options: CloseOptions | undefined): CloseOptions {
  return readOptions("options", options, { delayMs: aPauseMs, drainMs: aPauseMs }) ?? {};
}

/** How long what was ended has to say so. */
const LAST_WORDS_MS = 1000;

/** Whether a gateway takes requests, and those under way. It is closed once. */
export class Lifecycle {
  readonly #visits = new Set<RunningVisit>();
  #state: "ready" | "leaving" | "closed" = "ready";
  #idle: PromiseWithResolvers<void> | undefined;
  #closing: Promise<void> | undefined;
  readonly #hurry = new AbortController();

  /** Whether a balancer may send more. */
  get isReady(): boolean {
    return this.#state === "ready";
  }

  /** How many requests are under way. */
  get size(): number {
    return this.#visits.size;
  }

  /** A request begins. Throws a {@link Refusal} where none is taken any more. */
  begin(left: AbortSignal): Visit {
    if (this.#state === "closed") throw draining();
    const visit = new RunningVisit(left, () => {
      if (!this.#visits.delete(visit) || this.#visits.size > 0) return;
      this.#idle?.resolve();
      this.#idle = undefined;
    });
    this.#visits.add(visit);
    return visit;
  }

  /**
   * Lets what is under way end, as far as there is time. A second call, while that goes on, ends all at once. Behind the delay nothing is
   * taken any more; where `isOut` says when all that was answered has gone out, it is until then.
   */
  close(options?: CloseOptions, isOut?: () => Promise<void>): Promise<void> {
    const { delayMs = 0, drainMs = 0 } = readCloseOptions(options);
    if (this.#closing === undefined) this.#closing = this.#drain(delayMs, drainMs, isOut);
    else this.#hurry.abort();
    return this.#closing;
  }

  async #drain(delayMs: number, drainMs: number, isOut: (() => Promise<void>) | undefined): Promise<void> {
    this.#state = "leaving";
    await this.#within(delayMs, new Promise(() => {}));
    if (isOut === undefined) this.#state = "closed";
    await this.#within(drainMs, this.#untilOver(isOut));
    this.#state = "closed";
    for (const visit of this.#visits) visit.close(draining());
    await within(LAST_WORDS_MS, this.#untilOver(isOut));
  }

  async #untilOver(isOut?: () => Promise<void>): Promise<void> {
    do {
      await this.#untilIdle();
      await isOut?.();
    } while (this.#visits.size > 0);
  }

  async #untilIdle(): Promise<void> {
    if (this.#visits.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  /** Waits for something so long, or until somebody hurries. */
  async #within(ms: number, wanted: Promise<void>): Promise<void> {
    if (ms === 0 || this.#hurry.signal.aborted) return;
    await within(ms, Promise.race([wanted, once(this.#hurry.signal)]));
  }
}

/** By hand what `AbortSignal.any()` would do, which costs each request more than all else that is known of it here. */
class RunningVisit implements Visit {
  readonly #left: AbortSignal;
  readonly #onEnd: () => void;
  readonly #ending = new AbortController();
  #closing: AbortController | undefined;
  #closed: Refusal | undefined;

  constructor(left: AbortSignal, onEnd: () => void) {
    this.#left = left;
    this.#onEnd = onEnd;
    if (left.aborted) this.#leave();
    else left.addEventListener("abort", this.#leave);
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /** Made for those alone that ask for it. */
  get closing(): AbortSignal {
    this.#closing ??= new AbortController();
    if (this.#closed !== undefined) this.#closing.abort(this.#closed);
    return this.#closing.signal;
  }

  close(reason: Refusal): void {
    this.#closed = reason;
    this.#closing?.abort(reason);
    this.#ending.abort(reason);
  }

  readonly end = (): void => {
    this.#left.removeEventListener("abort", this.#leave);
    this.#onEnd();
  };

  // No object that listens itself: what such a one holds, Node keeps through each small collection.
  readonly #leave = (): void => this.#ending.abort(this.#left.reason);
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function within(ms: number, wanted: Promise<void>): Promise<void> {
  if (ms > LONGEST_MS) return wanted;
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  await Promise.race([wanted, over.promise]);
  clearTimeout(timer);
}

/** What a timer can count. */
const LONGEST_MS = 2 ** 31 - 1;

function draining(): Refusal {
  return new Refusal({
    status: 503,
    code: "draining",
    message: "The gateway is being restarted. Try again.",
    headers: { "retry-after": "1", connection: "close" },
  });
}
