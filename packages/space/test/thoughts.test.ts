import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { FollowedAnswer } from "../../core/src/gradio/followed-output.ts";
import { SpaceReader } from "../src/answer-reader.ts";
import { Thought } from "../src/thought.ts";
import { words } from "./hearing.ts";

const fileUrl = (path: string): URL => new URL(`http://space.test/file=${path}`);
const reader = (): FollowedAnswer => new FollowedAnswer(new SpaceReader({ output: 0, before: undefined, fileUrl }));

const user = { role: "user", content: "?" };
const says = (content: unknown, title?: string) => ({ role: "assistant", content, metadata: { title } });

describe("<think> at the beginning of each of several messages is a thought", () => {
  const steps: Readonly<Record<string, readonly string[]>> = {
    "behind a message": ["Found 3 documents.", "<think>\nHmm <b>a</b>.\n</think>\n\nFour <b>is</b> it."],
    "in each": ["<think>a</think>Plan", "<think>b</think>Do", "<b>Done</b>"],
    "that is never closed": ["Plan", "<think>a"],
    "and not once more behind that": ["<think>a</think><think> is a tag.", "And </think> is one."],
    "behind white space": ["Plan", "\n<think>a</think>Do"],
    "and of one that is none": ["<", "<thi", "Do <"],
  };
  const right: Readonly<Record<string, { readonly text: string; readonly thought: string }>> = {
    "behind a message": { text: "Found 3 documents.\n\nFour <b>is</b> it.", thought: "Hmm <b>a</b>." },
    "in each": { text: "Plan\n\nDo\n\n<b>Done</b>", thought: "a\n\nb" },
    "that is never closed": { text: "Plan", thought: "a" },
    "and not once more behind that": { text: "<think> is a tag.\n\nAnd </think> is one.", thought: "a" },
    "behind white space": { text: "Plan\n\nDo", thought: "a" },
    "and of one that is none": { text: "<\n\n<thi\n\nDo <", thought: "" },
  };

  test.each(Object.entries(steps))("%s, by appends of each letter and by whole values", (name, texts) => {
    const letters = texts.flatMap((text, at) => [...text].map((letter) => ({ letter, at: at + 1 })));
    const growing = letters.map(({ letter, at }, index) =>
      letters[index - 1]?.at === at ? [["append", [at, "content"], letter]] : [["add", [at], says(letter)]],
    );
    const whole = texts.flatMap((text, at) =>
      [...text].map((_, end) => [user, ...texts.slice(0, at).map((one) => says(one)), says(text.slice(0, end + 1))]),
    );
    const final = [user, ...texts.map((one) => says(one))];
    const appended = reader();
    const parts = [[[user]], ...growing.map((edits) => [edits])].flatMap((data) => appended.generating(data));
    expect(words([...parts, ...appended.completed([final])])).toEqual(right[name]);
    expect(parts.filter(({ type }) => type === "text-replace")).toEqual([]);
    const replaced = reader();
    const anew = whole.flatMap((value, index) =>
      replaced.generating(index === 0 ? [value] : [[["replace", [], value]]]),
    );
    expect(words([...anew, ...replaced.completed([final])])).toEqual(right[name]);
    expect(anew.filter(({ type }) => type === "text-replace")).toEqual([]);
  });

  test.each<readonly [string, readonly unknown[], { readonly text: string; readonly thought: string }]>([
    ["may begin one", [user, says("The sign:"), says("<")], { text: "The sign:\n\n<", thought: "" }],
    ["may end one", [user, says("Hi"), says("<think>a </think")], { text: "Hi", thought: "a </think" }],
    ["may begin one behind a title", [user, says("a", "Plan"), says("<")], { text: "<", thought: "a" }],
  ])("and what %s is told though the last value is left out", (_, value, expected) => {
    const read = reader();
    expect(words([...read.generating([value]), ...read.completed([{ __type__: "update" }])])).toEqual(expected);
  });

  test("and one behind a thought with a title is another one", () => {
    const value = [user, says("a", "Plan"), says("<think>b</think>Four")];
    expect(words(reader().completed([value]))).toEqual({ text: "Four", thought: "a\n\nb" });
  });
});

describe("<think> at the beginning of a text", () => {
  const piece = fc.oneof(
    fc.constantFrom("<think>", "</think>", "<thi", "</", ">", "\n", " ", "<", "think", "a", "b c"),
    fc.string(),
  );

  test("is told apart the same however it is cut", () => {
    fc.assert(
      fc.property(fc.array(piece), fc.array(fc.nat(12)), (pieces, cuts) => {
        const text = pieces.join("");
        const whole = new Thought().add(text, { final: true });
        const cut = new Thought();
        let [thought, said, at] = ["", "", 0];
        for (const length of cuts) {
          const some = cut.add(text.slice(at, at + length));
          thought += some.thought;
          said += some.said;
          at += length;
        }
        const rest = cut.add(text.slice(at), { final: true });
        expect({ thought: thought + rest.thought, said: said + rest.said }).toEqual(whole);
      }),
      { numRuns: 500 },
    );
  });

  test("takes no white space behind the tag for a thought, also where it comes by itself", () => {
    const cut = new Thought();
    expect([cut.add("<think>"), cut.add("\n"), cut.add("", { final: true })]).toEqual(
      Array.from({ length: 3 }, () => ({ thought: "", said: "" })),
    );
  });

  test.each([
    ["<think>\nHmm.\n</think>\n\nHello", "Hmm.", "Hello"],
    ["  <think>Hmm</think>", "Hmm", ""],
    ["<think>never closed ", "never closed ", ""],
    ["Not <think>here</think>", "", "Not <think>here</think>"],
    ["<thinking is fun", "", "<thinking is fun"],
  ])("%j", (text, thought, said) => {
    expect(new Thought().add(text, { final: true })).toEqual({ thought, said });
  });
});
