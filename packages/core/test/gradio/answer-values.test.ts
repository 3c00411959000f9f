import { describe, expect, it } from "vitest";
import { AnswerReader, type AnswerLocation, type AnswerReaderOptions } from "../../src/gradio/answer.ts";
import { delta, rewrite, shown } from "./answer-parts.ts";

const CHAT: AnswerLocation = { at: [1, -1, 1] };
const TEXT: AnswerLocation = { at: [0] };

function open(location: AnswerLocation, { whole = false, check = () => undefined }: Partial<AnswerReaderOptions> = {}) {
  return new AnswerReader(location, { whole, check });
}

describe("an output that is left out", () => {
  const skip = { __type__: "update" };
  const off = { interactive: false, __type__: "update" };

  it("has the value it had, in edits and at the end", () => {
    const reader = open(TEXT);
    const parts = [
      reader.generating(["One", off]),
      reader.generating([[["append", [], " two"]], []]),
      reader.generating([[["replace", [], skip]], [["replace", ["interactive"], true]]]),
    ];
    expect(parts).toEqual([delta("One"), delta(" two"), undefined]);
    expect(reader.completed([skip, { interactive: true, __type__: "update" }])).toBeUndefined();
    expect(reader.text()).toBe("One two");
  });

  it("goes on with the whole text, or with an update that carries one, whose edits are followed", () => {
    const reader = open(CHAT);
    const parts = [
      reader.generating([skip, [["P", "a"]], skip]),
      reader.generating([[], [["replace", [], skip]], []]),
      reader.generating([[], [["add", ["value"], [["P", "ab"]]]], []]),
      reader.generating([[], [["append", ["value", 0, 1], "c"]], []]),
      reader.generating([[], [["delete", ["value"], null]], []]),
      reader.generating([[], [["replace", [], [["P", "abcd"]]]], []]),
      reader.generating([[], [["append", [0, 1], "e"]], []]),
      reader.completed([skip, { ...off, value: [["P", "abcde!"]] }, skip]),
    ];
    expect(parts).toEqual([
      delta("a"),
      undefined,
      delta("b"),
      delta("c"),
      undefined,
      delta("d"),
      delta("e"),
      delta("!"),
    ]);
  });

  it("is unchanged among whole values too, and an update with null is empty", () => {
    const reader = open(TEXT, { whole: true });
    expect(["a", skip, "ab", skip].map((value) => reader.generating([value]))).toEqual([
      delta("a"),
      undefined,
      delta("b"),
      undefined,
    ]);
    expect(reader.generating([{ ...skip, value: null }])).toEqual(rewrite(""));
  });

  it("is checked as the value it had; what was never seen is not checked", () => {
    const seen: unknown[] = [];
    const reader = open(CHAT, { check: (outputs) => void seen.push(outputs) });
    reader.generating([skip, [["P", "a"]], "sys"]);
    reader.completed([{ ...skip, value: "" }, skip, skip]);
    expect(seen).toEqual([["", [["P", "a"]], "sys"]]);
  });

  it("before anything was said is no answer, and after an edit that was lost a protocol error", () => {
    expect(open(TEXT).completed([skip])).toBeUndefined();
    const reader = open(TEXT);
    reader.generating(["a"]);
    reader.generating([[["append", [3], "?"]]]);
    expect(() => reader.completed([skip])).toThrow(expect.objectContaining({ code: "protocol" }));
  });
});

describe("outputs more than the schema knows", () => {
  const two = (outputs: readonly unknown[]): string | undefined =>
    outputs.length === 2 && typeof outputs[1] === "string" ? undefined : "not two";

  it("are fine, counted from the start and from the end", () => {
    for (const at of [[1], [-1]] as const) {
      const reader = open({ at }, { check: two });
      expect(reader.generating(["x", "a", { new: true }])).toEqual(delta("a"));
      expect(reader.generating([[], [["append", [], "b"]], []])).toEqual(delta("b"));
      expect(reader.completed(["x", "abc", { new: true }])).toEqual(delta("c"));
    }
  });

  it("are told apart from fewer, and from another shape", () => {
    for (const outputs of [["x"], ["x", 1, "y"]])
      expect(() => open({ at: [1] }, { check: two }).completed(outputs)).toThrow(/not two/);
  });
});

it.each(["a list of anything", "nothing"])(
  "waits for the final value where the first message is an edit already, and the schema expects %s",
  (expected) => {
    const check = () => (expected === "nothing" ? "not this" : undefined);
    const reader = open(TEXT, { check });
    expect(reader.generating([[["append", [], " two"]], []])).toBeUndefined();
    expect(reader.generating([[["append", [], " three"]], []])).toBeUndefined();
    if (expected === "nothing") expect(() => reader.completed(["One two three", 1])).toThrow(/not this/);
    else expect(reader.completed(["One two three", 1])).toEqual(delta("One two three"));
  },
);

describe("a footer and placeholders", () => {
  const location: AnswerLocation = {
    at: [0],
    placeholders: ["Thinking..."],
    footer: { from: "<summary>", to: "</summary>" },
  };
  const own = "\n<summary>2 pieces</summary>";
  const model = "<summary>Sales grew.</summary>";

  it("are no text: a placeholder is progress, and the last block is cut off, the model's own is not", () => {
    const reader = open(location);
    const parts = [
      reader.generating([""]),
      reader.generating([[["append", [], "Thinking..."]]]),
      reader.generating([[["replace", [], `In short:${own}`]]]),
      reader.generating([[["replace", [], `In short:\n<summary>Sales${own}`]]]),
      reader.generating([[["replace", [], `In short:\n${model}${own}`]]]),
      reader.completed([`In short:\n${model}${own}\n`]),
    ];
    expect(parts).toEqual([
      undefined,
      { type: "progress", message: "Thinking..." },
      delta("In short:"),
      delta("\n<summary>Sales"),
      delta(" grew.</summary>"),
      undefined,
    ]);
    expect(reader.text()).toBe(`In short:\n${model}`);
  });

  it.each([
    ["nothing but the block", "<summary>Done</summary>", ""],
    ["no block", "In short.", "In short."],
    ["a block with text below", `${model}\nMore.`, `${model}\nMore.`],
    ["a block in a line", `a ${model}`, `a ${model}`],
    ["a model's block above", `${model}${own}`, model],
    ["one that does not end", "a\n<summary>b", "a\n<summary>b"],
    ["a placeholder with more", "Thinking... on", "Thinking... on"],
  ])("leave the text as it is around %s, whole or in pieces of any length", (_, raw, expected) => {
    for (let length = 1; length <= raw.length; length += 1) {
      const reader = open(location);
      const parts = [reader.generating([""])];
      for (let from = 0; from < raw.length; from += length)
        parts.push(reader.generating([[["append", [], raw.slice(from, from + length)]]]));
      expect(parts.some((part) => part?.type === "text-replace")).toBe(false);
      parts.push(reader.completed([raw]));
      expect([shown(parts), reader.text()]).toEqual([expected, expected]);
      const left = open(location);
      left.generating([raw]);
      left.completed([{ __type__: "update" }]);
      expect(left.text()).toBe(expected);
    }
  });
});
