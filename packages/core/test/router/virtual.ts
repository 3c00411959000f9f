import { afterEach, beforeEach, vi } from "vitest";

import type { Completion } from "../../src/completion.ts";
import type { ErrorCode } from "../../src/error-rules.ts";
import { QwenError } from "../../src/errors.ts";
import type { StreamPart } from "../../src/part.ts";
import { asking } from "../../src/router/loaded-later.ts";
import { createRouter, type Router } from "../../src/router/router.ts";
import type { RouterOptions } from "../../src/router/router-options.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { collect, finish, messages, text, type Scripted, type Step } from "./scripted.ts";

// Moving time by hand does not wait for what is read from a disk.
await asking.load();

/** Makes time virtual and chance none for each test of the file, and fails those that leave a timer behind. */
export function useVirtualTime(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.spyOn(Math, "random").mockReturnValue(0.5);
  });
  afterEach(() => {
    const timersLeft = vi.getTimerCount();
    vi.useRealTimers();
    vi.mocked(Math.random).mockRestore();
    if (timersLeft > 0) throw new Error(`The test left ${timersLeft} timers.`);
  });
}

export const failure = (code: ErrorCode, options = {}): QwenError => new QwenError(code, `It is ${code}.`, options);
export const good: readonly Step[] = [text("Hello"), text(" world"), finish];
export const slow = (ms: number, words = "slow"): readonly Step[] => [{ waitMs: ms }, text(words), finish];

export function routerOf(providers: readonly Scripted[], options: Partial<RouterOptions> = {}): Router {
  return createRouter({ ...options, plugins: providers, routes: {} });
}

/** Reads a stream, letting the time pass that it takes. */
export async function read(
  router: Router,
  request: Partial<RouterRequest> = {},
): Promise<{ readonly parts: readonly StreamPart[]; readonly error: unknown; readonly tookMs: number }> {
  const startedAt = performance.now();
  const reading = collect(router.stream({ model: "m", messages, ...request })).then((answer) => ({
    ...answer,
    tookMs: performance.now() - startedAt,
  }));
  await vi.runAllTimersAsync();
  return await reading;
}

/** The whole answer or the error, letting the time pass that it takes. */
export async function complete(
  router: Router,
  request: Partial<RouterRequest> = {},
): Promise<{ readonly completion?: Completion; readonly error?: unknown }> {
  const answer = router.complete({ model: "m", messages, ...request }).then(
    (completion) => ({ completion }),
    (error: unknown) => ({ error }),
  );
  await vi.runAllTimersAsync();
  return await answer;
}
