import { describe, expect, test } from "vitest";
import { bySize, expectLinear, heldMb } from "../../core/test/cost.ts";
import { AnswerBody } from "../src/answer-body.ts";
import { ToolCalls } from "../src/tool-calls.ts";
import { chunk, DONE, event, providerOf, type Answerer } from "./scripted-endpoint.ts";

const END = event(chunk({}, "stop")) + DONE;

/** Sends a body in pieces of so many bytes, as a network would. */
function inPieces(body: string, size = 16_384): Answerer {
  const bytes = Buffer.from(body);
  return async (response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (let at = 0; at < bytes.length; at += size)
      if (!response.write(bytes.subarray(at, at + size)))
        await new Promise((resolve) => response.once("drain", resolve));
    response.end();
  };
}

function call(index: number, more: object): object {
  return chunk({ tool_calls: [{ index, ...more }] });
}

const MANY = 1000;

/** Answers of any size, each of which is to cost what it is long, and no more. */
const ANSWERS: Readonly<Record<string, readonly [size: number, body: (size: number) => string]>> = {
  "empty chunks": [16_000, (size) => event(chunk({ content: "" })).repeat(size)],
  "comments, and no other word": [40_000, (size) => ": alive\n\n".repeat(size)],
  "one chunk, in pieces": [2_000_000, (size) => event(chunk({ content: "a".repeat(size) }))],
  "one chunk that begins with white space": [2_000_000, (size) => event(chunk({ content: " ".repeat(size) + "a" }))],
  "thought that never ends": [16_000, (size) => event(chunk({ content: "<think>" + "<".repeat(20) })).repeat(size)],
  "pieces of the input of one call": [
    8000,
    (size) =>
      event(call(0, { id: "a", function: { name: "look_up", arguments: '"' } })) +
      event(call(0, { function: { arguments: "a" } })).repeat(size) +
      event(call(0, { function: { arguments: '"' } })),
  ],
  "pieces of the inputs of many calls, by turns": [
    8000,
    (size) =>
      Array.from({ length: size }, (_, at) =>
        event(
          call(at % MANY, { id: `call-${at % MANY}`, function: { name: "look_up", arguments: at < MANY ? "1" : "0" } }),
        ),
      ).join(""),
  ],
  "chunks that all differ": [
    16_000,
    (size) =>
      Array.from({ length: size }, (_, at) => event({ ...chunk({ content: "a" }), obfuscation: `${at}` })).join(""),
  ],
};

test.each(Object.entries(ANSWERS))(
  "%s cost what they are long, and no more",
  { timeout: 60_000 },
  async (_, [size, body]) => {
    const answers = bySize((many) => inPieces(body(many) + event(chunk({ content: "Yes." })) + END));
    let answer: Answerer = () => undefined;
    const { ask } = await providerOf((response, request) => answer(response, request));
    await expectLinear(async (many) => {
      answer = answers(many);
      expect(await ask()).toMatchObject({
        error: undefined,
        finish: { reason: expect.stringMatching(/stop|tool-calls/) },
      });
    }, size);
  },
);

describe("of calls without measure", () => {
  test.each([
    [
      "10,000 of them, by index",
      Array.from({ length: 10_000 }, (_, at) =>
        call(at, { id: `call-${at}`, function: { name: "look_up", arguments: "{}" } }),
      ),
      "more than 1024 tool calls",
    ],
    [
      "an id of 1 MB",
      [call(0, { id: "a".repeat(1_000_000), function: { name: "look_up", arguments: "{}" } })],
      "id has 1000000 characters",
    ],
    [
      "a name of 1 MB",
      [call(0, { id: "a", function: { name: "a".repeat(1_000_000), arguments: "{}" } })],
      "name has 1000000 characters",
    ],
  ])("%s: named, and none is handed out", async (_, chunks, message) => {
    const { ask } = await providerOf(inPieces(chunks.map(event).join("") + END));
    const { error, parts } = await ask();
    expect(error).toMatchObject({ code: "protocol", message: expect.stringContaining(message) });
    expect(parts.filter(({ type }) => type === "tool-call")).toEqual([]);
  });

  test("an index of a billion is a number like another", async () => {
    const { ask } = await providerOf(
      inPieces(event(call(1_000_000_000, { id: "a", function: { name: "look_up", arguments: "{}" } })) + END),
    );
    const { error, parts } = await ask();
    expect(error).toBeUndefined();
    expect(parts).toContainEqual({ type: "tool-call", toolCallId: "a", toolName: "look_up", input: "{}" });
  });
});

test("the input of a call holds what it is long, however small its pieces are", () => {
  const calls = new ToolCalls(
    { provider: "endpoint", messages: [] },
    { host: "api.example.com", grew: () => undefined, push: () => undefined },
  );
  const take = (said: object): void => calls.take([{ index: 0, function: said }], { areWhole: false });
  take({ name: "look_up", arguments: '"' });
  const before = heldMb();
  for (let piece = 0; piece < 200_000; piece++) take({ arguments: "ab" });
  expect(heldMb() - before).toBeLessThan(2);
  take({ arguments: '"' });
  calls.finish({ isCut: false });
});

test("an answer that comes whole, but byte by byte, takes the memory that it is", () => {
  let said = "";
  const sink = {
    host: "api.example.com",
    comesWhole() {},
    whole: (text: string) => void (said = text),
    event() {},
    end() {},
    error() {},
  };
  const body = new AnswerBody(sink);
  const bytes = new TextEncoder().encode(`{${"é".repeat(50_000)}`);
  const before = heldMb();
  for (let at = 0; at < bytes.length; at += 1) body.chunk(bytes.subarray(at, at + 1));
  expect(heldMb() - before).toBeLessThan(1);
  body.end();
  expect(said).toBe(`{${"é".repeat(50_000)}`);
});
