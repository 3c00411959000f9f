import { expect, test } from "vitest";

import { createOpenAIEmulator, type OpenAIAnswers, type OpenAIFaultName } from "../../src/index.ts";
import { ask, chunksIn, eventsIn, finishIn, textIn } from "./raw-client.ts";

const messages = [{ role: "user", content: "Hi" }];

test("streams a text word by word and says why it ended, and what it took if asked", async () => {
  await using server = await createOpenAIEmulator({ models: { "model-a": "Hello there, you" } });
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/u);
  const question = { model: "model-a", stream: true, messages };
  const heard = (await ask(server.url, question))!;
  expect([heard.status, heard.headers["content-type"]]).toEqual([200, "text/event-stream; charset=utf-8"]);
  const [first, ...rest] = chunksIn(heard);
  expect(first).toMatchObject({
    object: "chat.completion.chunk",
    model: "model-a",
    choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }],
  });
  expect(rest.map(({ choices }) => choices?.[0]?.delta.content)).toEqual(["Hello", " there,", " you", undefined]);
  expect([finishIn(heard), eventsIn(heard).at(-1)]).toEqual(["stop", "data: [DONE]"]);
  const counted = (await ask(server.url, { ...question, stream_options: { include_usage: true } }))!;
  expect(chunksIn(counted).at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4 },
  });
});

