import { expect, test } from "vitest";

import { AnswerReader } from "../../src/gradio/answer.ts";
import { MessageReader } from "../../src/gradio/message-reader.ts";
import { parseQueueMessage } from "../../src/gradio/messages.ts";

// Deltas are cut out of their message before they are parsed; whatever the values hold, that must not show.
const lookalike = ',"is_generating":true,"duration":1';

test.each([
  ["an edit", [[], [["append", [0, 1], "two "]], []]],
  ["whole values", ["", [["question", "one "]], null, 3]],
  ["nothing", []],
  ["quotes, backslashes and line ends", ['"\\\n\u2028"', "\\"]],
  ["the end mark in a text", [lookalike, JSON.stringify(lookalike)]],
  ["the end mark at the end of a text", [`${lookalike}"`, '",']],
  ["the end mark's name in an object", [{ a: 1, is_generating: true, duration: 1 }, "after"]],
  ["the same, deeper", [{ a: [{ b: [1, 2], is_generating: false }] }]],
  ["a whole message in a text", [JSON.stringify({ msg: "process_generating", output: { data: ["no"] } })]],
])("reads a delta that holds %s", (_, data) => {
  const message = {
    msg: "process_generating",
    event_id: "0123456789abcdef0123456789abcdef",
    output: { data, is_generating: true, duration: 0.1, average_duration: 0.1 },
    success: true,
    time_limit: null,
  };
  expect(parseQueueMessage(JSON.stringify(message))).toEqual({
    eventId: message.event_id,
    message: { type: "generating", data },
  });
});

test.each([
  ["values that are no list", '{"msg":"process_generating","event_id":"e","output":{"data":{},"is_generating":true}}'],
  ["no values", '{"msg":"process_generating","event_id":"e","output":{"data":,"is_generating":true}}'],
  ["a cut message", '{"msg":"process_generating","event_id":"e","output":{"data":["a"'],
])("ignores %s", (_, text) => {
  expect(parseQueueMessage(text)).toBeUndefined();
});

// Of a message that is like the one before only the text is read; whatever they hold, that must not show.
const texts = [
  "one ",
  "",
  '"',
  "\\",
  '\\"',
  '"]],[]],"is_generating":',
  lookalike,
  '"]]',
  "\n\u2028\u0000",
  "näht 日本 🙂",
  "\ud800",
  "a\\",
];
const shapes: readonly ((text: string) => unknown)[] = [
  (text) => [[], [["append", [0, 1], text]], []],
  (text) => [[["append", [], text]]],
  (text) => [[["append", [0, "text"], text]], []],
  (text) => [[["append", ['"', "append"], text]]],
  (text) => [[["replace", [], text]]],
  (text) => [[["append", [], text]], [["append", [], text]]],
  (text) => [[["append", [], "x"]], [["append", [], text]]],
  (text) => [
    [
      ["append", [], "x"],
      ["append", [], text],
    ],
  ],
  (text) => [[["append", [], [text]]]],
  (text) => [[["append", [], text, "more"]]],
  (text) => [[{ append: text, is_generating: true }]],
  (text) => [text, "whole"],
  () => [[], []],
];

function wire(data: unknown, { id = "0123456789abcdef", duration = 0.1, spaces = 0 } = {}): string {
  const output = { data, is_generating: true, duration, average_duration: 0.1, render_config: null };
  return JSON.stringify({ msg: "process_generating", event_id: id, output, success: true }, undefined, spaces);
}

/** Messages whose fields stand in another order: what follows the values says which job they are of, or that they are none. */
function turned(data: unknown): readonly string[] {
  const output = { data, is_generating: true, duration: 0.1 };
  const messages = [
    { output, msg: "process_generating", event_id: "0123456789abcdef" },
    { output, msg: "process_generating", event_id: "fedcba9876543210" },
    { output, msg: "process_completed", event_id: "0123456789abcdef" },
    { msg: "process_generating", output, event_id: "0123456789abcdef" },
    { msg: "process_generating", output, event_id: "fedcba9876543210" },
    { msg: "process_generating", event_id: "0123456789abcdef", success: true, output },
  ];
  return messages.map((message) => JSON.stringify(message));
}

test("knows a job by its id, however that is written", () => {
  const [plain, written] = [wire(["a"], { id: "näht\\" }), wire(["a"], { id: "näht\\" }).replace("ä", "\\u00e4")];
  expect(parseQueueMessage(plain)?.eventId).toBe("näht\\");
  expect(parseQueueMessage(written)?.eventId).toBe("näht\\");
});

test("reads the same of a message, whichever came before it", () => {
  const wires = shapes.flatMap((shape) => texts.map((text, index) => wire(shape(text), { duration: index / 3 })));
  wires.push(wire(shapes[0]?.("of another job"), { id: "fedcba9876543210" }), wire(shapes[0]?.("b"), { spaces: 1 }));
  wires.push('{"msg":"progress","event_id":"0123456789abcdef","progress_data":[]}', "{", wires[0]?.slice(0, -60) ?? "");
  for (const broken of ["one \n", "\\x", 'o"e ', "\t"]) wires.push(wires[0]?.replace("one ", broken) ?? "");
  wires.push(...turned(shapes[0]?.("one ")), ...turned(shapes[0]?.("two ")));
  for (const before of wires) {
    const reader = new MessageReader();
    reader.read(before);
    for (const text of wires) {
      reader.read(before);
      const read = reader.read(text);
      const parsed = parseQueueMessage(text);
      expect(read?.eventId).toBe(parsed?.eventId);
      expect(read?.message.type).toBe(parsed?.message.type);
      if (read?.message.type !== "generating" || parsed?.message.type !== "generating") continue;
      expect(read.message.data).toEqual(parsed.message.data);
      const { appended } = read.message;
      if (appended !== undefined) expect(JSON.stringify(read.message.data)).toContain(JSON.stringify(appended));
    }
  }
});

test("reads only the text of an append that is like the one before", () => {
  const reader = new MessageReader();
  const read = texts.map((text, index) => reader.read(wire([[], [["append", [0, 1], text]]], { duration: index })));
  expect(read.map((said) => said?.message.type === "generating" && said.message.appended)).toEqual([
    undefined,
    ...texts.slice(1),
  ]);
});

test("follows an answer to the same text, whether its messages are alike or not", () => {
  const steps = Array.from({ length: 200 }, (_, index) => {
    const text = texts[index % texts.length] ?? "";
    if (index % 17 === 3) return [[["append", [], text]], [], []];
    if (index % 23 === 7) return [[["append", [], "q"]], [["append", [0, 1], text]], []];
    return [[], index % 29 === 5 ? [["replace", [0, 1], text]] : [["append", [0, 1], text]], []];
  });
  const messages = new MessageReader();
  const open = () => new AnswerReader({ at: [1, 0, 1] }, { whole: false, check: () => undefined });
  const [one, other] = [open(), open()];
  for (const data of [["", [["q", "a"]], ""], ...steps]) {
    const message = messages.read(wire(data))?.message;
    if (message?.type !== "generating") throw new Error("It is no delta.");
    const part =
      message.appended !== undefined && one.appends ? one.append(message.appended) : one.generating(message.data);
    expect(part).toEqual(other.generating(data));
    expect(one.text()).toBe(other.text());
  }
});
