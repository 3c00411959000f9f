import { describe, expect, test } from "vitest";

import { createOpenAIEmulator, type OpenAIAnswers, type OpenAIDialectName } from "../../src/index.ts";
import { ask, chunksIn, eventsIn, finishIn, textIn } from "./raw-client.ts";

const messages = [{ role: "user", content: "Hi" }];

/** The deltas of a stream behind its first, and the message of a whole answer. */
async function both(
  answer: OpenAIAnswers,
  { dialect, ...more }: { dialect?: OpenAIDialectName; [field: string]: unknown } = {},
) {
  await using server = await createOpenAIEmulator({ models: { m: answer }, dialect });
  const body = { model: "m", messages, ...more };
  const stream = (await ask(server.url, { ...body, stream: true }))!;
  const whole = JSON.parse((await ask(server.url, body))!.body) as {
    choices: [{ message: object; finish_reason: string | null }];
    usage?: object;
  };
  const deltas = chunksIn(stream).flatMap(({ choices }): readonly Readonly<Record<string, unknown>>[] =>
    choices === undefined || choices[0] === undefined ? [] : [choices[0].delta],
  );
  const [{ message, finish_reason: wholeFinish }] = whole.choices;
  return {
    stream,
    text: textIn(stream),
    deltas: deltas.slice(1, -1),
    finish: finishIn(stream),
    message,
    wholeFinish,
    whole,
  };
}

describe("reasoning", () => {
  const answer = [{ reasoning: "Let me " }, { reasoning: "see." }, "Yes"];

  test.each([
    ["openai", "reasoning_content"],
    ["vllm", "reasoning"],
  ] as const)("%s has it in %s", async (dialect, field) => {
    const { deltas, message } = await both(answer, { dialect });
    expect(deltas).toEqual([{ [field]: "Let me " }, { [field]: "see." }, { content: "Yes" }]);
    expect(message).toEqual({ role: "assistant", content: "Yes", [field]: "Let me see." });
  });

  test("may stand in the text, as servers without a parser have it", async () => {
    await using server = await createOpenAIEmulator({ models: { m: answer }, reasoning: "think" });
    const heard = (await ask(server.url, { model: "m", messages, stream: true }))!;
    expect(textIn(heard)).toBe("<think>\nLet me see.\n</think>\n\nYes");
    server.answer([{ reasoning: "only" }]);
    const { body } = (await ask(server.url, { model: "m", messages }))!;
    expect(JSON.parse(body)).toMatchObject({ choices: [{ message: { content: "<think>\nonly\n</think>\n\n" } }] });
  });
});

describe("a call of a tool", () => {
  test("comes whole, and ends the answer with tool_calls", async () => {
    const { deltas, message, finish, wholeFinish } = await both([{ toolCall: "look_up", arguments: '{"a":1}' }]);
    const call = { id: "call_1", type: "function", function: { name: "look_up", arguments: '{"a":1}' } };
    expect(deltas).toEqual([{ tool_calls: [{ index: 0, ...call }] }]);
    expect(message).toEqual({ role: "assistant", content: null, tool_calls: [call] });
    expect([finish, wholeFinish]).toEqual(["tool_calls", "tool_calls"]);
  });

  test("comes in pieces, and several at once take turns", async () => {
    const { deltas, message } = await both([
      "I look. ",
      {
        toolCalls: [
          { toolCall: "a", arguments: ["{", "}"] },
          { toolCall: "b", arguments: ["[]"] },
        ],
      },
    ]);
    expect(deltas.slice(1)).toEqual([
      { tool_calls: [{ index: 0, id: "call_1", type: "function", function: { name: "a", arguments: "" } }] },
      { tool_calls: [{ index: 1, id: "call_2", type: "function", function: { name: "b", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: "{" } }] },
      { tool_calls: [{ index: 1, function: { arguments: "[]" } }] },
      { tool_calls: [{ index: 0, function: { arguments: "}" } }] },
    ]);
    expect(message).toMatchObject({
      content: "I look. ",
      tool_calls: [{ function: { arguments: "{}" } }, { function: { arguments: "[]" } }],
    });
  });

  test.each([
    ["first", ["x", undefined, undefined]],
    ["last", [undefined, undefined, "x"]],
    ["each", ["x", "x", "x"]],
    ["none", [undefined, undefined, undefined]],
  ] as const)("says its id in the %s of its pieces", async (says, ids) => {
    const { deltas } = await both([{ toolCall: "a", arguments: ["{", "}"], id: "x", says }]);
    const told = deltas.map((delta) => (delta["tool_calls"] as readonly [{ readonly id?: string }])[0].id);
    expect(told).toEqual(ids);
  });

  test("may have no number, and an object for its text", async () => {
    const { deltas } = await both([{ toolCall: "a", index: null, arguments: { b: 1 } }]);
    expect(deltas).toEqual([
      { tool_calls: [{ id: "call_1", type: "function", function: { name: "a", arguments: { b: 1 } } }] },
    ]);
  });
});

