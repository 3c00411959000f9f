import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText, tool, type ToolSet } from "ai";
import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { z } from "zod";

import { createOpenAIEmulator, type OpenAIAnswers } from "../../src/index.ts";

const messages = [{ role: "user" as const, content: "Hi" }];
const tools: OpenAI.ChatCompletionTool[] = [
  { type: "function", function: { name: "look_up", parameters: { type: "object", properties: {} } } },
];
const calling: OpenAIAnswers = [
  "I look. ",
  {
    toolCalls: [
      { toolCall: "look_up", arguments: ['{"city":', '"Oslo"}'] },
      { toolCall: "look_up", arguments: ['{"city":"Rome"}'] },
    ],
  },
];

async function started(answer: OpenAIAnswers) {
  const server = await createOpenAIEmulator({ models: { m: answer }, apiKey: "sk-test" });
  const client = new OpenAI({ baseURL: server.url, apiKey: "sk-test", maxRetries: 0 });
  return { server, client, [Symbol.asyncDispose]: () => server.close() };
}

describe("openai", () => {
  test("streams a chat, with usage", async () => {
    await using running = await started("Hello there");
    const stream = running.client.chat.completions.stream({
      model: "m",
      messages,
      stream_options: { include_usage: true },
    });
    const said: string[] = [];
    stream.on("content", (delta) => void said.push(delta));
    const { choices, usage } = await stream.finalChatCompletion();
    expect(said).toEqual(["Hello", " there"]);
    expect(choices[0]).toMatchObject({ message: { content: "Hello there" }, finish_reason: "stop" });
    expect(usage).toMatchObject({ completion_tokens: 2 });
  });

  test("gets a chat whole", async () => {
    await using running = await started("Hello there");
    const { choices, model } = await running.client.chat.completions.create({ model: "m", messages });
    expect([choices[0]?.message.content, model]).toEqual(["Hello there", "m"]);
  });

  test.each([true, false])("gets calls of tools, with stream: %s", async (stream) => {
    await using running = await started(calling);
    const body = { model: "m", messages, tools };
    const { choices } = stream
      ? await running.client.chat.completions.stream(body).finalChatCompletion()
      : await running.client.chat.completions.create(body);
    expect(choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: "I look. ",
        tool_calls: [
          { id: "call_1", function: { name: "look_up", arguments: '{"city":"Oslo"}' } },
          { id: "call_2", function: { arguments: '{"city":"Rome"}' } },
        ],
      },
    });
  });

  test("lists the models, and names what the server says of one that is not there", async () => {
    await using running = await started("Hello");
    const { client } = running;
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["m"]);
    expect(await client.models.retrieve("m")).toMatchObject({ id: "m" });
    const asked = client.chat.completions.create({ model: "nobody", messages });
    await expect(asked).rejects.toMatchObject({ status: 404, code: "model_not_found" });
  });

  test("leaves an answer, which is then cancelled", async () => {
    await using running = await started({ steps: ["one", { waitMs: 10_000 }, " two"] });
    const stream = await running.client.chat.completions.create({ model: "m", messages, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === "one") break;
    await running.server.idle();
    expect(running.server.calls).toMatchObject([{ state: "cancelled", pieces: 1 }]);
  });

  test("streams a response: text, reasoning, calls of tools, usage", async () => {
    await using running = await started([
      { reasoning: "Hm. " },
      { reasoning: "Yes." },
      ...(calling as readonly string[]),
    ]);
    const stream = running.client.responses.stream({ model: "m", input: "Hi" });
    const said: string[] = [];
    stream.on("response.output_text.delta", ({ delta }) => void said.push(delta));
    const { status, output, output_text: text, usage } = await stream.finalResponse();
    expect([status, text, said]).toEqual(["completed", "I look. ", ["I look. "]]);
    expect(output).toMatchObject([
      { type: "reasoning", summary: [{ text: "Hm. Yes." }] },
      { type: "message", content: [{ type: "output_text", text: "I look. " }] },
      { type: "function_call", call_id: "call_1", name: "look_up", arguments: '{"city":"Oslo"}' },
      { type: "function_call", call_id: "call_2", arguments: '{"city":"Rome"}' },
    ]);
    expect(usage).toMatchObject({ input_tokens: 1, output_tokens: 8 });
    expect(running.server.calls).toMatchObject([{ route: "responses", state: "finished" }]);
  });

  test("gets a response whole, also one that is incomplete", async () => {
    await using running = await started("one two three");
    const { client } = running;
    expect(await client.responses.create({ model: "m", input: "Hi" })).toMatchObject({
      status: "completed",
      output_text: "one two three",
    });
    const cut = await client.responses.create({ model: "m", input: "Hi", max_output_tokens: 1 });
    expect(cut).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
  });

  test("sees a response fail in the midst", async () => {
    await using running = await started(["one", { error: "Gone" }]);
    const types: string[] = [];
    const stream = await running.client.responses.create({ model: "m", input: "Hi", stream: true });
    await expect(async () => {
      for await (const { type } of stream) types.push(type);
    }).rejects.toThrow("Gone");
    expect(types.at(-1)).toBe("response.failed");
  });
});

describe("ai", () => {
  const toolSet = { look_up: tool({ inputSchema: z.object({ city: z.string() }) }) } as ToolSet;
  const compatible = (baseURL: string) => createOpenAICompatible({ name: "m", baseURL, apiKey: "sk-test" })("m");
  const openai = (baseURL: string) => createOpenAI({ baseURL, apiKey: "sk-test" })("m");

  test.each([
    ["@ai-sdk/openai-compatible", compatible],
    ["@ai-sdk/openai", openai],
  ])("%s streams text and calls of tools", async (_name, modelOf) => {
    await using running = await started([{ reasoning: "Hm." }, ...(calling as readonly string[])]);
    const result = streamText({ model: modelOf(running.server.url), prompt: "Hi", tools: toolSet });
    const [text, reasoning, calls, reason] = await Promise.all([
      result.text,
      result.reasoningText,
      result.toolCalls,
      result.finishReason,
    ]);
    expect([text, reasoning, reason]).toEqual(["I look. ", "Hm.", "tool-calls"]);
    expect(calls.map(({ toolCallId, input }) => [toolCallId, input])).toEqual([
      ["call_1", { city: "Oslo" }],
      ["call_2", { city: "Rome" }],
    ]);
  });

  test.each([
    ["@ai-sdk/openai-compatible", compatible],
    ["@ai-sdk/openai", openai],
  ])("%s gets an answer whole", async (_name, modelOf) => {
    await using running = await started("Hello there");
    const { text, finishReason, usage } = await generateText({ model: modelOf(running.server.url), prompt: "Hi" });
    expect([text, finishReason, usage.outputTokens]).toEqual(["Hello there", "stop", 2]);
  });
});
