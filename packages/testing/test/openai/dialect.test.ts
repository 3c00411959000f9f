import { expect, test } from "vitest";

import { createOpenAIEmulator, type OpenAIDialectName, type OpenAIFaultName } from "../../src/index.ts";
import { ask } from "./raw-client.ts";

const QUESTION = { model: "m", stream: true, messages: [{ role: "user", content: "Hi" }] };

/** What each server says where it refuses: the words that clients tell the refusals apart by. */
const WORDS: Readonly<
  Record<OpenAIDialectName, Partial<Record<OpenAIFaultName | "unknown", readonly [number, RegExp]>>>
> = {
  openai: {
    unknown: [404, /"code":"model_not_found"/u],
    "context-too-long": [400, /maximum context length is 4096 tokens.*"code":"context_length_exceeded"/u],
    quota: [429, /"code":"insufficient_quota"/u],
  },
  "llama.cpp": {
    unknown: [200, /data: \[DONE\]/u],
    unauthorized: [401, /"type":"authentication_error"/u],
    "context-too-long": [400, /"type":"exceed_context_size_error".*"n_ctx":4096/u],
  },
  vllm: {
    unknown: [
      404,
      /"message":"The model `nobody` does not exist\.","type":"NotFoundError","param":"model","code":404/u,
    ],
    "context-too-long": [400, /\(4900 in the messages, 100 in the completion\).*"type":"BadRequestError".*"code":400/u],
    "refused-parameter": [400, /extra_forbidden.*'stream_options'/u],
  },
  ollama: { unknown: [404, /model \\"nobody\\" not found, try pulling it first/u] },
  lmstudio: {
    unknown: [200, /data: \[DONE\]/u],
    "context-too-long": [400, /^\{"error":"The number of tokens to keep from the initial prompt is greater/u],
  },
  openrouter: {
    unknown: [400, /"message":"nobody is not a valid model ID","code":400/u],
    "context-too-long": [400, /This endpoint's maximum context length/u],
    quota: [402, /Insufficient credits.*"code":402/u],
    "content-refused": [403, /your input was flagged/u],
  },
  dashscope: {
    unknown: [404, /"code":"model_not_found".*"request_id"/u],
    "context-too-long": [400, /Range of input length should be \[1, 30720\].*"code":"invalid_parameter_error"/u],
    "content-refused": [400, /"code":"data_inspection_failed"/u],
  },
  huggingface: {
    unknown: [400, /is not supported by any provider you have enabled.*"code":"model_not_supported"/u],
    unauthorized: [401, /^\{"error":"Invalid username or password\."\}$/u],
    "context-too-long": [422, /`inputs` tokens \+ `max_new_tokens` must be <= 4096/u],
    quota: [402, /^\{"error":"You have exceeded your monthly included credits/u],
  },
};

test.each(Object.entries(WORDS) as [OpenAIDialectName, (typeof WORDS)[OpenAIDialectName]][])(
  "%s says what it refuses in its own words",
  async (dialect, words) => {
    await using server = await createOpenAIEmulator({ dialect, models: { m: "Hi" } });
    expect(server.dialect).toBe(dialect);
    for (const [name, [status, pattern]] of Object.entries(words)) {
      const undo = name === "unknown" ? () => {} : server.fault(name as OpenAIFaultName);
      const model = name === "unknown" ? "nobody" : "m";
      const heard = await ask(server.url, { ...QUESTION, model, stream_options: {} });
      expect([name, heard?.status, heard?.body]).toEqual([name, status, expect.stringMatching(pattern)]);
      undo();
    }
  },
);

test("answers to any name where it is told to, by the name of its first model", async () => {
  await using server = await createOpenAIEmulator({ models: { first: "1", second: "2" }, anyModel: true });
  const heard = await ask(server.url, { ...QUESTION, model: "nobody", stream: false });
  expect(JSON.parse(heard!.body)).toMatchObject({ model: "first", choices: [{ message: { content: "1" } }] });
  expect(server.calls).toMatchObject([{ model: "nobody" }]);
  await using strict = await createOpenAIEmulator({ dialect: "llama.cpp", models: { first: "1" }, anyModel: false });
  expect((await ask(strict.url, { ...QUESTION, model: "nobody" }))?.status).toBe(404);
});
