import { describe, expect, test } from "vitest";

import { shareOf } from "../../../../test/share.ts";
import { ToolCallParser } from "../../src/emulate/tool-call-parser.ts";
import { expectLinear } from "../cost.ts";
import { chunkings, readAnswer, type Reading } from "./reading.ts";

const A = { toolName: "a", input: '{"x":1}' };
const B = { toolName: "b", input: "{}" };
const a = '<tool_call>\n{"name": "a", "arguments": {"x": 1}}\n</tool_call>';
const b = '<tool_call>{"name":"b"}</tool_call>';
const calls = (body: string): string => `<tool_call>${body}</tool_call>`;

/** Answers, and what is read in them. */
const cases: Record<string, readonly [answer: string, Partial<Reading>]> = {
  "an answer without a call": ["Hello < there,\n\n", { text: "Hello < there,\n\n" }],
  "one call": [a, { calls: [A] }],
  "words before a call, without the white space behind them": [
    `Let me see. \n${a}`,
    { text: "Let me see.", calls: [A] },
  ],
  "white space before a call": [`\n\n${a}\n`, { calls: [A] }],
  "two calls": [`${a}\n${b}`, { calls: [A, B] }],
  "two calls in one block": [calls('{"name":"a","arguments":{"x":1}}\n{"name":"b"}'), { calls: [A, B] }],
  "words behind a call": [`${a}\nDone. ${b} Bye.`, { calls: [A, B] }],
  "a response that is made up": [`${a}\n<tool_response>\n3</tool_response>${b}`, { calls: [A], stopped: true }],
  "a turn that is made up": [`${a}<|im_end|>\n<|im_start|>user ${b}`, { calls: [A], stopped: true }],
  "a response behind a call without an end": [
    '<tool_call>{"name":"b"}\n<tool_response>3',
    { calls: [B], stopped: true },
  ],
  "a response before any call": ["<tool_response> is a <|im_ tag", { text: "<tool_response> is a <|im_ tag" }],
  "a fence": [calls('\n```json\n{"name":"b"}\n```\n'), { calls: [B] }],
  "a comma too many": [calls('{"name":"a","arguments":{"x":1,},}'), { calls: [A] }],
  "a raw newline in a string": [
    calls('{"name":"a","arguments":{"x":"1\n2\t\\n"}}'),
    { calls: [{ toolName: "a", input: '{"x":"1\\n2\\t\\n"}' }] },
  ],
  "a brace too few at the end": [calls('{"name":"a","arguments":{"x":1}'), { calls: [A] }],
  "a brace too few at the beginning": [calls('"name":"a","arguments":{"x":1}}'), { calls: [A] }],
  "a brace too many at the end": [calls('{"name":"a","arguments":{"x":1}}}'), { calls: [A] }],
  "a brace too many on both sides": [calls('{{"name":"a","arguments":{"x":1}}}'), { calls: [A] }],
  "arguments in a string": [calls('{"name":"a","arguments":"{\\"x\\": 1}"}'), { calls: [A] }],
  "arguments that are other text": [
    calls('{"name":"a","arguments":"Paris"}'),
    { calls: [{ toolName: "a", input: '"Paris"' }] },
  ],
  "an empty string of arguments": [calls('{"name":"b","arguments":" "}'), { calls: [B] }],
  "no arguments": [b, { calls: [B] }],
  "arguments that are null": [calls('{"arguments":null,"name":"b"}'), { calls: [B] }],
  parameters: [calls('{"name":"a","parameters":{"x":1}}'), { calls: [A] }],
  "digits that a number would lose": [
    calls('{"name":"a","arguments":{"x":12345678901234567890,"__proto__":1.0}}'),
    { calls: [{ toolName: "a", input: '{"x":12345678901234567890,"__proto__":1.0}' }] },
  ],
  "an end tag in a string": [
    calls('{"name":"a","arguments":{"x":"</tool_call>"}}'),
    { calls: [{ toolName: "a", input: '{"x":"</tool_call>"}' }] },
  ],
  "a whole call in a string": [
    calls('{"name":"a","arguments":{"x":"<tool_call>\\"</tool_call>"}}'),
    { calls: [{ toolName: "a", input: '{"x":"<tool_call>\\"</tool_call>"}' }] },
  ],
  "a call behind one whose string does not end": [
    `${calls('{"name":"a","arguments":{"x":"1}}')}\n${b}`,
    {
      text: calls('{"name":"a","arguments":{"x":"1}}'),
      unreadable: [calls('{"name":"a","arguments":{"x":"1}}')],
      calls: [B],
    },
  ],
  "words behind a call whose string does not end": [
    `${calls('{"name":"a","arguments":{"x":"1}}')} So.`,
    {
      text: `${calls('{"name":"a","arguments":{"x":"1}}')} So.`,
      unreadable: [calls('{"name":"a","arguments":{"x":"1}}')],
    },
  ],
  "no end tag before the next call": [`<tool_call>{"name":"b"}\n${a}`, { calls: [B, A] }],
  "no end tag at all": ['<tool_call>\n{"name":"a","arguments":{"x":1}}\n', { calls: [A] }],
  "an end tag that is cut": ['<tool_call>{"name":"b"}\n</tool_ca', { calls: [B] }],
  "a call that is cut in a number": [
    '<tool_call>{"name":"a","arguments":{"x":1',
    {
      text: '<tool_call>{"name":"a","arguments":{"x":1',
      unreadable: ['<tool_call>{"name":"a","arguments":{"x":1'],
    },
  ],
  "a call that is cut before its last brace": [
    'So: <tool_call>{"name":"a","arguments":{"x":1}',
    {
      text: 'So: <tool_call>{"name":"a","arguments":{"x":1}',
      unreadable: [' <tool_call>{"name":"a","arguments":{"x":1}'],
    },
  ],
  "a call that is no JSON": [
    `${calls("{'name': 'a'}")} !`,
    { text: `${calls("{'name': 'a'}")} !`, unreadable: [calls("{'name': 'a'}")] },
  ],
  "a block without a name": [`1 ${calls('{"x": 1}')} 2`, { text: `1 ${calls('{"x": 1}')} 2` }],
  "an empty block": [`1 ${calls("")} 2`, { text: `1 ${calls("")} 2` }],
  "a mention of the tag": [`Write <tool_call> first. \n${b}`, { text: "Write <tool_call> first.", calls: [B] }],
  "a mention of the tag in quotes": ['Write "<tool_call>" first.', { text: 'Write "<tool_call>" first.' }],
  "a mention of the tag in a fence": ["```\n<tool_call>\n```\nSo.", { text: "```\n<tool_call>\n```\nSo." }],
  "a tag after a tag": [`<tool_call><tool_call>${b}`, { text: "<tool_call><tool_call>", calls: [B] }],
  "a tag that does not end": ["Hello <tool_cal", { text: "Hello <tool_cal" }],
  "a tag in other letters": ["<tool_cull> </tool_call>", { text: "<tool_cull> </tool_call>" }],
  "characters of two halves": [
    `😀 ${calls('{"name":"😀","arguments":{"é":"\\u00e9"}}')}`,
    {
      text: "😀",
      calls: [{ toolName: "😀", input: '{"é":"\\u00e9"}' }],
    },
  ],
};

