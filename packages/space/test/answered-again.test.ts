import { describe, expect, test } from "vitest";

import { bySize, expectLinear } from "../../core/test/cost.ts";
import { FollowedAnswer } from "../../core/src/gradio/followed-output.ts";
import { SpaceReader } from "../src/answer-reader.ts";
import { words } from "./hearing.ts";

import { fileUrl, LABEL, says, told, user, type Chat } from "./telling.ts";

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
      "to the question of the turn before, as the app writes it down in other words",
      { before: HI, asked: "hi!", values: [[...HI, user("Hi"), says("Hello")]] },
      "Hello",
    ],
    [
      "to the question of the turn before in pairs, as the app writes it down in other words",
      { before: PAIRS, asked: "A b?", values: [[...PAIRS, ["a\nb", "Hello"]]] },
      "Hello",
    ],
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

describe("an answer stays told that comes to have the words of an earlier one:", () => {
  const grown = (...answers: readonly string[]) =>
    ["H", "Hel", "Hello", ...answers].map((text) => [user("Hi"), says(text)]);

  test.each<readonly [string, Chat, string]>([
    ["to the same question, in messages", { before: HI, asked: "Hi", values: grown() }, "Hello"],
    [
      "to the same question, in pairs of which the last is kept",
      {
        before: [
          ["Hi", "Hello"],
          ["Hi", "Hello"],
        ],
        asked: "Hi",
        values: ["H", "Hel", "Hello"].map((text) => [["Hi", text]]),
      },
      "Hello",
    ],
    [
      "to the same question, of a window that was seen without it",
      {
        before: [...HI, ...HI],
        asked: "Hi",
        values: [
          [...HI, user("Hi")],
          [...HI, ...HI],
          [...HI, ...HI, says("More")],
        ],
      },
      "Hello\n\nMore",
    ],
    [
      "of the page's greeting",
      { before: [says("Hello")], asked: "Hi", values: ["H", "Hel", "Hello"].map((text) => [says(text)]) },
      "Hello",
    ],
    [
      "with more behind it",
      { before: HI, asked: "Hi", values: [...grown(), [user("Hi"), says("Hello"), says("More")]] },
      "Hello\n\nMore",
    ],
  ])("%s", (_, chat, text) => {
    expect(told(chat)).toEqual({ text, thought: "" });
    expect(told({ ...chat, values: [...chat.values, LABEL] })).toEqual({ text, thought: "" });
  });

  test.each<readonly [string, Chat]>([
    [
      "behind a spinner that shows that its app keeps the chat",
      { before: HI, asked: "Hi", values: [[...HI, user("Hi"), says("…")], [...HI]] },
    ],
    [
      "with the greeting in front of it",
      { before: [says("Welcome!"), ...HI], asked: "Hi", values: [[says("Welcome!"), ...HI]] },
    ],
  ])("but not the earlier one that comes back %s", (_, chat) => {
    expect(told(chat)).toEqual({ text: "", thought: "" });
  });

  test("and a thought in the words of an earlier answer is one", () => {
    const values = [[says("Hello", "Thinking")], [says("Hello", "Thinking"), says("Four")]];
    expect(told({ before: [says("Hello")], asked: "Hi", values })).toEqual({ thought: "Hello", text: "Four" });
  });
});

test("a message that is empty at first is one of its own, though all of it is appended", () => {
  const value = [user("Hi"), says("Step one.", "Plan"), says("", "Plan")];
  const behind = [...value.slice(0, 2), says("Two.", "Plan")];
  const edits = {
    1: [["append", [2, "content"], "Two."]],
    2: [
      ["add", [3], says("Searching.")],
      ["add", [4], says("")],
    ],
    3: [["append", [4, "content"], "It is 4."]],
  };
  const values = [value, behind, [...behind, says("Searching."), says("")], LABEL];
  const read = new FollowedAnswer(new SpaceReader({ output: 0, isChat: true, before: [], asked: "Hi", fileUrl }));
  const parts = values.flatMap((_, index) => read.generating(index === 0 ? [value] : [edits[index as 1 | 2 | 3]]));
  expect(words([...parts, ...read.completed([LABEL])])).toEqual({
    thought: "Step one.\n\nTwo.",
    text: "Searching.\n\nIt is 4.",
  });
  expect(parts.some(({ type }) => type === "text-replace")).toBe(false);
});

test.each<readonly [string, Chat]>([
  ["as it grows", { before: HI, asked: "Q", values: ["F", "Four"].map((text) => [...HI, user("Q"), says(text)]) }],
  ["whole", { before: HI, asked: "Q", values: [[...HI, user("Q"), says("Four")]] }],
  ["to a first question", { before: [], asked: "Q", values: [[user("Q"), says("Four")]] }],
])("an answer stays one where another question stands behind it that nobody asked: %s", (_, chat) => {
  const last = chat.values.at(-1) as readonly unknown[];
  expect(told({ ...chat, values: [...chat.values, [...last, user("More?")]] }).text).toBe("Four");
  expect(told({ ...chat, values: [[...last, user("")]] }).text).toBe("Four");
});

test("an earlier answer is not told where its app shows that the same was asked again", () => {
  const asked = [user("Q"), says("Old", "Thinking"), says("Old"), user("Q")];
  const values = [asked, [...asked, says("New")]];
  expect(told({ before: [], asked: "Q", values })).toEqual({ text: "New", thought: "" });
  expect(told({ before: [], asked: "Q", values: [asked] })).toEqual({ text: "", thought: "" });
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

describe("reading an answer costs what comes, however much stands beside it:", () => {
  const beside: Readonly<Record<string, (size: number) => readonly [asked: unknown, beside: unknown]>> = {
    "a long question": (size) => ["word ".repeat(8 * size), []],
    "a question of many parts": (size) => [Array.from({ length: 8 * size }, () => ({})), []],
    "parts that say nothing": (size) => ["Hi", Array.from({ length: 20 * size }, () => ({}))],
    "deep lists": (size) => [
      "Hi",
      Array.from({ length: size / 4 }, () => JSON.parse("[".repeat(40) + "]".repeat(40)) as unknown),
    ],
  };

  test.each(Object.entries(beside))("%s", async (_, make) => {
    const chats = bySize((size) => {
      const [asked, more] = make(size);
      return [
        { role: "user", content: asked },
        { role: "assistant", content: ["a", more] },
      ];
    });
    const changes = bySize((size) =>
      Array.from({ length: size }, (__, index) => [[["replace", [1, "content", 0], `word ${index}`]]]),
    );
    await expectLinear((size) => {
      const read = new FollowedAnswer(new SpaceReader({ output: 0, isChat: true, before: HI, asked: "Hi", fileUrl }));
      read.generating([structuredClone(chats(size))]);
      for (const data of changes(size)) read.generating(data);
    }, 2000);
  });
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
