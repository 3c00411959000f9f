import type { ProviderPart } from "@qwen/core";
import { describe, expect, test } from "vitest";

import { bySize, expectLinear } from "../../core/test/cost.ts";
import { FollowedAnswer } from "../../core/src/gradio/followed-output.ts";
import { SpaceReader } from "../src/answer-reader.ts";
import { words } from "./hearing.ts";

const fileUrl = (path: string): URL => new URL(`http://space.test/file=${path}`);

/** What is told of the values that a chat has one after the other, the last of them at the end. */
function told({ before, asked, values, edits: own }: Chat): { readonly text: string; readonly thought: string } {
  const read = new FollowedAnswer(
    new SpaceReader({ output: 0, isChat: true, before, standing: before, asked, fileUrl }),
  );
  const parts = values.flatMap((value, index): readonly ProviderPart[] => {
    const edits = index === 0 ? [value] : [own?.[index] ?? [["replace", [], value]]];
    return [...read.generating(edits), ...(index === values.length - 1 ? read.completed([value]) : [])];
  });
  return words(parts);
}

interface Chat {
  readonly before: readonly unknown[];
  readonly asked: string;
  readonly values: readonly unknown[];
  /** By what a value comes from the one before, where that is more than to be put in its place. */
  readonly edits?: Readonly<Record<number, unknown>>;
}

const user = (content: string) => ({ role: "user", content });
const says = (content: string, title?: string) => ({ role: "assistant", content, metadata: { title } });
const LABEL = { __type__: "update", label: "Done" };
const HI = [user("Hi"), says("Hello")];
const TWO = [user("Hi"), says("Hi."), user("a\n  b"), says("Hello")];
const PAIRS = [
  ["Hi", "Hi."],
  ["a\n  b", "Hello"],
];

describe("an answer is told that an app gives once more and keeps alone", () => {
  test.each<readonly [string, Chat, string]>([
    [
      "to another question, though only its label changes behind it",
      { before: HI, asked: "And now?", values: [[user("And now?"), says("Hello")], LABEL] },
      "Hello",
    ],
    [
      "to the same question, in messages",
      { before: TWO, asked: "a\n  b", values: [[user("a\nb"), says("Hello")]] },
      "Hello",
    ],
    ["to the same question, in pairs", { before: PAIRS, asked: "a\n  b", values: [[["a\nb", "Hello"]]] }, "Hello"],
    [
      "and says more behind it",
      { before: HI, asked: "And now?", values: [[user("And now?"), says("Hello"), says("there")]] },
      "Hello\n\nthere",
    ],
  ])("%s", (_, chat, text) => {
    expect(told(chat)).toEqual({ text, thought: "" });
  });

  test.each<readonly [string, Chat]>([
    ["messages", { before: TWO, asked: "c", values: [TWO.slice(2)] }],
    ["pairs", { before: PAIRS, asked: "c", values: [PAIRS.slice(1)] }],
    ["all of it, though that was asked before", { before: TWO, asked: "a\n  b", values: [TWO] }],
    ["all of it in pairs, though that was asked before", { before: PAIRS, asked: "a\n  b", values: [PAIRS] }],
    ["what the app never wrote, though that was asked before", { before: HI, asked: "Hi", values: [LABEL] }],
    ["a greeting", { before: [says("Welcome!")], asked: "c", values: [[says("Welcome!")]] }],
  ])("but not what was there before and has no new question: %s", (_, chat) => {
    expect(told(chat)).toEqual({ text: "", thought: "" });
  });
});

describe("a thought is told once, though", () => {
  const thought = [user("And now?"), says("Hmm", "Thinking")];

  test.each<readonly [string, readonly unknown[]]>([
    ["the answer behind it is that of the turn before", [thought, [...thought, says("Hello")]]],
    ["the chat is emptied in between", [thought, [], thought, [...thought, says("Hello")]]],
    [
      "it is written anew in pieces",
      [thought, [user("And now?")], [user("And now?"), says("H", "Thinking")], thought, [...thought, says("Hello")]],
    ],
  ])("%s", (_, values) => {
    expect(told({ before: HI, asked: "And now?", values })).toEqual({ text: "Hello", thought: "Hmm" });
    expect(told({ before: HI, asked: "And now?", values: [...values, LABEL] })).toEqual({
      text: "Hello",
      thought: "Hmm",
    });
  });
});

test("a thought behind some words is told once, though the app begins anew in pieces", () => {
  const first = [user("And now?"), says("Let me see.")];
  const [whole, part] = [says("look: x", "Tool"), says("l", "Tool")];
  const values = [[...first, whole], first, [...first, part], [...first, whole], [...first, whole, says("Hello")]];
  const edits = { 3: [["append", [2, "content"], "ook: x"]] };
  expect(told({ before: HI, asked: "And now?", values, edits })).toEqual({
    text: "Let me see.\n\nHello",
    thought: "look: x",
  });
});

