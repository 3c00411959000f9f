import { describe, expect, it } from "vitest";
import { parseQueueMessage } from "../../src/gradio/messages.ts";

const parse = (message: unknown) => parseQueueMessage(JSON.stringify(message));

// As recorded from Gradio 4.44.1, 5.50.0 and 6.31.0.
const TABLE: readonly (readonly [name: string, wire: object, expected: object])[] = [
  [
    "estimation",
    { msg: "estimation", event_id: "e", rank: 2, queue_size: 5, rank_eta: 1.5 },
    { type: "queue", position: 2, size: 5, etaMs: 1500 },
  ],
  [
    "estimation without an estimate",
    { msg: "estimation", event_id: "e", rank: 0, queue_size: 1, rank_eta: null },
    { type: "queue", position: 0, size: 1, etaMs: undefined },
  ],
  ["process_starts", { msg: "process_starts", event_id: "e", eta: 3 }, { type: "started" }],
  [
    "process_generating",
    { msg: "process_generating", event_id: "e", output: { data: ["a", null], is_generating: true }, success: true },
    { type: "generating", data: ["a", null] },
  ],
  [
    "process_streaming",
    { msg: "process_streaming", event_id: "e", output: { data: [1] } },
    { type: "generating", data: [1] },
  ],
  [
    "progress with a fraction",
    {
      msg: "progress",
      event_id: "e",
      progress_data: [{ index: 1, length: 4, unit: "steps", progress: 0.5, desc: "Go" }],
    },
    {
      type: "progress",
      message: "Go",
      fraction: 0.5,
      bars: [{ message: "Go", fraction: 0.5, index: 1, length: 4, unit: "steps" }],
    },
  ],
  [
    "progress as steps of a whole",
    {
      msg: "progress",
      event_id: "e",
      progress_data: [{ index: 1, length: 4, unit: "steps", progress: null, desc: null }],
    },
    {
      type: "progress",
      message: undefined,
      fraction: 0.25,
      bars: [{ message: undefined, fraction: 0.25, index: 1, length: 4, unit: "steps" }],
    },
  ],
  [
    "progress of nested bars: the outermost speaks",
    {
      msg: "progress",
      event_id: "e",
      progress_data: [
        { index: 1, length: 2, desc: "outer" },
        { index: 9, length: 10, desc: "inner" },
      ],
    },
    {
      type: "progress",
      message: "outer",
      fraction: 0.5,
      bars: [
        { message: "outer", fraction: 0.5, index: 1, length: 2, unit: undefined },
        { message: "inner", fraction: 0.9, index: 9, length: 10, unit: undefined },
      ],
    },
  ],
  [
    "progress beyond its end",
    { msg: "progress", event_id: "e", progress_data: [{ index: 7, length: 4 }] },
    {
      type: "progress",
      message: undefined,
      fraction: 1,
      bars: [{ message: undefined, fraction: 1, index: 7, length: 4, unit: undefined }],
    },
  ],
  [
    "progress of unknown length",
    { msg: "progress", event_id: "e", progress_data: [{ index: 7, length: null }] },
    {
      type: "progress",
      message: undefined,
      fraction: undefined,
      bars: [{ message: undefined, fraction: undefined, index: 7, length: undefined, unit: undefined }],
    },
  ],
  [
    "progress without data",
    { msg: "progress", event_id: "e", progress_data: null },
    { type: "progress", message: undefined, fraction: undefined, bars: [] },
  ],
  [
    "log",
    { msg: "log", event_id: "e", log: "careful", level: "warning", duration: 10, visible: true, title: "Warning" },
    { type: "log", level: "warning", message: "careful", title: "Warning", durationMs: 10_000 },
  ],
  [
    "log of a new level",
    { msg: "log", event_id: "e", log: "hm", level: "fancy" },
    { type: "log", level: "info", message: "hm" },
  ],
  [
    "process_completed",
    { msg: "process_completed", event_id: "e", output: { data: ["x"], duration: 1 }, success: true },
    { type: "completed", success: true, data: ["x"], error: undefined, title: undefined },
  ],
  [
    "process_completed of a cancelled job",
    { msg: "process_completed", event_id: "e", output: {}, success: true },
    { type: "completed", success: true, data: undefined, error: undefined, title: undefined },
  ],
  [
    "process_completed with gr.Error",
    {
      msg: "process_completed",
      event_id: "e",
      output: { error: "gave up", duration: 10, visible: true, title: "Error" },
      success: false,
    },
    { type: "completed", success: false, data: undefined, error: "gave up", title: "Error", durationMs: 10_000 },
  ],
  [
    "process_completed with a hidden error",
    { msg: "process_completed", event_id: "e", output: { error: null }, success: false },
    { type: "completed", success: false, data: undefined, error: undefined, title: undefined },
  ],
  [
    "process_completed that calls an error a success",
    { msg: "process_completed", event_id: "e", output: { error: null }, success: true },
    { type: "completed", success: false, data: undefined, error: undefined, title: undefined },
  ],
  [
    "unexpected_error of a lost session, 5.x",
    { msg: "unexpected_error", event_id: "e", message: "404: Not Found", session_not_found: true, success: false },
    { type: "failed", message: "404: Not Found", sessionNotFound: true },
  ],
  [
    "unexpected_error of a lost session, 4.44",
    { msg: "unexpected_error", event_id: "e", message: "404: Session not found.", success: false },
    { type: "failed", message: "404: Session not found.", sessionNotFound: true },
  ],
  [
    "unexpected_error of another kind",
    { msg: "unexpected_error", event_id: "e", message: "Broken", success: false },
    { type: "failed", message: "Broken", sessionNotFound: false },
  ],
  ["close_stream", { msg: "close_stream", event_id: "e" }, { type: "closed" }],
];

