import { describe, expect, test } from "vitest";
import { chunk, event, json, providerOf, QUESTION, stream } from "./scripted-endpoint.ts";

const TOOLS = { settings: { tools: [{ name: "look_up", inputSchema: {} }] } };
const call = (fields: object, said?: object): object =>
  chunk({ tool_calls: [{ ...fields, ...(said && { function: said }) }] });
const END = chunk({}, "tool_calls");

/** The calls of an answer, and what was told of their inputs before. */
async function callsIn(chunks: readonly object[], messages: Parameters<typeof ask>[0] = QUESTION) {
  return ask(messages, stream(chunks));
}

async function ask(messages: typeof QUESTION | readonly never[], answer: Parameters<typeof providerOf>[0]) {
  const { ask: request } = await providerOf(answer, { capabilities: { tools: true } });
  const { parts, finish, error } = await request({ ...TOOLS, messages });
  const calls = parts.filter((part) => part.type === "tool-call");
  const deltas = new Map<string, string>();
  for (const part of parts)
    if (part.type === "tool-input-delta") deltas.set(part.toolCallId, (deltas.get(part.toolCallId) ?? "") + part.text);
  return {
    calls: calls.map(({ toolCallId: id, toolName: name, input }) => ({ id, name, input })),
    deltas,
    finish,
    error,
  };
}

const GIVEN_ID = expect.stringMatching(/^[0-9a-f]{9}$/);