describe("an earlier turn is not told, where the app does not write the question down and", () => {
  test("Gradio takes white space out of the turns", () => {
    const before = [user("Hi"), says("  Hello\n\tyou\n")];
    const kept = [user("Hi"), says("Hello\nyou")];
    expect(told({ before, asked: "c", values: [kept, [...kept, says("And now.")]] }).text).toBe("And now.");
  });

  test("it begins with the greeting of its page", () => {
    const before = [says("Welcome!")];
    expect(told({ before, asked: "c", values: [before, [...before, says("Hello")]] }).text).toBe("Hello");
  });
});

test("telling an answer from a long history costs what its changes are long", async () => {
  const history = bySize((size) => [user("Hi"), says("long ".repeat(4 * size))]);
  const changes = bySize((size) =>
    Array.from({ length: size }, (_, index) => [[["replace", [2, "content"], `word ${index}`]]]),
  );
  await expectLinear((size) => {
    const before = history(size);
    const read = new FollowedAnswer(new SpaceReader({ output: 0, isChat: true, before, asked: "Hi", fileUrl }));
    read.generating([[...before, says("word")]]);
    for (const data of changes(size)) read.generating(data);
  }, 4000);
});

test("an answer that is rewritten is told with each change, however long the pairs before it are", () => {
  const before = Array.from({ length: 10 }, (_, index) => [`q${index}`, "x".repeat(1500)]);
  const read = new FollowedAnswer(new SpaceReader({ output: 0, isChat: true, before, asked: "q", fileUrl }));
  read.generating([[...before, ["q", "|"]]]);
  const changes = Array.from({ length: 100 }, (_, index) => `${"w".repeat(index + 1)}|`);
  const parts = changes.flatMap((text) => read.generating([[["replace", [10, 1], text]]]));
  expect(parts).toHaveLength(100);
});

test("the answer before is not told where a spinner gives way to the chat as it was", () => {
  const before = [user("Hi"), says("Hello")];
  const read = new FollowedAnswer(
    new SpaceReader({ output: 0, isChat: true, before, standing: before, asked: "And now?", fileUrl }),
  );
  read.generating([[...before, user("And now?"), says("Thinking…")]]);
  expect(read.generating([[["replace", [], before]]])).toEqual([{ type: "text-replace", text: "" }]);
});

describe("a thought that says something else is told anew, from there on, when", () => {
  test.each<readonly [string, readonly (readonly string[])[], string]>([
    ["words stand behind it", [["Thinking…"], ["So"], ["So it is"]], "Thinking…\n\nSo it is"],
    [
      "another one stands behind it, which is told as it grows",
      [["Calling search…"], ["3 results"], ["3 results", "Reading"], ["3 results", "Reading page 1"]],
      "Calling search…\n\n3 results\n\nReading page 1",
    ],
    [
      "only the last one changed",
      [
        ["Plan", "Step 1…"],
        ["Plan", "Step 1 done"],
        ["Plan", "Step 1 done", "Step 2"],
      ],
      "Plan\n\nStep 1…\n\nStep 1 done\n\nStep 2",
    ],
  ])("%s", (_, thoughts, thought) => {
    const values = thoughts.map((some) => [user("Hi"), ...some.map((one) => says(one, "Step"))]);
    const end = [...(values.at(-1) ?? []), says("Answer")];
    expect(told({ before: [], asked: "Hi", values: [...values, end] })).toEqual({ thought, text: "Answer" });
  });

  test.each<readonly [string, unknown]>([
    ["comes whole", [user("Hi"), says("So it is", "Step")]],
    ["is left out", LABEL],
  ])("nothing more comes, and the last value %s", (_, last) => {
    const values = ["Thinking…", "So", "So it is"].map((thought) => [user("Hi"), says(thought, "Step")]);
    const read = new FollowedAnswer(new SpaceReader({ output: 0, isChat: true, before: [], asked: "Hi", fileUrl }));
    const parts = values.flatMap((value, index) => read.generating([index === 0 ? value : [["replace", [], value]]]));
    expect(words([...parts, ...read.completed([last])]).thought).toBe("Thinking…\n\nSo it is");
  });

  test("it is counted beside the words, once at the end", () => {
    const values = ["1 s", "2 s", "3 s", "4 s"].map((time, at) => [
      user("Hi"),
      says(`Thought for ${time}`, "Clock"),
      ...(at === 0 ? [] : [says("a".repeat(at))]),
    ]);
    expect(told({ before: [], asked: "Hi", values }).thought).toBe(
      "Thought for 1 s\n\nThought for 2 s\n\nThought for 4 s",
    );
  });
});