test("refuses in pieces", async () => {
  const { deltas, message } = await both([{ refusal: "I " }, { refusal: "won't." }]);
  expect(deltas).toEqual([{ refusal: "I " }, { refusal: "won't." }]);
  expect(message).toMatchObject({ refusal: "I won't." });
});

test("says comments, deltas and events as they are", async () => {
  const { stream, message } = await both([
    { comment: "still here" },
    { delta: { content: "a", odd: 1 } },
    { data: "{" },
    "b",
  ]);
  expect(eventsIn(stream).slice(1, 2)).toEqual([": still here"]);
  expect(eventsIn(stream)).toContain("data: {");
  expect(message).toEqual({ role: "assistant", content: "ab", odd: 1 });
});

test("ends as its script says it, with the usage of its script or with none", async () => {
  const usage = { prompt_tokens: 7, completion_tokens: 8, total_tokens: 15 };
  const told = await both({ steps: ["a"], finishReason: "eos", usage }, { stream_options: { include_usage: true } });
  expect([told.finish, told.wholeFinish, told.whole.usage]).toEqual(["eos", "eos", usage]);
  expect(chunksIn(told.stream).at(-1)?.usage).toEqual(usage);
  const silent = await both(
    { steps: ["a"], finishReason: null, usage: null },
    { stream_options: { include_usage: true } },
  );
  expect([silent.finish, silent.wholeFinish, "usage" in silent.whole]).toEqual([undefined, null, false]);
});

test("says as much as the request allows, and that this was why it ended", async () => {
  for (const limit of ["max_tokens", "max_completion_tokens"]) {
    const { text, finish, whole } = await both("one two three", { [limit]: 2 });
    expect([text, finish]).toEqual(["one two", "length"]);
    expect(whole).toMatchObject({ usage: { completion_tokens: 2 } });
  }
});

describe("goes on behind a last message of the assistant", () => {
  const beginning = { role: "assistant", content: "one tw" };
  const cases: readonly (readonly [OpenAIDialectName, object, object])[] = [
    ["llama.cpp", {}, {}],
    ["openrouter", {}, {}],
    ["dashscope", { partial: true }, {}],
    ["vllm", {}, { continue_final_message: true, add_generation_prompt: false }],
  ];

  test.each(cases)("as %s does", async (dialect, message, body) => {
    const behind = await both("one two three", {
      dialect,
      ...body,
      messages: [...messages, { ...beginning, ...message }],
    });
    expect(behind.text).toBe("o three");
    expect(behind.message).toMatchObject({ content: dialect === "llama.cpp" ? "one two three" : "o three" });
  });

  test("and not where the server takes it as history", async () => {
    for (const dialect of ["openai", "vllm", "dashscope"] as const)
      expect((await both("one two", { dialect, messages: [...messages, beginning] })).text).toBe("one two");
  });

  test("by saying what it has to say, where that does not begin so", async () => {
    const said = await both("one twist", {
      dialect: "llama.cpp",
      messages: [...messages, { role: "assistant", content: "one two" }],
    });
    expect(said.text).toBe("one twist");
  });
});

