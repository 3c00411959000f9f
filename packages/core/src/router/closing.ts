import { debug } from "../debug.ts";
import { aPauseMs, readOptions } from "../options.ts";
import { isOwn } from "../own-functions.ts";
import { wordsOf } from "../printable.ts";
import type { Provider } from "../provider.ts";
import { within } from "../timers.ts";

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
  readonly #ends = new Set<(reason: unknown) => void>();
  #isClosing = false;
  #idle: PromiseWithResolvers<void> | undefined;

  /** Notes a call by what ends it, which is at once where no calls are taken any more. Returns what to call when it is over. */
  readonly track = (end: (reason: unknown) => void): (() => void) => {
    if (this.#isClosing) {
      end(new DOMException("The router takes no calls any more: it was closed with `drainMs`.", "AbortError"));
      return () => {};
    }
    this.#ends.add(end);
    return () => {
      if (this.#ends.delete(end) && this.#ends.size === 0) this.#idle?.resolve();
    };
  };

  /** From now on no call is taken. Waits until those under way have ended, at most so long. */
  async drain(drainMs: number): Promise<void> {
    this.#isClosing = true;
    if (this.#ends.size === 0 || drainMs === 0) return;
    this.#idle ??= Promise.withResolvers();
    await within(drainMs, this.#idle.promise);
  }

  /** Ends all calls. What is begun meanwhile is none of those. */
  end(): void {
    const underWay = [...this.#ends];
    for (const end of underWay) end(new DOMException("The router was closed.", "AbortError"));
  }
}

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
