import { describe, expect, test } from "vitest";

import { jsonInAnswer } from "../src/json-answer.ts";
import { expectLinear } from "./cost.ts";

const answer = (text: string, beginning = ""): unknown => jsonInAnswer({ beginning, text, reason: "stop" }).value;

function silently(work: () => unknown): void {
  try {
    work();
  } catch {
    // There is none.
  }
}

describe("the JSON of an answer", () => {
  test.each([
    ["in front of it", '<think>Maybe {"name":"A long draft","people":123456}?</think>{"name":"Rome"}', ""],
    ["that is as long", '<think>{"name":"Bonn"}</think>\n{"name":"Rome"}', ""],
    ["that its beginning opened", 'or {"name":"A long draft"}</think>{"name":"Rome"}', "<think>Either "],
    ["that the prompt opened", 'Maybe {"name":"A long draft"}?</think>\n{"name":"Rome"}', ""],
    ["twice in front of it", '<think>Hm</think>\n<think>{"name":"A long draft"}</think>{"name":"Rome"}', ""],
    ["that words stand before", 'Well. <think>{"name":"A long draft"}</think>{"name":"Rome"}', ""],
    ["behind one that the prompt opened", 'Hm</think><think>{"name":"A draft"}</think>{"name":"Rome"}', ""],
    ["that its beginning holds", '{"name":"Rome"}', '<think>{"name":"A long draft"}</think>'],
  ])("is what is said, not what is thought %s", (_, text, beginning) => {
    expect(answer(text, beginning)).toEqual({ name: "Rome" });
  });

  test.each([
    ["and says something else", '<think>{"name":"Rome"}</think> I cannot say.'],
    ["that the prompt opened", '{"name":"Rome"}</think> I cannot say.'],
    ["and never says anything", '<think>{"name":"Rome"}'],
  ])("is not there where a model only thinks of it %s", (_, text) => {
    expect(() => answer(text)).toThrow("it holds no JSON");
  });

  test.each(['{"tag":"</think>","more":[1]', '[{"</think>":[1]},{"b":tru'])(
    "is not a piece of what was cut off: %s",
    (text) => {
      expect(() => answer(text)).toThrow("it holds no JSON");
      expect(answer(`[2], as ${text}`)).toEqual([2]);
      expect(answer(`[1,2]?</think>[2], as ${text}`)).toEqual([2]);
    },
  );

  test("is found in linear time behind any number of thoughts", async () => {
    for (const piece of ["<think></think>", "</think>", "<think>", '["</think>",'])
      await expectLinear((size) => silently(() => answer(piece.repeat(size / piece.length))), 400_000);
  });

  test("may speak of a thought", () => {
    expect(answer('"<think>"')).toBe("<think>");
    expect(answer('{"tag":"</think>"}')).toEqual({ tag: "</think>" });
    expect(answer('So: {"tag":"</think>","more":[1]}.')).toEqual({ tag: "</think>", more: [1] });
    expect(answer('It ends.</think> So: {"tag":"</think>","more":[1]}.')).toEqual({ tag: "</think>", more: [1] });
  });

  test("is told as what of the text belongs to it", () => {
    const json = jsonInAnswer({ beginning: "<think>Hm</think>{", text: '"a":1} and more', reason: "stop" });
    expect(json).toEqual({ value: { a: 1 }, text: '"a":1}' });
    const behind = jsonInAnswer({ beginning: "", text: "Hm {}?</think> So: [1].", reason: "stop" });
    expect(behind).toEqual({ value: [1], text: "[1]" });
  });
});
