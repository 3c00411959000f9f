import { getEventListeners } from "node:events";
import * as fc from "fast-check";
import { expect, test } from "vitest";

import { createLimiter } from "../../src/router/limiter.ts";
import { expectLinear } from "../cost.ts";

const never = new AbortController().signal;

test("places are given in the order they were asked for", async () => {
  const limiter = createLimiter("a", { maxConcurrent: 2 });
  const order: number[] = [];
  const leave = await Promise.all([limiter.enter(never), limiter.enter(never)]);
  const later = [3, 4, 5].map(async (id) => {
    const release = await limiter.enter(never);
    order.push(id);
    return release;
  });
  await Promise.resolve();
  expect(limiter).toMatchObject({ running: 2, waiting: 3 });
  for (const release of leave) release();
  (await later[0]!)();
  await Promise.all(later);
  expect(order).toEqual([3, 4, 5]);
});

test("one more than may wait is queue_full", async () => {
  const limiter = createLimiter("a", { maxConcurrent: 1, maxQueueSize: 1 });
  await limiter.enter(never);
  void limiter.enter(never);
  await expect(limiter.enter(never)).rejects.toMatchObject({ code: "queue_full", provider: "a" });
  expect(limiter).toMatchObject({ running: 1, waiting: 1 });
});

test("who waits can leave by aborting, and leaves no listener", async () => {
  const limiter = createLimiter("a", { maxConcurrent: 1 });
  const release = await limiter.enter(never);
  const controller = new AbortController();
  const waiting = limiter.enter(controller.signal);
  controller.abort("enough");
  await expect(waiting).rejects.toBe("enough");
  await expect(limiter.enter(controller.signal)).rejects.toBe("enough");
  const entering = new AbortController();
  const next = limiter.enter(entering.signal);
  release();
  release();
  (await next)();
  expect(getEventListeners(entering.signal, "abort")).toHaveLength(0);
  expect(limiter).toMatchObject({ running: 0, waiting: 0 });
});

test("a long queue costs each of it the same", () =>
  expectLinear((calls) => {
    const limiter = createLimiter("a", { maxConcurrent: 1 });
    const places = Array.from({ length: calls }, () => limiter.take(() => {}));
    for (const place of places) place.leave();
    expect(limiter).toMatchObject({ running: 0, waiting: 0 });
  }, 40_000));

test("counts cannot drift, whatever comes and goes in whatever order", async () => {
  const steps = fc.array(
    fc.oneof(fc.constant("enter"), fc.constant("abort"), fc.constant("release"), fc.constant("twice")),
    { maxLength: 60 },
  );
  await fc.assert(
    fc.asyncProperty(
      steps,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 0, max: 3 }),
      async (script, maxConcurrent, maxQueueSize) => {
        const limiter = createLimiter("a", { maxConcurrent, maxQueueSize });
        const inside: (() => void)[] = [];
        const controllers: AbortController[] = [];
        for (const step of script) {
          if (step === "enter") {
            const controller = new AbortController();
            controllers.push(controller);
            limiter.enter(controller.signal).then(
              (release) => inside.push(release),
              () => {},
            );
          } else if (step === "abort") controllers.shift()?.abort();
          else {
            const release = inside.shift();
            release?.();
            if (step === "twice") release?.();
          }
          await Promise.resolve();
          await Promise.resolve();
          expect(limiter.running).toBeLessThanOrEqual(maxConcurrent);
          expect(limiter.waiting).toBeLessThanOrEqual(maxQueueSize);
          if (limiter.running < maxConcurrent) expect(limiter.waiting).toBe(0);
        }
        while (limiter.running > 0) {
          inside.shift()?.();
          for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        }
        expect(limiter).toMatchObject({ running: 0, waiting: 0 });
      },
    ),
  );
});
