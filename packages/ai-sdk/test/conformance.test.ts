import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createRouter } from "@qwen/core";
import { openaiCompatible } from "@qwen/openai-compatible";
import { conformance, createOpenAIEmulator, serviceOf, type ConformanceService, type TestedModel } from "@qwen/testing";
import { simulateReadableStream } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { afterAll, describe, expect, test } from "vitest";

import { createFallback, createRouterProvider, fromLanguageModel } from "../src/index.ts";
import { prompt } from "./router-models.ts";

const server = await createOpenAIEmulator({
  models: {
    "test-model": ({ prompt: asked, tools }) =>
      asked === "tool" && tools.length > 0 ? [{ toolCall: "clock" }] : undefined,
  },
});
afterAll(() => server.close());

const service: ConformanceService = {
  ...serviceOf(server),
  slow: "script:slow 16 25",
  empty: "script:nothing",
  toolCall: "tool",
};
const retry = { maxAttempts: 2, baseDelayMs: 0 };

const endpoint = () =>
  openaiCompatible({
    id: "server",
    baseURL: server.url,
    models: [{ id: "test-model", capabilities: { tools: true } }],
  });
const theirs = () => createOpenAICompatible({ name: "server", baseURL: server.url })("test-model");

/** OpenAI's own client, which asks for responses. */
const responses = () => createOpenAI({ baseURL: server.url, apiKey: "any" }).responses("test-model");

const router = createRouter({
  plugins: [
    endpoint(),
    fromLanguageModel(theirs(), { id: "theirs" }),
    fromLanguageModel(responses(), { id: "responses" }),
  ],
  retry,
});
afterAll(() => router.close());
const qwen = createRouterProvider({ router });

describe.each([
  ["a router", qwen("server/test-model")],
  ["a router over a model of the AI SDK", qwen("theirs/test-model")],
  ["a router over a model that asks for responses", qwen("responses/test-model")],
  ["a fallback over models of the AI SDK", createFallback({ models: [theirs()], retry })],
  ["a fallback over models that ask for responses", createFallback({ models: [responses()], retry })],
])("%s keeps the rules of models", (_, model) => {
  test.each(conformance(model, { service }))("$name", ({ run }) => run());
});

/** The rules that a model breaks. */
async function brokenBy(model: TestedModel, known: ConformanceService): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, run } of conformance(model, { service: known, stopMs: 300, checkMs: 3000 }))
    await run().catch(() => found.push(name));
  return found;
}

test("what the AI SDK's own client and its mock break of them is known, and printed", async () => {
  const result = await theirs().doGenerate({ prompt });
  const { stream } = await theirs().doStream({ prompt });
  const parts = await Array.fromAsync(stream);
  const mock = new MockLanguageModelV4({
    doGenerate: result,
    doStream: () => Promise.resolve({ stream: simulateReadableStream({ chunks: parts }) }),
  });
  const broken = {
    "@ai-sdk/openai-compatible": await brokenBy(theirs(), service),
    MockLanguageModelV4: await brokenBy(mock, {}),
  };
  const lines = Object.entries(broken).flatMap(([name, rules]) => [
    `${name} breaks ${rules.length}:`,
    ...rules.map((rule) => `  - ${rule}`),
  ]);
  console.log(lines.join("\n"));
  expect(broken["@ai-sdk/openai-compatible"]).toEqual(
    expect.arrayContaining([
      "fails with an APICallError that says nobody is to try again, as whoever could has tried",
      "shows in what it fails with no prompt, no headers, no body and no secret of an address",
      "fails where nothing was said, and never calls that an answer",
      "throws the reason of its caller's abort at once, and stops the work",
    ]),
  );
  expect(broken.MockLanguageModelV4).toEqual([
    "rejects with the reason of a signal that is aborted already, and asks nobody",
  ]);
});
