import { debug } from "../debug.ts";
import { isOwn } from "../own-functions.ts";
import { wordsOf } from "../printable.ts";
import type { Provider } from "../provider.ts";
import { within } from "../timers.ts";

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