describe("a tool call parser", () => {
  test.each(Object.entries(cases))("reads %s, however it is cut", (_, [answer, expected]) => {
    const reading = { text: "", calls: [], unreadable: [], stopped: false, ...expected };
    expect(readAnswer([answer])).toStrictEqual(reading);
    const wanted = JSON.stringify(reading);
    for (const pieces of chunkings(answer)) {
      if (JSON.stringify(readAnswer(pieces)) !== wanted)
        expect(readAnswer(pieces), pieces.join("|")).toStrictEqual(reading);
    }
  });

  test.each(shareOf(Object.entries(hostile()), 0.25))(
    "reads %s in a time that grows with it, and gives it back",
    async (_, textOf) => {
      for (const length of [Infinity, 16])
        await expectLinear((size) => {
          const text = textOf(size);
          const { text: read, calls: found } = readAnswer(cut(text, Math.min(length, text.length)));
          expect(found).toEqual([]);
          expect(read.length).toBe(text.length);
          // More than is held of anything.
        }, 1_200_000);
    },
  );

  test("passes words on as soon as they cannot be a tag, and a call as soon as it ends", () => {
    const said: unknown[] = [];
    const parser = new ToolCallParser({
      text: (text) => void said.push(text),
      call: ({ toolName }) => void said.push({ toolName }),
      unreadable: () => {},
      stop: () => {},
    });
    const feed = (text: string): unknown => {
      parser.feed(text);
      return said.splice(0);
    };
    expect(feed("One")).toEqual(["One"]);
    expect(feed(" two \n<tool")).toEqual([" two"]);
    expect(feed(" three <tool_call>")).toEqual([" \n<tool three"]);
    expect(feed('{"name":"b"}</tool_call')).toEqual([]);
    expect(feed(">")).toEqual([{ toolName: "b" }]);
  });
});

/** What of a text a block may be to be read, not given up. */
const BLOCK = 3 / 8;

/** Texts made to keep their reader busy, of about as many characters. */
function hostile(): Record<string, (size: number) => string> {
  const many = (text: string, size: number): string => text.repeat(size / text.length);
  return {
    "many <": (size) => many("<", size),
    "many beginnings of tags": (size) => many("<tool_cal", size),
    "many tags": (size) => many("<tool_call>", size),
    "many tags and escaped quotes": (size) => many('<tool_call>{\\"', size),
    "many tags in one string": (size) => many('<tool_call>{"\\"', size),
    "many ends in one string": (size) => `<tool_call>{"${many("</tool_call>", size)}`,
    "a long unclosed tag": (size) => `<tool_call>{"name":"${many("x", size)}`,
    "a long unclosed tag of white space": (size) => `<tool_call>${many(" ", size)}.`,
    "many brackets": (size) => `<tool_call>${many("[", size)}`,
    "a block of brackets": (size) => `<tool_call>{"name":${many("[", size * BLOCK)}</tool_call>`,
    "a block of backslashes": (size) => `<tool_call>{"name":"${many("\\", size * BLOCK + 1)}"</tool_call>`,
    "much white space": (size) => `${many(" ", size)}.`,
  };
}

function* cut(text: string, length: number): Generator<string> {
  for (let at = 0; at < text.length; at += length) yield text.slice(at, at + length);
}
