import { describe, expect, test } from "vitest";

import { AnswerReader, type Reads } from "../../src/emulate/answer-reader.ts";
import { expectLinear } from "../cost.ts";
import { chunkings } from "./reading.ts";

interface Read {
  readonly thought: string;
  readonly text: string;
  readonly calls: readonly string[];
}

function read(pieces: Iterable<string>, reads: Partial<Reads>): Read {
  const reader = new AnswerReader({ tools: "none", json: false, reasoning: false, beginning: "", ...reads });
  let [thought, text] = ["", ""];
  const calls: string[] = [];
  const note = (): void => {
    for (const said of reader.take()) {
      if (said.type === "thought") thought += said.text;
      else if (said.type === "text") text += said.text;
      else if (said.type === "call") calls.push(said.call.toolName);
    }
  };
  for (const piece of pieces) {
    reader.feed(piece);
    note();
  }
  reader.end();
  reader.release();
  note();
  return { thought, text, calls };
}

/** What is told apart in answers, and pieces of it. */
const PIECES = [
  ["<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "<|im_", "<t", "nk>", "</", "<"],
  ['{"name":"a","arguments":{"x":1}}', '{"name":"b"}', '{"name":', '"name"', '{"x":"</tool_call>"}', '{"a":1}'],
  ["[1,2]", "42", '"hi"', "```json\n", "```", "{", "}", "[", "]", '"', "\\", ",", "\n", " ", "Hello", "😀"],
].flat();

/** Numbers from 0 to 1, the same for each seed. */
function seeded(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const call = '<tool_call>{"name":"a"}</tool_call>';
const thinks = { reasoning: true } as const;
const open = { reasoning: "open" } as const;
const tools = { tools: "many" } as const;
const json = { json: true } as const;

/** Answers, how they are read, and what is read in them. */
const cases: Record<string, readonly [answer: string, Partial<Reads>, Partial<Read>]> = {
  "words alone": ["Hi </think>", thinks, { text: "Hi </think>" }],
  "thought and words": ["\n<think>\nWell </p> \n</think>\n\n Hi", thinks, { thought: "Well </p>", text: "Hi" }],
  "thought without a word": ["<think>\n\n</think>\n\nHi", thinks, { text: "Hi" }],
  "thought that does not end": ["<think> a </thin", thinks, { thought: "a </thin" }],
  "a tag in the middle": ["Hi <think>a</think>", thinks, { text: "Hi <think>a</think>" }],
  "a tag that does not begin thought": [" <thinker> ", thinks, { text: " <thinker> " }],
  "a tag that is cut": [" <thi", thinks, { text: " <thi" }],
  "white space alone": [" \n ", thinks, { text: " \n " }],
  "thought whose opening tag the prompt holds": ["Well\n</think>\n\nHi", open, { thought: "Well", text: "Hi" }],
  "thought with both tags where one was expected": ["<think>W</think>Hi", open, { thought: "W", text: "Hi" }],
  "words where thought was expected": ["\nHi <b>you</b> </thin", open, { text: "\nHi <b>you</b> </thin" }],
  "a call in thought": [`<think>${call}</think>Hi`, { ...tools, ...thinks }, { thought: call, text: "Hi" }],
  "a call in thought without a channel": [
    ` <think> ${call} </think>\nHi ${call}`,
    tools,
    { text: ` <think> ${call} </think>\nHi`, calls: ["a"] },
  ],
  "a call behind thought": [`So</think>${call}`, { ...tools, ...open }, { thought: "So", calls: ["a"] }],
  "a call without thought": [call, { ...tools, ...open }, { calls: ["a"] }],
  "one call where two are written": [call + call, { tools: "one" }, { calls: ["a"] }],
  JSON: ['{"a":[1]}', json, { text: '{"a":[1]}' }],
  "JSON in prose and a fence": ['So:\n```json\n{"a": "}\\""}\n```\nIs {it} so?', json, { text: '{"a": "}\\""}' }],
  "a list": ['[{"a":1}, 2] ]', json, { text: '[{"a":1}, 2]' }],
  "JSON that is cut": ['{"a":[1', json, { text: '{"a":[1' }],
  "no JSON": ["None.", json, {}],
  "JSON behind thought": ['<think>{}</think>{"a":1}', { ...json, ...thinks }, { thought: "{}", text: '{"a":1}' }],
  "JSON behind thought without a channel": ['<think>{}</think>{"a":1}', json, { text: '{"a":1}' }],
  "a call where JSON is asked for": [`So: ${call}`, { ...tools, ...json }, { calls: ["a"] }],
};

describe("an answer reader", () => {
  test.each(Object.entries(cases))("reads %s, however it is cut", (_, [answer, reads, expected]) => {
    const wanted = { thought: "", text: "", calls: [], ...expected };
    for (const pieces of [[answer], ...chunkings(answer)])
      expect(read(pieces, reads), pieces.join("|")).toStrictEqual(wanted);
  });

  test("reads the same however it is cut, whatever it is made of", () => {
    const random = seeded(Number(process.env["TEST_SEED"] ?? 0));
    const oneOf = <Value>(all: readonly Value[]): Value => all[Math.floor(random() * all.length)] as Value;
    const madeOf = (most: number): string => Array.from({ length: 1 + random() * most }, () => oneOf(PIECES)).join("");
    for (let round = 0; round < 1500; round++) {
      const reads = {
        tools: oneOf(["none", "one", "many"] as const),
        json: oneOf([false, true]),
        reasoning: oneOf([false, true, "open"] as const),
        beginning: oneOf(["", "", madeOf(3)]),
      };
      const answer = madeOf(9);
      const pieces: string[] = [];
      for (let at = 0; at < answer.length; at += pieces.at(-1)?.length ?? 0)
        pieces.push(answer.slice(at, at + 1 + random() * 6));
      const told = JSON.stringify([answer, pieces, reads]);
      expect(read(pieces, reads), told).toStrictEqual(read([answer], reads));
    }
  });

  test("passes thought on as it comes, and what may be thought once it is known", () => {
    const feed = (reader: AnswerReader, text: string): unknown => {
      reader.feed(text);
      return reader.take();
    };
    const reader = new AnswerReader({ tools: "none", json: false, reasoning: true, beginning: "" });
    expect(feed(reader, "<think>a")).toEqual([{ type: "thought", text: "a" }]);
    expect(feed(reader, " b</th")).toEqual([{ type: "thought", text: " b" }]);
    expect(feed(reader, "ink>c")).toEqual([{ type: "thought-end" }, { type: "text", text: "c" }]);
    const waiting = new AnswerReader({ tools: "none", json: false, reasoning: "open", beginning: "" });
    expect(feed(waiting, "a")).toEqual([]);
    expect(feed(waiting, "b</think>c")).toEqual([
      { type: "thought", text: "ab" },
      { type: "thought-end" },
      { type: "text", text: "c" },
    ]);
  });

  // Each goes beyond what is held of it.
  test.each<readonly [string, number, (size: number) => string, Partial<Reads>]>([
    ["many < in thought", 1_000_000, (size) => `<think>${"<".repeat(size)}`, thinks],
    ["much white space in front", 1_200_000, (size) => `${" ".repeat(size)}<think>a`, thinks],
    ["much that may be thought", 4_800_000, (size) => "a".repeat(size), open],
    ["many brackets", 1_000_000, (size) => "[".repeat(size), json],
    [
      "text behind a call that cannot be read",
      1_200_000,
      (size) => `<tool_call>{"name":}</tool_call>${"a ".repeat(size / 2)}`,
      tools,
    ],
  ])("reads %s in a time that grows with it", (_, most, answerOf, reads) =>
    expectLinear((size) => {
      const answer = answerOf(size);
      const pieces = Array.from({ length: Math.ceil(answer.length / 64) }, (_part, at) =>
        answer.slice(at * 64, at * 64 + 64),
      );
      const { thought, text } = read(pieces, reads);
      expect(thought.length + text.length).toBeGreaterThan(0);
    }, most),
  );
});