test("fails by its status as the first step, in the stream later", async () => {
  await using server = await createOpenAIEmulator({ models: { m: [{ error: "Broken" }] } });
  const question = { model: "m", messages, stream: true };
  const first = (await ask(server.url, question))!;
  expect([first.status, JSON.parse(first.body)]).toMatchObject([500, { error: { message: "Broken" } }]);
  server.answer([{ error: { message: "Busy", status: 503, code: "busy" } }]);
  expect((await ask(server.url, question))?.status).toBe(503);
  server.answer(["one", { error: { message: "Gone", code: "gone" } }]);
  const later = (await ask(server.url, question))!;
  expect([later.status, textIn(later), finishIn(later)]).toEqual([200, "one", undefined]);
  expect(chunksIn(later).at(-1)).toMatchObject({ error: { message: "Gone", code: "gone" } });
  expect((await ask(server.url, { ...question, stream: false }))?.status).toBe(500);
  expect(server.calls.map(({ state }) => state)).toEqual(["failed", "failed", "failed", "failed"]);
});

test("waits before the first piece and between the others, with the headers sent at once", async () => {
  await using server = await createOpenAIEmulator({
    models: { m: { steps: ["a", "b", { waitMs: 60 }, "c"], firstDelayMs: 400, delayMs: 40 } },
  });
  const start = performance.now();
  const response = await fetch(`${server.url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "m", messages, stream: true }),
  });
  const headersAt = performance.now() - start;
  await response.text();
  expect(headersAt).toBeLessThan(400);
  // A timer may be a millisecond early.
  expect(performance.now() - start).toBeGreaterThan(400 + 40 + 60 + 40 - 5);
});

describe("a slip in a script is told to the client", () => {
  const failing: readonly (readonly [string, OpenAIAnswers, RegExp])[] = [
    [
      "a function that throws",
      () => {
        throw new Error("my slip");
      },
      /my slip/u,
    ],
    ["a function that gives a promise", (async () => "Hi") as unknown as OpenAIAnswers, /`answer\(\)` must be a text/u],
    [
      "a step that is none",
      { steps: new Set([{ reasonning: "x" }]) as unknown as string[] },
      /A step must be a string/u,
    ],
    [
      "a generator that throws",
      {
        // oxlint-disable-next-line require-yield
        *[Symbol.iterator]() {
          throw new Error("my slip");
        },
      } as unknown as OpenAIAnswers,
      /must be/u,
    ],
  ];

  test.each(failing)("%s", async (_name, answer, pattern) => {
    await using server = await createOpenAIEmulator({
      models: { m: typeof answer === "function" ? answer : () => answer },
    });
    for (const stream of [true, false]) {
      const heard = (await ask(server.url, { model: "m", messages, stream }))!;
      expect(heard.body).toMatch(pattern);
      expect(finishIn(heard)).toBeUndefined();
    }
    expect(server.calls.map(({ state }) => state)).toEqual(["failed", "failed"]);
  });

  test("also in mid-answer", async () => {
    const steps = function* () {
      yield "one";
      throw new Error("my slip");
    };
    await using server = await createOpenAIEmulator({ models: { m: () => ({ steps: steps() }) } });
    const heard = (await ask(server.url, { model: "m", messages, stream: true }))!;
    expect([textIn(heard), finishIn(heard)]).toEqual(["one", undefined]);
    expect(chunksIn(heard).at(-1)).toMatchObject({ error: { message: expect.stringContaining("my slip") } });
  });
});

test("says what an emulated Space says where it has no answer of its own", async () => {
  await using server = await createOpenAIEmulator({ models: { m: undefined } });
  const text = async (content: string) =>
    textIn((await ask(server.url, { model: "m", stream: true, messages: [{ role: "user", content }] }))!);
  expect(await text("script:repeat")).toBe("haha haha\n\n\n");
  expect(await text("script:rewrite")).toBe("Hello world, again.");
  expect(await text("script:slow 3 1")).toBe("1 2 3");
  expect(await text("script:error 2")).toBe("one two ");
  expect(server.calls.map(({ state }) => state)).toEqual(["finished", "finished", "finished", "failed"]);
});
