import { requestsAreApart } from "#platform";
import { debug } from "../debug.ts";
import { aPauseMs, readOptions } from "../options.ts";
import { isOwn } from "../own-functions.ts";
import { wordsOf } from "../printable.ts";
import type { Provider } from "../provider.ts";
import { Pulses } from "../pulses.ts";
import { startTimer, within } from "../timers.ts";
import type { RunningRequest } from "./attempts-options.ts";

/** Options of `router.close()`. */
export interface CloseOptions {
  /**
   * The router takes no calls any more, for good, and those under way get so many ms to end by themselves. `Infinity` waits for
   * all of them; their own `totalMs` ends each.
   *
   * @defaultValue calls are ended at once, and later ones are taken
   */
  readonly drainMs?: number | undefined;
}

/** Reads how long to wait. Throws a `TypeError` for an option that is none. */
export function readDrainMs(options: CloseOptions | undefined): number | undefined {
  return readOptions("options", options, { drainMs: aPauseMs })?.drainMs;
}

/** The calls of a router that are under way. */
export class RunningCalls {
  readonly #requests = new Set<RunningRequest>();
  readonly #pulses = requestsAreApart() ? new Pulses() : undefined;
  #isClosing = false;
  #refused = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  /** It has begun, unless no calls are taken any more, which ends it: then that is `false`. */
  add(request: RunningRequest): boolean {
    if (!this.#isClosing) {
      this.#requests.add(request);
      this.#pulses?.add(request);
      return true;
    }
    const why = new DOMException("The router takes no calls any more: it was closed with `drainMs`.", "AbortError");
    if (++this.#refused % REFUSALS_A_TURN === 0) startTimer(0, () => request.leave(why));
    else request.leave(why);
    return false;
  }

  /** It is over. */
  delete(request: RunningRequest): void {
    this.#pulses?.delete(request);
    if (this.#requests.delete(request) && this.#requests.size === 0) this.#idle?.resolve();
  }

  /** From now on no call is taken. Waits until those under way have ended, at most so long. */
  async drain(drainMs: number): Promise<void> {
    this.#isClosing = true;
    if (this.#requests.size === 0 || drainMs === 0) return;
    this.#idle ??= Promise.withResolvers();
    await within(drainMs, this.#idle.promise);
  }

  /** Ends all calls. What is begun meanwhile is none of those. */
  end(): void {
    const underWay = [...this.#requests];
    for (const request of underWay) request.leave(new DOMException("The router was closed.", "AbortError"));
  }
}

// Somebody may ask again and again: timers get their turn, without which nothing that is under way would end.
const REFUSALS_A_TURN = 16;

// Of ours a job whose join was not answered yet may have to be swept, which takes longer; what does not end goes on behind it.
const OWN_CLOSE_MS = 4000;
const OTHERS_CLOSE_MS = 1500;

/** Closes what a provider keeps open, in bounded time. Never rejects. */
export async function closeProvider(provider: Provider): Promise<void> {
  try {
    const { close } = provider;
    if (close === undefined) return;
    await within(isOwn(close) ? OWN_CLOSE_MS : OTHERS_CLOSE_MS, Promise.resolve(close.call(provider)));
  } catch (error) {
    debug(() => `"${provider.id}" did not close: ${wordsOf(error)}`);
  }
}
