import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createOpenAIEmulator, type OpenAIQuestion } from "@qwen/testing";
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";

let server: Awaited<ReturnType<typeof createOpenAIEmulator>>;
beforeAll(async () => {
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  server = await createOpenAIEmulator();
});
afterAll(async () => {
  await server.close();
});

let runs = 0;
const look_up = tool({
  description: "Looks a number up.",
  inputSchema: jsonSchema<{ name: string }>({ type: "object", properties: { name: { type: "string" } } }),
  execute: ({ name }) => {
    runs += 1;
    return `${name} is 42`;
  },
});

/** Calls the tool, and then says what came of it. */
const answer = (question: OpenAIQuestion) =>
  question.messages.some(({ role }) => role === "tool")
    ? [`By ${question.model}: `, "it is 42."]
    : [{ toolCall: "look_up", arguments: ['{"name":', '"x"', "}"] }];

let count = 0;
function modelsOf(commit: FallbackOptions["commit"]) {
  count += 1;
  const names = [`first ${count}`, `second ${count}`] as const;
  for (const name of names) server.answer(name, answer);
  const [first, second] = names.map((name) => createOpenAICompatible({ name, baseURL: server.url })(name));
  const fallback = createFallback({
    models: [first!, second!],
    retry: { baseDelayMs: 0 },
    ...(commit !== undefined && { commit }),
  });
  return { names, fallback };
}

describe.each(["first-output", "buffered", "continue"] as const)(
  "a loop of steps with a tool, by `commit: %j`,",
  (commit) => {
    test("runs the tool once, and ends with what was made of it", async () => {
      runs = 0;
      const { names, fallback } = modelsOf(commit);
      const common = {
        model: fallback,
        prompt: "What is x?",
        tools: { look_up },
        stopWhen: stepCountIs(3),
        maxRetries: 0,
      };
      const streamed = streamText(common);
      expect(await streamed.text).toBe(`By ${names[0]}: it is 42.`);
      expect(runs).toBe(1);
      expect((await generateText(common)).text).toBe(`By ${names[0]}: it is 42.`);
      expect(runs).toBe(2);
    });

    test("goes on with the next model where the first one is lost between two steps", async () => {
      runs = 0;
      const { names, fallback } = modelsOf(commit);
      server.fault({ name: "unavailable", model: names[0], on: [2, 3] });
      const { text, steps } = streamText({
        model: fallback,
        prompt: "What is x?",
        tools: { look_up },
        stopWhen: stepCountIs(3),
        maxRetries: 0,
      });
      expect(await text).toBe(`By ${names[1]}: it is 42.`);
      expect((await steps).map(({ response }) => response.modelId)).toEqual([...names]);
      expect(runs).toBe(1);
    });
  },
);

test("a call of a tool that was cut is not run; held back, it is called again and run once", async () => {
  for (const commit of ["first-output", "buffered"] as const) {
    runs = 0;
    const { names, fallback } = modelsOf(commit);
    server.fault({ name: "eof", model: names[0], on: 1, after: 2 });
    const { text, finishReason } = streamText({
      model: fallback,
      prompt: "What is x?",
      tools: { look_up },
      stopWhen: stepCountIs(3),
      maxRetries: 0,
      onError: () => undefined,
    });
    if (commit === "buffered") expect(await text).toBe(`By ${names[0]}: it is 42.`);
    // The oldest `ai` goes on with its loop whatever the end was, and tells the model that its input was none.
    else expect(await finishReason).toBe(process.env["AI_SDK"] === "lowest" ? "stop" : "interrupted");
    expect(runs).toBe(commit === "buffered" ? 1 : 0);
  }
});

test("a step whose words were cut is gone on with, and no tool runs again", async () => {
  runs = 0;
  const { names, fallback } = modelsOf("continue");
  server.fault({ name: "eof", model: names[0], on: 2, after: 1 });
  const result = streamText({
    model: fallback,
    prompt: "What is x?",
    tools: { look_up },
    stopWhen: stepCountIs(3),
    maxRetries: 0,
  });
  const pieces = await Array.fromAsync(result.textStream);
  expect(pieces.join("")).toBe(`By ${names[0]}: it is 42.`);
  expect(await result.finishReason).toBe("stop");
  expect((await result.steps).map(({ content }) => content.map(({ type }) => type))).toEqual([
    ["tool-call", "tool-result"],
    ["text"],
  ]);
  expect((await result.steps).at(-1)?.providerMetadata).toMatchObject({
    qwen: { attempts: [{ code: "stream_interrupted" }, { continuedBy: "replay" }] },
  });
  expect(runs).toBe(1);
});

test("an object of a schema comes from whoever can", async () => {
  const { names, fallback } = modelsOf("buffered");
  server.answer(names[0], []);
  server.answer(names[1], '{"name":"Rome"}');
  const { output } = await generateText({
    model: fallback,
    prompt: "Name a city.",
    output: Output.object({ schema: jsonSchema<{ name: string }>({ type: "object" }) }),
    maxRetries: 0,
  });
  expect(output).toEqual({ name: "Rome" });
});
