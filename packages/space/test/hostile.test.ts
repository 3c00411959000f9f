import { QwenError } from "@qwen/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { processorMs } from "../../core/test/cost.ts";
import { readPage } from "../src/page.ts";
import { initialValue } from "../src/initial-value.ts";
import { needsParameters } from "../src/parameters.ts";
import { fingerprintOf, inputsOf, planFor, type Plan } from "../src/plan.ts";
import type { App } from "./served.ts";
import { recorded, type Config } from "./recorded.ts";

function plan(config: unknown): Plan {
  return planFor(readPage({ version: "5.50.0", config }));
}

/** The plan, or the error of the family; anything else is thrown on. */
function planOrError(config: unknown): Plan | QwenError {
  try {
    return plan(config);
  } catch (error) {
    if (QwenError.isInstance(error)) return error;
    throw error;
  }
}

const box = (id: number, props: object = {}) => ({ id, type: "textbox", props: { label: "Message", ...props } });
const chat = (id: number) => ({ id, type: "chatbot", props: { type: "messages" } });
const ask = (id: number, more: object = {}) => ({
  id,
  api_name: "chat",
  targets: [[1, "submit"]],
  inputs: [1, 2],
  outputs: [1, 2],
  ...more,
});

describe("whatever a /config is, finding the chat in it", () => {
  test("throws nothing but errors of the family", () => {
    const id = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.constantFrom(null, "__proto__", -1, 1e99));
    const anything = fc.anything({ maxDepth: 2 });
    const label = fc.oneof(fc.string(), fc.constantFrom("__proto__", "System", "Message"), anything);
    const component = fc.record(
      {
        id,
        type: fc.oneof(fc.constantFrom("textbox", "chatbot", "state", "slider", "json", "button", "dataset"), anything),
        props: fc.oneof(fc.record({ label, value: anything, visible: fc.boolean(), minimum: anything }), anything),
      },
      { requiredKeys: [] },
    );
    const dependency = fc.record(
      {
        id,
        api_name: fc.oneof(fc.string(), fc.constant(false), anything),
        targets: fc.oneof(fc.array(fc.tuple(id, fc.constantFrom("submit", "click", "then"))), anything),
        inputs: fc.oneof(fc.array(id), anything),
        outputs: fc.oneof(fc.array(id), anything),
        trigger_after: id,
        types: anything,
        backend_fn: anything,
      },
      { requiredKeys: [] },
    );
    const config = fc.oneof(
      fc.record({
        components: fc.oneof(fc.array(component), anything),
        dependencies: fc.oneof(fc.array(dependency), anything),
      }),
      anything,
    );
    fc.assert(
      fc.property(config, (one) => void planOrError(one)),
      { numRuns: 1000 },
    );
  });

  test("finds what can be found beside what is broken", () => {
    const whole: Config = recorded("6.0", "steps");
    const broken: { components: unknown[]; dependencies: unknown[] } = whole;
    broken.dependencies = [
      null,
      7,
      { id: 900, inputs: [77, 78], outputs: "none", targets: [[null]], trigger_after: 900 },
      ...broken.dependencies,
    ];
    broken.components = [null, { id: 99, type: "textbox", props: null }, ...broken.components];
    expect(plan(broken).course.answer.name).toBe("bot");
  });

  test("ends where a function follows itself, or two follow each other", () => {
    const config = {
      components: [box(1), chat(2)],
      dependencies: [ask(0, { trigger_after: 0 }), ask(1, { trigger_after: 2 }), ask(2, { trigger_after: 1 })],
    };
    expect(plan(config).course.answer.fnIndex).toBe(0);
  });

  test("follows no chain beyond 50", () => {
    const links = Array.from({ length: 10_000 }, (_, index) =>
      index === 0
        ? ask(0)
        : { id: index, targets: [[null, "then"]], inputs: [2], outputs: [2], trigger_after: index - 1, api_name: "on" },
    );
    const { course } = plan({ components: [box(1), chat(2)], dependencies: links });
    expect(course.before.length).toBeLessThan(50);
  });

  test("is done with 10,000 functions, each with as many inputs as there is room for, within a second", async () => {
    const components = [
      ...Array.from({ length: 2000 }, (_, index) => box(index * 2 + 10, { value: "x", label: `Text ${index}` })),
      box(1),
      chat(2),
    ];
    const dependencies = Array.from({ length: 10_000 }, (_, index) => ({
      id: index,
      api_name: `fn_${index}`,
      targets: [[10 + (index % 2000) * 2, "submit"]],
      inputs: [10 + (index % 2000) * 2, 10, 12, 14],
      outputs: [10 + ((index * 7) % 2000) * 2],
      trigger_after: index % 3 === 0 ? null : index - 1,
    }));
    let found: unknown;
    const work = () => (found = planOrError({ components, dependencies: [...dependencies, ask(10_000)] }));
    expect(await processorMs(work)).toBeLessThan(1000);
    expect(found).toMatchObject({ course: { answer: { fnIndex: 10_000 } } });
  });

  const times = <Value>(length: number, make: (index: number) => Value): Value[] =>
    Array.from({ length }, (_, index) => make(index));

  test.each<readonly [string, () => App]>([
    [
      "a function with a million States",
      () => ({
        components: [box(1), { id: 5, type: "state" }, { id: 6, type: "json" }],
        dependencies: [ask(0, { inputs: [1, ...times(1_000_000, () => 5)], outputs: times(1_000_000, () => 6) })],
      }),
    ],
    [
      "as many States as there is room for in each",
      () => ({
        components: [box(1), { id: 5, type: "state" }, { id: 6, type: "json" }],
        dependencies: times(500, (id) =>
          ask(id, { inputs: [1, ...times(900, () => 5)], outputs: times(900, () => 6) }),
        ),
      }),
    ],
    [
      "functions that share a number",
      () => ({
        components: [box(1), chat(2)],
        dependencies: [
          ...times(2000, () => ask(0)),
          ...times(45, (id) => ask(id + 1, { trigger_after: 0, targets: [], inputs: times(900, () => 2) })),
        ],
      }),
    ],
    [
      "functions that each set off the next",
      () => ({
        components: [box(1), chat(2)],
        dependencies: times(5000, (id) => ask(id, { trigger_after: id - 1, inputs: [1, ...times(100, () => 2)] })),
      }),
    ],
    [
      "boxes without a name that are sent one by one",
      () => ({
        components: [box(1), chat(2), ...times(900, (id) => box(id + 10, { label: "" }))],
        dependencies: [
          ask(0, { inputs: [1, 2, ...times(900, (id) => id + 10)] }),
          ...times(20_000, (id) => ask(id + 1, { targets: [[909 - (id % 900), "submit"]], inputs: [], outputs: [] })),
        ],
      }),
    ],
    [
      "a kind of component whose name is a megabyte",
      () => ({
        components: [box(1), chat(2), { id: 3, type: "X".repeat(1_000_000) }],
        dependencies: times(20, (id) => ask(id, { inputs: [...times(900, () => 3), 1, 2] })),
      }),
    ],
  ])("is done within a second with %s", async (_, make) => {
    const config = make();
    const work = () => {
      const page = readPage({ version: "5.50.0", config });
      needsParameters(page, {});
      planOrError(config);
    };
    expect(await processorMs(work)).toBeLessThan(1000);
  });

  test("leaves out ids and values that are nested deeper than a stack", () => {
    let deep: unknown = [];
    for (let depth = 0; depth < 50_000; depth++) deep = [deep];
    const components = [
      box(1),
      chat(2),
      { id: 3, type: "dataframe", props: { value: deep } },
      { id: deep, type: "json" },
    ];
    const found = plan({ components, dependencies: [ask(0, { inputs: [1, 2, 3, deep] })] });
    expect(fingerprintOf(found)).toContain("dataframe");
    expect(inputsOf(found.course).map(initialValue)).toEqual(["", [], null, null]);
  });

  test("gives no input a null that Gradio would refuse", () => {
    const kinds = ["slider", "checkbox", "checkboxgroup", "dialogue", "multimodaltextbox", "button", "textbox"];
    const components = [chat(2), ...kinds.map((type, index) => ({ id: 10 + index, type, props: { value: null } }))];
    const inputs = [2, ...kinds.map((_, index) => 10 + index)];
    const found = plan({ components, dependencies: [ask(0, { inputs, targets: [[16, "submit"]] })] });
    expect(inputsOf(found.course).map(initialValue)).not.toContain(null);
  });

  test("takes labels for names only where they are texts, and `__proto__` for one", () => {
    const components = [box(1, { label: "__proto__" }), chat(2), box(3, { label: { toString: 1 }, value: "kept" })];
    const { message, system } = plan({ components, dependencies: [ask(0, { inputs: [1, 2, 3] })] });
    expect([message.label, system]).toEqual(["__proto__", undefined]);
  });

  test("shows no escape sequence and no line break of a label in an error", () => {
    const label = "Le\u001B[31mft\nnext\u0000 \u202E";
    const error = planOrError({
      components: [box(1, { label }), box(3, { label: "Right" }), box(5)],
      dependencies: [{ ...ask(0), inputs: [1, 3], outputs: [5], targets: [[9, "click"]] }],
    });
    expect(error).toMatchObject({ code: "unsupported", message: expect.stringContaining("Left next (textbox)") });
  });

  test("names at most twenty endpoints, counts the others, and says which option to set", () => {
    const dependencies = Array.from({ length: 70 }, (_, id) => ({ id, api_name: `f${id}`, inputs: [], outputs: [1] }));
    const error = planOrError({ components: [{ id: 1, type: "image", props: {} }], dependencies });
    expect(error).toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/set `endpoint`.*"\/f19" \(19\).*; and 50 more\.$/),
    });
  });
});