it.each(TABLE)("reads %s", (_, wire, message) => {
  expect(parse(wire)).toEqual({ eventId: "e", message });
});

it.each([
  [[',"is_generating":true', "a\\", '"', "]}", "\u2028"]],
  [[{ a: 1, is_generating: true }, [{ b: [], is_generating: false }]]],
  [[["append", [1, "data"], ',"is_generating":']]],
  [[]],
  [[null, 1.5e300, "\ud800"]],
])("reads the values of a delta exactly, whatever is in them: %j", (data) => {
  const output = { data, is_generating: true, duration: 0.1, average_duration: 0.1, render_config: null };
  const wire = { msg: "process_generating", event_id: "e", output, success: true, time_limit: null };
  expect(parse(wire)).toEqual({ eventId: "e", message: { type: "generating", data } });
  // The same with its fields in another order, and with white space.
  const { msg, ...others } = wire;
  expect(parse({ ...others, msg })).toEqual(parse(wire));
  expect(parseQueueMessage(JSON.stringify(wire, undefined, 1))).toEqual(parse(wire));
});

it("knows which job a message speaks of, or that it speaks of the whole session", () => {
  expect(parse({ msg: "close_stream", event_id: null })?.eventId).toBeUndefined();
  expect(parse({ msg: "close_stream" })?.eventId).toBeUndefined();
  expect(parse({ msg: "close_stream", event_id: "mine" })?.eventId).toBe("mine");
});

it("has no use for heartbeats and kinds it does not know: they are nothing", () => {
  expect(parse({ msg: "heartbeat", event_id: null })).toBeUndefined();
  expect(parse({ msg: "a_message_of_gradio_9", event_id: "e", output: {} })).toBeUndefined();
  expect(parse({ msg: "toString", event_id: "e" })).toBeUndefined();
});

describe("what is no message", () => {
  it.each([
    "",
    "{",
    "null",
    "[]",
    '"text"',
    "1",
    "undefined",
    "{}",
    '{"msg":1}',
    "<html></html>",
    '{"msg":"process_generating"}',
  ])("is nothing, and throws nothing: %s", (data) => expect(parseQueueMessage(data)).toBeUndefined());

  it.each([
    { msg: "process_generating", event_id: "e", output: { data: "text" } },
    { msg: "process_generating", event_id: "e", output: null },
  ])("a generating message without a list of values is nothing: %j", (wire) => expect(parse(wire)).toBeUndefined());

  it.each([
    { msg: "process_completed", event_id: "e" },
    { msg: "process_completed", event_id: "e", output: [] },
    { msg: "process_completed", event_id: "e", output: { data: "text" } },
    { msg: "estimation", event_id: "e", rank: "1", queue_size: null, rank_eta: "soon" },
    { msg: "log", event_id: "e" },
    { msg: "unexpected_error", event_id: "e" },
    { msg: "progress", event_id: "e", progress_data: [null] },
  ])("fields of another type than expected count as absent: %j", (wire) => expect(parse(wire)).toBeDefined());
});
