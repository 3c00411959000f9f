import { getEventListeners } from "node:events";

import { describe, expect, test, vi } from "vitest";

import type { RouterEvent } from "../../src/router/observers.ts";
import type { Router } from "../../src/router/router.ts";
import type { RouterRequest } from "../../src/router/router-request.ts";
import { collect, finish, messages, scripted, text, type Scripted, type Step } from "./scripted.ts";
import { failure, good, routerOf, slow, useVirtualTime } from "./virtual.ts";

useVirtualTime();

interface Scene {
  readonly providers: () => readonly Scripted[];
  readonly options?: object;
  readonly request?: Partial<RouterRequest>;
  /** Calls before the one that is ended. */
  readonly before?: number;
}

const once = { breaker: { minimumCalls: 1, openMs: 5 } };
const broken: readonly Step[] = [failure("connection")];
const queued: readonly Step[] = [{ type: "queue", position: 2, size: 3 }, ...good];

const SCENES: Readonly<Record<string, Scene>> = {
  "an answer": { providers: () => [scripted("a", [queued])] },
  "a breaker that opens": { providers: () => [scripted("a", [broken]), scripted("b", [good])], options: once },
  "a breaker that opens for good": {
    providers: () => [scripted("a", [broken]), scripted("b", [broken])],
    options: { ...once, retry: { maxAttempts: 2 } },
  },
  "a breaker that closes again": {
    providers: () => [scripted("a", [broken, good])],
    options: { ...once, retry: { maxAttempts: 1 } },
    before: 1,
  },
  "a hedge": {
    providers: () => [scripted("a", [slow(9)]), scripted("b", [slow(2)])],
    request: { hedge: { delayMs: 1 } },
  },
  "a seam": {
    providers: () => [
      scripted("a", [
        [text("Hel"), failure("connection")],
        [text("Hello"), finish],
      ]),
    ],
    request: { commit: "continue", settings: { seed: 1 }, retry: { baseDelayMs: 0 } },
  },
};

interface Ended {
  readonly router: Router;
  readonly controller: AbortController;
  readonly leave: () => void;
}

const WAYS: Readonly<Record<string, (call: Ended) => void>> = {
  aborts: ({ controller }) => controller.abort(new Error("enough")),
  leaves: ({ leave }) => leave(),
  "closes the router": ({ router }) => void router.close(),
  "drains the router": ({ router }) => void router.close({ drainMs: 1 }),
};

const TYPES: readonly RouterEvent["type"][] = [
  "request-started",
  "attempt-started",
  "queued",
  "output",
  "breaker-changed",
  "attempt-ended",
  "continued",
  "request-ended",
];

async function endedAt(type: RouterEvent["type"], way: (call: Ended) => void, scene: Scene) {
  const router = routerOf(scene.providers(), scene.options);
  for (let call = 0; call < (scene.before ?? 0); call++) {
    await collect(router.stream({ model: "m", messages }));
    vi.advanceTimersByTime(5);
  }
  const controller = new AbortController();
  const events: RouterEvent[] = [];
  const stream = router.stream({ model: "m", messages, signal: controller.signal, ...scene.request });
  const iteration = stream[Symbol.asyncIterator]();
  router.observe((event) => {
    events.push(event);
    if (event.type === type) way({ router, controller, leave: () => void iteration.return?.() });
  });
  const reading = collect({ [Symbol.asyncIterator]: () => iteration });
  await vi.runAllTimersAsync();
  await reading;
  return { router, controller, events: events.filter((event) => event.type !== "breaker-changed") };
}

describe.each(Object.entries(WAYS))("an observer that %s", (name, way) => {
  test.each(Object.entries(SCENES))(
    "in %s leaves nothing behind, and hears nothing after the end",
    async (_, scene) => {
      for (const type of TYPES) {
        const { router, controller, events } = await endedAt(type, way, scene);
        const types = events.map((event) => event.type);
        const of = (some: RouterEvent["type"]): number => types.filter((one) => one === some).length;
        expect([of("request-started"), of("request-ended")], type).toEqual([1, 1]);
        expect([types[0], types.at(-1)], type).toEqual(["request-started", "request-ended"]);
        expect(of("attempt-started"), type).toBe(of("attempt-ended"));
        expect(getEventListeners(controller.signal, "abort"), type).toEqual([]);
        expect(
          router.health().filter(({ busy }) => busy > 0),
          type,
        ).toEqual([]);
        // What was begun before may end by itself.
        if (type === "request-started" && name !== "drains the router")
          expect(events.at(-1)).toMatchObject({ outcome: "cancelled", attempts: [] });
        const startedAt = performance.now();
        const closing = router.close({ drainMs: 1000 });
        await vi.runAllTimersAsync();
        await closing;
        expect(performance.now() - startedAt, type).toBeLessThan(1000);
      }
    },
  );
});
