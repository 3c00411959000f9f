import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createRouter } from "@qwen/core";
import { emulate } from "@qwen/core/emulate";
import { modelId, startModel } from "@qwen/local-spaces";
import { openaiCompatible } from "@qwen/openai-compatible";
import { generateText, jsonSchema, Output, streamText } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createRouterProvider, fromLanguageModel } from "../src/index.ts";

globalThis.AI_SDK_LOG_WARNINGS = false;

let server: Awaited<ReturnType<typeof startModel>>;
beforeAll(async () => {
  server = await startModel({ slots: 1, contextTokens: 1024 });
}, 120_000);
afterAll(() => server?.stop());

// On a busy machine the first token may take its time.
const timeouts = { headersMs: 50_000, firstOutputMs: 50_000, idleMs: 50_000 };
const retry = { maxAttempts: 1 };

/** The real model by a client, in a role of ours. */
const ROLES: readonly [string, () => LanguageModelV4][] = [
  [
    "our client, a router as a model",
    () => {
      const ours = openaiCompatible({
        id: "ours",
        baseURL: `${server.url}/v1`,
        models: [modelId],
        capabilities: { json: true },
        timeouts,
      });
      return createRouterProvider({ router: createRouter({ plugins: [ours], retry }) })(modelId);
    },
  ],
  [
    "@ai-sdk/openai-compatible in a router",
    () =>
      over(
        createOpenAICompatible({
          name: "local",
          baseURL: `${server.url}/v1`,
          supportsStructuredOutputs: true,
          includeUsage: true,
        })(modelId),
      ),
  ],
  [
    "@ai-sdk/openai (chat) in a router",
    () => over(createOpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" }).chat(modelId)),
  ],
];

function over(model: LanguageModelV4): LanguageModelV4 {
  const router = createRouter({
    plugins: [fromLanguageModel({ [modelId]: model }, { id: "theirs", timeouts })],
    retry,
  });
  return createRouterProvider({ router })(`theirs/${modelId}`);
}

const asked = { prompt: "Tell me about the sea.", temperature: 0, maxOutputTokens: 16, maxRetries: 0 } as const;

/** How many of the server's places are taken. */
async function busy(): Promise<number> {
  const slots = (await (await fetch(`${server.url}/slots`)).json()) as readonly { readonly is_processing: boolean }[];
  return slots.filter((slot) => slot.is_processing).length;
}

describe.each(ROLES)("%s", (_, create) => {
  test("says what the wire says, whole and as a stream, with its tokens counted", async () => {
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    const { choices, usage } = await client.chat.completions.create({
      model: modelId,
      messages: [{ role: "user", content: asked.prompt }],
      temperature: 0,
      max_tokens: 16,
    });
    const whole = await generateText({ ...asked, model: create() });
    expect(whole).toMatchObject({ text: choices[0]?.message.content, finishReason: "length" });
    expect(whole.usage).toMatchObject({ inputTokens: usage?.prompt_tokens, outputTokens: 16 });
    const stream = streamText({ ...asked, model: create() });
    expect(await stream.text).toBe(whole.text);
    expect(await stream.finishReason).toBe("length");
  });

  test("answers with an object that a schema enforces", async () => {
    const schema = jsonSchema<{ name: string; big: boolean }>({
      type: "object",
      properties: { name: { type: "string", maxLength: 12 }, big: { type: "boolean" } },
      required: ["name", "big"],
      additionalProperties: false,
    });
    const { output } = await generateText({
      ...asked,
      maxOutputTokens: 60,
      prompt: "Name a city.",
      model: create(),
      output: Output.object({ schema }),
    });
    expect(output).toEqual({ name: expect.any(String), big: expect.any(Boolean) });
  });

  test("gives the server's place back once its caller aborts", async () => {
    const abort = new AbortController();
    const stream = streamText({
      ...asked,
      maxOutputTokens: 900,
      model: create(),
      abortSignal: abort.signal,
      onError: () => {},
    });
    for await (const part of stream.fullStream) if (part.type === "text-delta") abort.abort();
    await expect.poll(busy, { timeout: 20_000 }).toBe(0);
  });

  test("tells that a prompt is too long, which the next of a route may take", async () => {
    const long = { ...asked, prompt: "The sea. ".repeat(1500), model: create() };
    const error = await generateText(long).catch((failed: unknown) => failed);
    expect(error).toMatchObject({
      name: "AI_APICallError",
      isRetryable: false,
      statusCode: 400,
      cause: { code: "context_length_exceeded" },
    });
  });
});

test("what a real model says as JSON by the prompt alone is taken, or told", async () => {
  const ours = openaiCompatible({ id: "ours", baseURL: `${server.url}/v1`, models: [modelId], timeouts });
  const router = createRouter({ plugins: [emulate(ours, { json: true })], retry: { maxAttempts: 1 } });
  const schema = jsonSchema<{ name: string }>({
    type: "object",
    properties: { name: { type: "string" } },
    required: ["name"],
  });
  const grammar = String.raw`root ::= "Here you are:\n{\"name\": \"" [A-Z] [a-z]+ "\"}"`;
  const { output, warnings } = await generateText({
    ...asked,
    maxOutputTokens: 60,
    model: createRouterProvider({ router })(modelId),
    output: Output.object({ schema }),
    providerOptions: { ours: { grammar } },
  });
  expect(output).toEqual({ name: expect.stringMatching(/^[A-Z][a-z]+$/) });
  expect(warnings).toMatchObject([{ type: "compatibility", feature: "responseFormat" }]);
});
