import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { readPage } from "../src/page.ts";
import { planFor, type Overrides, type Plan } from "../src/plan.ts";
import { RECORDED, recorded, type Config } from "./recorded.ts";

function plan(config: unknown, overrides?: Overrides): Plan {
  const { version } = config as Config;
  return planFor(readPage({ version, config }), overrides);
}

/** What a plan says, by what people call it. */
function told({ course, message, history, system, settings, image }: Plan) {
  const { setter } = { setter: undefined, ...history };
  return {
    before: course.before.map(({ name }) => name),
    answer: course.answer.name,
    in: course.answer.outputs[course.output]?.type,
    message: message.type,
    history: history.kind,
    ...(setter === undefined ? {} : { setter: setter.outputs.length }),
    system: system?.label,
    settings: Object.fromEntries([...settings].map(([name, { label }]) => [name, label])),
    image: image?.type,
  };
}

const EXTRAS = {
  system: "System message",
  settings: { maxOutputTokens: "Max new tokens", temperature: "Temperature" },
};
const BARE = { system: undefined, settings: {}, image: undefined };

describe("the chat of a ChatInterface", () => {
  const expected = {
    "4.26": { answer: "chat", in: "textbox", history: "prompt" },
    "4.36": { answer: "chat", in: "textbox", history: "prompt" },
    "5.0": { answer: "chat", in: "textbox", history: "page" },
    "5.9": { answer: "chat", in: "json", history: "setter", setter: 1 },
    "6.0": { answer: "respond", in: "json", history: "setter", setter: 2 },
  } as const;

  test.each(RECORDED)("of %s is the function for programs, earlier turns where they can be reached", (version) => {
    expect(told(plan(recorded(version, "interface")))).toEqual({
      before: [],
      message: "textbox",
      image: undefined,
      ...EXTRAS,
      ...expected[version],
    });
  });

  test.each(RECORDED)("of %s takes pictures where its box does", (version) => {
    const { message, image } = told(plan(recorded(version, "multimodal")));
    expect([message, image]).toEqual(["multimodaltextbox", "multimodaltextbox"]);
  });
});

test.each(RECORDED)(
  "two steps of %s are both run, earlier turns in the chatbot that the first of them reads",
  (version) => {
    expect(told(plan(recorded(version, "steps")))).toEqual({
      ...BARE,
      before: ["user"],
      answer: "bot",
      in: "chatbot",
      message: "textbox",
      history: "chatbot",
      settings: { temperature: "Temperature" },
    });
  },
);

test.each(RECORDED)("a text function of %s answers in its text", (version) => {
  expect(told(plan(recorded(version, "text")))).toEqual({
    ...BARE,
    before: [],
    answer: version === "6.0" ? expect.stringMatching(/lambda|predict/) : "predict",
    in: "textbox",
    message: "textbox",
    history: "prompt",
  });
});

test.each(RECORDED)(
  "an app of %s has the same plan however its functions, their inputs and their outputs are listed",
  (version) => {
    fc.assert(
      fc.property(
        fc.constantFrom("interface", "multimodal", "steps", "text"),
        fc.infiniteStream(fc.nat()),
        (app, random) => {
          const config = recorded(version, app);
          // Without an id, a function is told by its place.
          config.dependencies = config.dependencies.map((one, index) => ({ id: index, ...one }));
          const before = plan(config);
          const shuffled = shuffle(config, random);
          const after = plan(shuffled);
          expect(told(after)).toEqual(told(before));
          expect(after.course.answer.fnIndex).toBe(before.course.answer.fnIndex);
          expect(after.message.id).toBe(before.message.id);
        },
      ),
      { numRuns: 20 },
    );
  },
);

function shuffle(config: Config, random: Iterable<number>): Config {
  const numbers = random[Symbol.iterator]();
  const mixed = <Item>(items: readonly Item[]): Item[] =>
    items
      .map((item) => [Number(numbers.next().value), item] as const)
      .toSorted(([one], [other]) => one - other)
      .map(([, item]) => item);
  return {
    ...config,
    components: mixed(config.components),
    dependencies: mixed(
      config.dependencies.map((one) => ({ ...one, inputs: mixed(one.inputs), outputs: mixed(one.outputs) })),
    ),
  };
}