describe("calls of tools", () => {
  test("come by their index, their inputs as they are written, and whole at the end", async () => {
    const { calls, deltas, finish } = await callsIn([
      call({ index: 0, id: "a", type: "function" }, { name: "look_up", arguments: "" }),
      call({ index: 1, id: "b" }, { name: "look_up", arguments: '{"n":' }),
      call({ index: 0 }, { arguments: '{"n":' }),
      call({ index: 0 }, { arguments: "1}" }),
      call({ index: 1 }, { arguments: "2}" }),
      END,
    ]);
    expect(calls).toEqual([
      { id: "a", name: "look_up", input: '{"n":1}' },
      { id: "b", name: "look_up", input: '{"n":2}' },
    ]);
    expect([...deltas]).toEqual([
      ["b", '{"n":2}'],
      ["a", '{"n":1}'],
    ]);
    expect(finish).toMatchObject({ reason: "tool-calls" });
  });

  test.each<[string, readonly object[], readonly object[]]>([
    [
      "without ids",
      [call({ index: 0 }, { name: "x", arguments: "{}" }), call({ index: 1 }, { name: "y", arguments: "{}" })],
      [
        { id: GIVEN_ID, name: "x" },
        { id: GIVEN_ID, name: "y" },
      ],
    ],
    [
      "by their ids alone, in turns",
      [
        call({ id: "a" }, { name: "x", arguments: "" }),
        call({ id: "b" }, { name: "y", arguments: "" }),
        call({ id: "a" }, { arguments: '{"n":' }),
        call({ id: "b" }, { arguments: '{"n":2}' }),
        call({ id: "a" }, { arguments: "1}" }),
      ],
      [
        { id: "a", name: "x", input: '{"n":1}' },
        { id: "b", name: "y", input: '{"n":2}' },
      ],
    ],
    [
      "with an id that comes late",
      [call({ index: 0 }, { name: "x", arguments: '{"a"' }), call({ index: 0, id: "late" }, { arguments: ":1}" })],
      [{ id: "late", input: '{"a":1}' }],
    ],
    [
      "with an id in every piece",
      [
        call({ index: 0, id: "a" }, { name: "x", arguments: '{"a"' }),
        call({ index: 0, id: "a" }, { name: "x", arguments: ":1}" }),
      ],
      [{ id: "a", name: "x", input: '{"a":1}' }],
    ],
    [
      "of which two have one id",
      [
        call({ index: 0, id: "a" }, { name: "x", arguments: "{}" }),
        call({ index: 1, id: "a" }, { name: "y", arguments: "{}" }),
      ],
      [
        { id: "a", name: "x" },
        { id: GIVEN_ID, name: "y" },
      ],
    ],
    [
      "all of index 0",
      [
        call({ index: 0, id: "a" }, { name: "x", arguments: "{}" }),
        call({ index: 0, id: "b" }, { name: "y", arguments: "{}" }),
      ],
      [
        { id: "a", name: "x" },
        { id: "b", name: "y" },
      ],
    ],
    [
      "all of index 0, without ids",
      [
        call({ index: 0, id: "" }, { name: "x", arguments: '{"n":1}' }),
        call({ index: 0 }, { arguments: "\n" }),
        call({ index: 0, id: "" }, { name: "x", arguments: '{"n":2}' }),
        call({ index: 0 }, { name: "y", arguments: "{}" }),
      ],
      [
        { id: GIVEN_ID, name: "x", input: '{"n":1}\n' },
        { id: GIVEN_ID, name: "x", input: '{"n":2}' },
        { id: GIVEN_ID, name: "y", input: "{}" },
      ],
    ],
    [
      "all of index 0, each announced before its input",
      [
        call({ index: 0, id: "a" }, { name: "x", arguments: "" }),
        call({ index: 0 }, { arguments: '{"n":1}' }),
        call({ index: 0, id: "b" }, { name: "x", arguments: "" }),
        call({ index: 0 }, { arguments: '{"n":2}' }),
      ],
      [
        { id: "a", name: "x", input: '{"n":1}' },
        { id: "b", name: "x", input: '{"n":2}' },
      ],
    ],
    [
      "of which each piece names the tool, under an id of its own",
      [
        call({ index: 0, id: "a" }, { name: "x", arguments: '{"n' }),
        call({ index: 0, id: "b" }, { name: "x", arguments: '":' }),
        call({ index: 0, id: "c" }, { name: "x", arguments: '{"m":1}' }),
        call({ index: 0, id: "d" }, { name: "x", arguments: "}" }),
      ],
      [{ id: "a", name: "x", input: '{"n":{"m":1}}' }],
    ],
    [
      "of which each piece names the tool, without an id",
      [
        call({ index: 0 }, { name: "x", arguments: '{"n' }),
        call({ index: 0 }, { name: "x", arguments: '":1}' }),
        call({ index: 0 }, { name: "x", arguments: "" }),
      ],
      [{ id: GIVEN_ID, name: "x", input: '{"n":1}' }],
    ],
    [
      "without an index",
      [
        call({ id: "a" }, { name: "x", arguments: '{"a"' }),
        call({}, { arguments: ":1}" }),
        call({ id: "b" }, { name: "y", arguments: "{}" }),
      ],
      [
        { id: "a", input: '{"a":1}' },
        { id: "b", name: "y" },
      ],
    ],
    [
      "without index or id",
      [call({}, { name: "x", arguments: "{}" }), call({}, { name: "x", arguments: "{}" })],
      [
        { name: "x", input: "{}" },
        { name: "x", input: "{}" },
      ],
    ],
    [
      "of indices that are text",
      [
        call({ index: "0", id: "a" }, { name: "x", arguments: "" }),
        call({ index: "1", id: "b" }, { name: "y", arguments: "" }),
        call({ index: "0" }, { arguments: '{"n":1}' }),
        call({ index: "1" }, { arguments: '{"n":2}' }),
      ],
      [
        { id: "a", name: "x", input: '{"n":1}' },
        { id: "b", name: "y", input: '{"n":2}' },
      ],
    ],
    [
      "with an input that is an object",
      [call({ index: 0, id: "a" }, { name: "x", arguments: { a: 1 } })],
      [{ input: '{"a":1}' }],
    ],
    ["with an input that is a list", [call({ index: 0, id: "a" }, { name: "x", arguments: [1] })], [{ input: "[1]" }]],
    ["with an input of null", [call({ index: 0, id: "a" }, { name: "x", arguments: null })], [{ input: "{}" }]],
    ["with an input that is empty", [call({ index: 0, id: "a" }, { name: "x", arguments: "" })], [{ input: "{}" }]],
    [
      "of an index that no list has",
      [call({ index: 1_000_000_000, id: "a" }, { name: "x", arguments: "{}" })],
      [{ id: "a" }],
    ],
  ])("%s are whole calls with ids of their own", async (_, chunks, expected) => {
    const { calls, deltas } = await callsIn([...chunks, END]);
    expect(calls).toMatchObject(expected);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length);
    for (const [id, text] of deltas) expect(calls.find((each) => each.id === id)?.input).toBe(text);
  });

  test("get another id than the calls before them in the chat", async () => {
    const messages = [
      ...QUESTION,
      { role: "assistant", content: [{ type: "tool-call", toolCallId: "a", toolName: "x", input: "{}" }] },
      {
        role: "tool",
        content: [{ type: "tool-result", toolCallId: "a", toolName: "x", output: { type: "text", value: "1" } }],
      },
    ] as never;
    const { calls } = await callsIn([call({ index: 0, id: "a" }, { name: "x", arguments: "{}" }), END], messages);
    expect(calls).toMatchObject([{ id: GIVEN_ID }]);
  });

  test("are the reason of the end, though a server says another", async () => {
    const { finish } = await callsIn([call({ index: 0, id: "a" }, { name: "x", arguments: "{}" }), chunk({}, "stop")]);
    expect(finish).toMatchObject({ reason: "tool-calls", rawReason: "stop" });
  });

  test("are not the reason of the end where none came, though a server says so", async () => {
    const { finish } = await callsIn([chunk({ content: "Hi" }), END]);
    expect(finish).toMatchObject({ reason: "other", rawReason: "tool_calls" });
  });

  test("in an answer that comes whole are as many as there are, whatever their ids", async () => {
    const tool_calls = [1, 2].map((n) => ({
      id: "same",
      type: "function",
      function: { name: "x", arguments: `{"n":${n}}` },
    }));
    const { calls } = await ask(
      QUESTION,
      json({ choices: [{ message: { content: null, tool_calls }, finish_reason: "tool_calls" }] }),
    );
    expect(calls).toMatchObject([
      { id: "same", input: '{"n":1}' },
      { id: GIVEN_ID, input: '{"n":2}' },
    ]);
  });

  test("whose input is no JSON are `invalid_output`, which is asked for once more", async () => {
    const { error, calls } = await callsIn([call({ index: 0, id: "a" }, { name: "x", arguments: "{oops" }), END]);
    expect(error).toMatchObject({ code: "invalid_output", text: "{oops" });
    expect(calls).toEqual([]);
  });

  test.each([
    ["the answer's length", "length", "length"],
    ["a filter of what it says", "content_filter", "content-filter"],
  ])("that are cut by %s are left out of it", async (_, raw, reason) => {
    const { calls, finish, error } = await callsIn([
      call({ index: 0, id: "a" }, { name: "x", arguments: "{}" }),
      call({ index: 1, id: "b" }, { name: "x", arguments: '{"a' }),
      chunk({}, raw),
    ]);
    expect(error).toBeUndefined();
    expect(calls).toMatchObject([{ id: "a" }]);
    expect(finish).toMatchObject({ reason });
  });

  test("whose input is long are signs of life, though their id comes late", async () => {
    const { ask: request } = await providerOf(
      (response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write(event(call({ index: 0 }, { name: "look_up", arguments: '{"a":"' })));
        let left = 10;
        const timer = setInterval(() => {
          left -= 1;
          if (left > 0) response.write(event(call({ index: 0 }, { arguments: "." })));
          else response.end(event(call({ index: 0, id: "late" }, { arguments: '"}' })) + event(END));
        }, 40);
        response.on("close", () => clearInterval(timer));
      },
      { capabilities: { tools: true }, timeouts: { firstOutputMs: 250, idleMs: 250 } },
    );
    const { parts, error } = await request(TOOLS);
    expect(error).toBeUndefined();
    expect(parts.filter(({ type }) => type === "tool-call")).toMatchObject([{ input: '{"a":"........."}' }]);
  });

  test("without the name of a tool are no answer", async () => {
    expect((await callsIn([call({ index: 0, id: "a" }, { arguments: "{}" }), END])).error).toMatchObject({
      code: "protocol",
    });
  });
});
