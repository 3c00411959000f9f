import { expect, test } from "vitest";

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
