import { setTimeout as sleep } from "node:timers/promises";

import { describe, expect, test, vi } from "vitest";

import { conformance, type TestedModel } from "../../src/index.ts";
import { BROKEN } from "./broken.ts";
import { createReference, type Reference } from "./reference.ts";

const checksOf = ({ model, service }: Reference) => conformance(model, { service, stopMs: 150, atOnceMs: 100 });

describe("a model that keeps the rules passes", () => {
  test.each(checksOf(createReference()))("$name", ({ run }) => run());
});

test("there is a broken model for each rule", () => {
  expect(Object.keys(BROKEN)).toEqual(checksOf(createReference()).map(({ name }) => name));
});

describe("a model that breaks a rule fails by its name", () => {
  test.each(Object.entries(BROKEN))("%s", async (name, create) => {
    const check = checksOf(create()).find((candidate) => candidate.name === name);
    await expect(check?.run()).rejects.toThrow(/./u);
  });
});

test("of a model that nothing is known of, only what any answer tells is checked", async () => {
  const { model } = createReference();
  const asHi: TestedModel = {
    ...model,
    doStream: (call) =>
      model.doStream({ ...call, prompt: [{ role: "user", content: [{ type: "text", text: "pieces" }] }] }),
    doGenerate: (call) =>
      model.doGenerate({ ...call, prompt: [{ role: "user", content: [{ type: "text", text: "pieces" }] }] }),
  };
  const checks = conformance(asHi);
  expect(checks.length).toBeGreaterThan(10);
  for (const { run } of checks) await run();
});

test("a model that never ends fails each check in its time", async () => {
  const forEver: TestedModel = {
    ...createReference().model,
    doStream: () => Promise.resolve({ stream: new ReadableStream<object>() }),
    doGenerate: () => new Promise(() => {}),
  };
  const [, ...checks] = conformance(forEver, { checkMs: 30 });
  const errors = await Promise.allSettled(checks.map(({ run }) => run()));
  expect(errors.map(({ status }) => status)).toEqual(checks.map(() => "rejected"));
});

test("a model that speaks for ever, at once or in time, fails in its time, and is left", async () => {
  let pulls = 0;
  const { model, service } = createReference();
  const of = (waitMs: number): TestedModel => ({
    ...model,
    doStream: () =>
      Promise.resolve({
        stream: new ReadableStream<object>({
          async pull(controller) {
            pulls += 1;
            if (waitMs > 0) await sleep(waitMs);
            controller.enqueue({ type: "text-delta", id: "0", delta: "a" });
          },
        }),
      }),
  });
  for (const waitMs of [0, 1]) {
    const name = "says the same whole and as a stream";
    const check = conformance(of(waitMs), { service, checkMs: waitMs === 0 ? 20_000 : 30 }).find(
      (candidate) => candidate.name === name,
    );
    await expect(check?.run()).rejects.toThrow(/./u);
    await sleep(5);
    const before = pulls;
    await sleep(20);
    expect(pulls).toBe(before);
  }
});

test("a whole answer that comes before its abort fails the check, and nothing else", async () => {
  const unhandled = vi.fn<() => void>();
  process.on("unhandledRejection", unhandled);
  const { model, service } = createReference();
  const hasty: TestedModel = {
    ...model,
    doGenerate: (call) =>
      model.doGenerate({
        tools: call.tools ?? [],
        prompt: [{ role: "user", content: [{ type: "text", text: "pieces" }] }],
      }),
  };
  const check = conformance(hasty, { service, atOnceMs: 100 }).find(({ name }) =>
    name.startsWith("rejects a whole answer with the reason"),
  );
  await expect(check?.run()).rejects.toThrow("did not reject");
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

test.each([
  [undefined, {}],
  [{}, {}],
  ["model", {}],
  [createReference().model, { servce: {} }],
  [createReference().model, { service: { answers: [] } }],
  [createReference().model, { service: { slow: 1 } }],
  [createReference().model, { atOnceMs: 0 }],
])("is a TypeError for what is no model or option", (model, options) => {
  expect(() => conformance(model as never, options as never)).toThrow(TypeError);
});
