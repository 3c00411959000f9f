import { expect, it } from "vitest";
import { QwenError } from "../../src/errors.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { SharedWork } from "../../src/gradio/shared-work.ts";
import type { AbortSource } from "../../src/stop.ts";
import { startTestSpace } from "../servers/test-space.ts";
import { rejection, settle, until } from "../servers/waiting.ts";

/** Work whose end the test decides. */
function open() {
  const runs: (PromiseWithResolvers<number> & { readonly signal: AbortSource })[] = [];
  const work = new SharedWork((signal) => {
    const run = { ...Promise.withResolvers<number>(), signal };
    runs.push(run);
    return run.promise;
  });
  return { work, runs };
}

it("shared work is done once for all who wait, and again for who comes later", async () => {
  const { work, runs } = open();
  const both = [work.wait(), work.wait(new AbortController().signal)];
  runs[0]?.resolve(1);
  expect(await Promise.all(both)).toEqual([1, 1]);
  expect(runs[0]?.signal.aborted).toBe(false);
  const later = work.wait();
  runs[1]?.resolve(2);
  expect(await later).toBe(2);
});

it("shared work goes on when one leaves, and is given up when nobody is left", async () => {
  const { work, runs } = open();
  const [first, second] = [new AbortController(), new AbortController()];
  const failures = [first, second].map(({ signal }) => rejection(work.wait(signal)));
  const reason = new QwenError("protocol", "mine");
  first.abort(reason);
  expect(await failures[0]).toBe(reason);
  expect(runs[0]?.signal.aborted).toBe(false);
  second.abort(reason);
  expect(await failures[1]).toBe(reason);
  expect(runs[0]?.signal.aborted).toBe(true);
  const next = work.wait();
  expect(runs).toHaveLength(2);
  // What was given up ends late, and is nobody's.
  runs[0]?.reject(new Error("late"));
  await settle();
  runs[1]?.resolve(3);
  expect(await next).toBe(3);
});

it("shared work that fails gives each an error of its own, and does not begin for who has left already", async () => {
  const { work, runs } = open();
  expect(await rejection(work.wait(AbortSignal.abort("gone")))).toBe("gone");
  expect(runs).toEqual([]);
  const failures = [rejection(work.wait()), rejection(work.wait())];
  runs[0]?.reject(new QwenError("connection", "down"));
  const [one, other] = await Promise.all(failures);
  expect(one).toMatchObject({ code: "connection", message: "down" });
  expect(other).toMatchObject({ code: "connection", message: "down" });
  expect(one).not.toBe(other);
});

it("a config that never comes leaves no connection behind who stopped waiting for it", async () => {
  await using space = await startTestSpace({ config: () => {} });
  const client = connectSpace(space.origin, { timeouts: { totalMs: 100 } });
  expect(await rejection(client.endpoints())).toMatchObject({ code: "timeout", phase: "total" });
  await until(() => space.open() === 0);
  await client.close();
});
