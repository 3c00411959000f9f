import { describe, expect, test } from "vitest";

import { jsonInAnswer } from "../src/json-answer.ts";

const answer = (text: string, beginning = ""): unknown => jsonInAnswer({ beginning, text, reason: "stop" }).value;

describe("the JSON of an answer", () => {
  test.each([
    ["in front of it", '<think>Maybe {"name":"A long draft","people":123456}?</think>{"name":"Rome"}', ""],
    ["that is as long", '<think>{"name":"Bonn"}</think>\n{"name":"Rome"}', ""],
    ["that its beginning opened", 'or {"name":"A long draft"}</think>{"name":"Rome"}', "<think>Either "],
    ["that its beginning holds", '{"name":"Rome"}', '<think>{"name":"A long draft"}</think>'],
  ])("is what is said, not what is thought %s", (_, text, beginning) => {
    expect(answer(text, beginning)).toEqual({ name: "Rome" });
  });

  test.each([
    ["and says something else", '<think>{"name":"Rome"}</think> I cannot say.'],
    ["and never says anything", '<think>{"name":"Rome"}'],
  ])("is not there where a model only thinks of it %s", (_, text) => {
    expect(() => answer(text)).toThrow("it holds no JSON");
  });

  test("may speak of a thought", () => {
    expect(answer('"<think>"')).toBe("<think>");
    expect(answer('{"tag":"</think>"}')).toEqual({ tag: "</think>" });
  });

  test("is told as what of the text belongs to it", () => {
    const json = jsonInAnswer({ beginning: "<think>Hm</think>{", text: '"a":1} and more', reason: "stop" });
    expect(json).toEqual({ value: { a: 1 }, text: '"a":1}' });
  });
});