test("sends the same answer as one JSON body where no stream is asked for", async () => {
  await using server = await createOpenAIEmulator({ models: { "model-a": "Hello there" } });
  const heard = (await ask(server.url, { model: "model-a", messages }))!;
  expect(JSON.parse(heard.body)).toMatchObject({
    object: "chat.completion",
    model: "model-a",
    choices: [{ index: 0, message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  });
});

test("answers by the model, by the question, and differently from now on", async () => {
  await using server = await createOpenAIEmulator({
    models: {
      a: "I am a",
      b: ({ prompt, messages: all, tools, body, call }) =>
        prompt === "else" ? undefined : JSON.stringify([prompt, all.length, tools, body["temperature"], call]),
    },
  });
  const text = async (model: string, content: unknown, more: object = {}) =>
    textIn((await ask(server.url, { model, stream: true, messages: [{ role: "user", content }], ...more }))!);
  expect(await text("a", "x")).toBe("I am a");
  expect(await text("b", [{ type: "text", text: "x" }], { temperature: 1, tools: [1] })).toBe('["x",1,[1],1,2]');
  expect(await text("b", "else")).toBe("You said: else");
  expect(await text("b", "else", { response_format: { type: "json_object" } })).toBe('{"said":"else"}');
  server.answer("b", ["now ", "so"]);
  expect([await text("a", "x"), await text("b", "x")]).toEqual(["I am a", "now so"]);
  server.answer("all");
  expect([await text("a", "x"), await text("b", "x")]).toEqual(["all", "all"]);
  server.answer("c", "new");
  expect(await text("c", "x")).toBe("new");
});

test("lists its models, and knows no other", async () => {
  await using server = await createOpenAIEmulator({ models: { a: "A", "b/c": "B" } });
  const get = async (path: string) => JSON.parse((await ask(server.url, "", { method: "GET", path }))!.body) as unknown;
  expect(await get("/models")).toMatchObject({
    object: "list",
    data: [
      { id: "a", object: "model", owned_by: "openai" },
      { id: "b/c", object: "model", owned_by: "openai" },
    ],
  });
  expect(await get("/models/b%2Fc")).toMatchObject({ id: "b/c", object: "model" });
  const unknown = { error: { code: "model_not_found", type: "invalid_request_error" } };
  expect(await get("/models/nobody")).toMatchObject(unknown);
  expect(await get("/elsewhere")).toMatchObject({ error: { message: "Invalid URL" } });
  const heard = (await ask(server.url, { model: "nobody", messages }))!;
  expect([heard.status, JSON.parse(heard.body)]).toMatchObject([404, unknown]);
  expect(server.calls).toEqual([]);
});

test("asks for its key, on every route", async () => {
  await using server = await createOpenAIEmulator({ models: { a: "A" }, apiKey: "sk-right" });
  const question = { model: "a", messages };
  const status = async (authorization?: string) =>
    (await ask(server.url, question, { headers: authorization === undefined ? {} : { authorization } }))?.status;
  expect([await status(), await status("Bearer sk-wrong"), await status("Bearer sk-right")]).toEqual([401, 401, 200]);
  expect((await ask(server.url, "", { method: "GET", path: "/models" }))?.status).toBe(401);
});

test("refuses what is no question before a model is asked", async () => {
  await using server = await createOpenAIEmulator({ models: { a: "A" } });
  for (const body of ["{nonsense", {}, { model: "a" }, { model: "a", messages: "Hi" }, { model: 1, messages }, []]) {
    const heard = await ask(server.url, body);
    expect([heard?.status, JSON.parse(heard!.body)]).toMatchObject([400, { error: { type: "invalid_request_error" } }]);
  }
  expect(server.calls).toEqual([]);
});

test("records what it was asked, and what became of each answer", async () => {
  await using server = await createOpenAIEmulator({
    models: { a: { steps: ["one", " two", { waitMs: 10_000 }, " three"], delayMs: 1 } },
  });
  server.fault({ name: "eof", on: 3 });
  const question = { model: "a", stream: true, messages };
  await ask(server.url, { ...question, max_tokens: 2 }, { headers: { "x-mine": "1" } });
  await ask(server.url, question, { leaveAt: " two" });
  await ask(server.url, question);
  await server.idle();
  expect(server.calls).toMatchObject([
    { model: "a", route: "chat", state: "finished", pieces: 2 },
    { state: "cancelled", pieces: 2 },
    { state: "failed", pieces: 1 },
  ]);
  expect(server.requests).toMatchObject([
    {
      method: "POST",
      path: "/v1/chat/completions",
      route: "chat",
      headers: { "x-mine": "1" },
      body: { model: "a", messages },
      connection: 1,
      faults: [],
      status: 200,
      left: false,
    },
    { left: true },
    { faults: ["eof"] },
  ]);
  for (const { at, endedAt } of server.requests) expect(endedAt).toBeGreaterThan(at);
  server.forget();
  expect([server.requests, server.calls]).toEqual([[], []]);
});

test("names what is wrong with its options and faults when it is told them", async () => {
  const wrong = (options: object) => expect(createOpenAIEmulator(options)).rejects.toThrow(TypeError);
  await wrong({ models: {} });
  await wrong({ models: "Hello" });
  await wrong({ model: "Hello" });
  await wrong({ apiKey: "" });
  await wrong({ heartbeatMs: Number.NaN });
  await wrong({ models: { a: 1 } });
  await wrong({ reasoning: "thought" });
  await wrong({ anyModel: "yes" });
  await wrong({ dialect: "constructor" });
  await wrong({ faults: ["eoff"] });
  await using server = await createOpenAIEmulator({ models: undefined, apiKey: undefined, faults: undefined });
  for (const name of ["eoff", "constructor"] as string[] as OpenAIFaultName[])
    expect(() => server.fault({ name })).toThrow(/^There is no fault ".+"\. There are eof, /u);
  const slips: readonly (readonly [object, string])[] = [
    [{ after: Number.NaN }, "`fault.after` must be a whole number from 0, or Infinity, not NaN."],
    [{ on: 0 }, "`fault.on` must be a whole number from 1, or a list of them, not 0."],
    [{ route: "chats" }, "`fault.route` must be one of chat, responses, models, model, other, or a list of them"],
    [{ status: 42 }, "`fault.status` must be a status from 200 to 599, not 42."],
    [{ modle: "a" }, '`fault` has no option "modle". Did you mean "model"?'],
  ];
  for (const [slip, message] of slips) expect(() => server.fault({ name: "eof", ...slip })).toThrow(message);
  for (const answer of [1, [1], { steps: "a" }, { steps: [], delay: 1 }, [{ toolCalls: ["a"] }]])
    expect(() => server.answer(answer as unknown as OpenAIAnswers)).toThrow(/^`answer` must be a /u);
  expect(textIn((await ask(server.url, { model: "test-model", stream: true, messages }))!)).toBe("You said: Hi");
});
