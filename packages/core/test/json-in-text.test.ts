import { describe, expect, test } from "vitest";

import { jsonInText } from "../src/json-in-text.ts";
import { expectLinear } from "./cost.ts";

const cases: readonly (readonly [what: string, text: string, value: unknown])[] = [
  ["all of it", ' {"a": [1, -2.5e3, true, null, "x"]}\n', { a: [1, -2500, true, null, "x"] }],
  ["a value that is no object", "42", 42],
  ["a fence", '```json\n{"a": 1}\n```', { a: 1 }],
  ["a value in a fence", '```\r\n"yes"\r\n```', "yes"],
  ["a fence of tildes", "~~~\n[1]\n~~~", [1]],
  ["prose around it", 'Sure! Here it is: {"a": 1}. Anything else?', { a: 1 }],
  ["prose around a fence", 'Here:\n```json\n{"a": 1}\n```\nDone.', { a: 1 }],
  ["brackets in the prose", 'As [asked] for {you} [1]: {"a": 1} (see [2])', { a: 1 }],
  ["brackets and fences in strings", 'So: {"a": "}]```{[", "b": "\\"}"}', { a: "}]```{[", b: '"}' }],
  ["JSON in what is none", "{note: see [1, 2]}", [1, 2]],
  ["quotes in the prose", 'I call it ["the answer: {"a": 1} of "all"', { a: 1 }],
  ["an odd quote in brackets", '["oops {"a": 1}', { a: 1 }],
  ["the longest of several", '{"a": 1} is short, {"a": 1, "b": 2} is not', { a: 1, b: 2 }],
  ["the first of several as long", '{"a": 1} or {"a": 2}', { a: 1 }],
  ["a value in a fence, with prose around it", "Sure:\n```json\n42\n```\nDone.", 42],
  ["a text in a fence that speaks of lists", 'So it is:\n~~~\n"use [1] or {}"\n~~~', "use [1] or {}"],
  ["a fence, before a longer one that is said to be none", 'No {"a": "longer"}:\n```json\n{"a": 1}\n```', { a: 1 }],
  ["a value in a fence that is closed behind it", '```json\n"yes"```\n', "yes"],
  ["a value in a fence that is not closed", "Sure:\n```\ntrue", true],
  ["the longest of several fences", '```\n1\n```\n```json\n{"a": 1}\n```\n```\n{"a"\n```', { a: 1 }],
  ["a longer fence around a fence", 'See\n````\n{"a": 1}\n````\nand ```', { a: 1 }],
  ["JSON behind a longer one whose text breaks its line", 'No {"a": "x\ny, z"}, but {"a": 1}', { a: 1 }],
  ["JSON behind a longer one with an escape that is none", 'No {"a": "\\x, \\u12"}, but {"a": 1}', { a: 1 }],
  ["names like those of prototypes", 'x {"__proto__": 1}', JSON.parse('{"__proto__": 1}')],
];

describe("the JSON in an answer is found in", () => {
  test.each(cases)("%s", (_what, text, value) => {
    const { start, end, ...found } = jsonInText(text) ?? { start: 0, end: 0 };
    expect(found).toEqual({ value });
    expect(JSON.parse(text.slice(start, end))).toEqual(value);
  });

  test("what ends behind a place, where objects and lists before it are no answer", () => {
    const text = '{"example": "a long one"} {"a": 1}';
    expect(jsonInText(text, { from: 26 })).toEqual({ value: { a: 1 }, start: 26, end: 34 });
    expect(jsonInText(text, { from: 35 })).toBeUndefined();
    expect(jsonInText("42", { from: 2 })).toMatchObject({ value: 42 });
  });
});

test.each([
  "",
  "I do not know.",
  "{a: 1}",
  '{"a": 1',
  '{"a": 1,}',
  '{"a" 1}',
  "[1 2]",
  "[01]",
  "{]",
  '"a" {',
  "} {",
  '{"a": "b',
  "```json\n```",
  "Sure:\n```json\n4.",
  "Sure:\n```json",
  "```",
  '[{"a": 1}, {"b": 2}',
  '[{"a": 1}, {"b": "see [1]',
  '{"a": {"b": 1}, "c"',
  '{"a": [1], "b": tru',
  "[[1], -",
  '[{"a": 1}, 1.',
])("there is none in %j", (text) => {
  expect(jsonInText(text)).toBeUndefined();
});

test("the work is linear in the text, whatever it is", async () => {
  for (const piece of [
    "[",
    '{"',
    '["',
    '["a",',
    '{"a":[',
    '"[\\"',
    '["[\\\\"',
    "[[],",
    '["a"{',
    "{",
    '[1,"b",x',
    "``` ",
    "```\n",
    "~~~~\n1\n```\n",
    "[tru ",
    "[[],a",
    '["\\x",',
    '{"a":["\n"],',
  ]) {
    await expectLinear((size) => void jsonInText(piece.repeat(Math.ceil(size / piece.length))), 80_000);
  }
});

test("lists in lists without end are no JSON, and are not parsed to find that out", () => {
  const before = process.memoryUsage().rss;
  expect(jsonInText("[".repeat(8_000_000))).toBeUndefined();
  expect(jsonInText('{"a":'.repeat(2_000_000))).toBeUndefined();
  expect(process.memoryUsage().rss - before).toBeLessThan(250_000_000);
  const deep = `${"[".repeat(900)}"[[[["${"]".repeat(900)}`;
  expect(jsonInText(deep)?.end).toBe(deep.length);
});
