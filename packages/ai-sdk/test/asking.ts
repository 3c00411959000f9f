import { afterEach, beforeEach, vi } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";
import { model, prompt, read, saying, type Part, type Script } from "./models.ts";

// Moving time by hand does not wait for what a first call reads from a disk.
const warm = await createFallback({ models: [model("warm", saying("Hello"))] }).doStream({ prompt });
await read(warm.stream);

/** Makes time virtual for each test of the file, and fails those that leave a timer behind. */
export function useVirtualTime(): void {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    const left = vi.getTimerCount();
    vi.useRealTimers();
    if (left > 0) throw new Error(`The test left ${left} timers.`);
  });
}

type Options = Omit<FallbackOptions, "models">;

/** Asks the first of two models for a stream, letting the time pass that it takes. */
export async function ask(
  first: Parameters<typeof model>[1],
  options: Options & { second?: Script; asked?: object } = {},
) {
  const { second = saying("Healthy"), asked = {}, ...settings } = options;
  const a = model("a", first);
  const b = model("b", second);
  const fallback = createFallback({ models: [a, b], retry: { baseDelayMs: 0 }, ...settings });
  const startedAt = performance.now();
  const asking = fallback.doStream({ prompt, ...asked }).then(
    async ({ stream }) => ({ ...(await read(stream)), rejected: undefined }),
    (rejected: unknown) => ({ parts: [] as Part[], error: undefined, rejected }),
  );
  const timed = asking.then((answer) => ({ ...answer, tookMs: performance.now() - startedAt }));
  await vi.runAllTimersAsync();
  return { a, b, fallback, ...(await timed) };
}
