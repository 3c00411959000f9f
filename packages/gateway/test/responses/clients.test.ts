import { createOpenAI } from "@ai-sdk/openai";
import { createRouter, QwenError } from "@qwen/core";
import { scriptedProvider, type ScriptItem } from "@qwen/testing";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";
import OpenAI, { APIError, NotFoundError } from "openai";
import { describe, expect, it, onTestFinished } from "vitest";

import { createGateway } from "../../src/index.ts";
import { serveGateway } from "../../src/node/index.ts";

/** A model that answers as it is scripted, behind a gateway on a socket: where that is. */
async function served(
  script: readonly ScriptItem[] | Parameters<typeof scriptedProvider>[0]["script"],
): Promise<string> {
  const capabilities = { tools: true, json: true, images: true, files: true };
  const model = scriptedProvider({ models: [{ id: "scripted-model", capabilities }], script });
  const router = createRouter({ plugins: [model] });
  const { url, close } = await serveGateway(createGateway({ router }), { port: 0, signals: [] });
  onTestFinished(() => close({ drainMs: 0 }));
  return `${url}/v1`;
}

const model = "scripted-model";
const broken: readonly ScriptItem[] = ["Hello", new QwenError("connection", "Gone.")];
const calling: Parameters<typeof scriptedProvider>[0]["script"] = ({ messages }) =>
  messages.some(({ role }) => role === "tool")
    ? ["It snows."]
    : [
        { type: "reasoning-delta", text: "Look." },
        { type: "tool-call", toolCallId: "call_1", toolName: "weather", input: '{"place":"Oslo"}' },
      ];

describe("openai", () => {
  const client = async (script: Parameters<typeof served>[0]): Promise<OpenAI> =>
    new OpenAI({ baseURL: await served(script), apiKey: "none", maxRetries: 0 });

  it("creates, streams, goes on, retrieves, lists and deletes", async () => {
    const { responses } = await client(({ messages }) => [`Heard ${messages.length}`]);
    const first = await responses.create({ model, input: "Hi" });
    expect(first.output_text).toBe("Heard 1");
    let text = "";
    for await (const event of await responses.create({
      model,
      input: "And?",
      previous_response_id: first.id,
      stream: true,
    }))
      if (event.type === "response.output_text.delta") text += event.delta;
    expect(text).toBe("Heard 3");
    const helped = await responses.stream({ model, input: "Hi" }).finalResponse();
    expect(helped.output_text).toBe("Heard 1");
    expect((await responses.retrieve(first.id)).output_text).toBe("Heard 1");
    const items = [];
    for await (const item of responses.inputItems.list(first.id)) items.push(item);
    expect(items).toHaveLength(1);
    await responses.delete(first.id);
    await expect(responses.retrieve(first.id)).rejects.toThrow(NotFoundError);
  });

  it("resumes a stream in the background where it left it, and cancels one", async () => {
    const { responses } = await client(["Hello", { waitMs: 60 }, " there", { waitMs: 60 }, "."]);
    const seen: string[] = [];
    let id = "";
    let last = 0;
    for await (const event of await responses.create({ model, input: "Hi", background: true, stream: true })) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type !== "response.output_text.delta") continue;
      seen.push(event.delta);
      last = event.sequence_number;
      break;
    }
    for await (const event of await responses.retrieve(id, { stream: true, starting_after: last }))
      if (event.type === "response.output_text.delta") seen.push(event.delta);
    expect(seen).toEqual(["Hello", " there", "."]);
    const { id: other } = await responses.create({ model, input: "Hi", background: true });
    expect((await responses.cancel(other)).status).toBe("cancelled");
  });

  it("raises what breaks off, raw and with its helper", async () => {
    const { responses } = await client(broken);
    const raw = async (): Promise<void> => {
      for await (const event of await responses.create({ model, input: "Hi", stream: true }))
        expect(event).toBeDefined();
    };
    await expect(raw()).rejects.toThrow(APIError);
    await expect(responses.stream({ model, input: "Hi" }).finalResponse()).rejects.toThrow(APIError);
  });

  it("parses what a schema asks for", async () => {
    const { responses } = await client(['{"city":"Oslo"}']);
    const format = {
      type: "json_schema",
      name: "city",
      strict: true,
      schema: { type: "object", properties: { city: { type: "string" } } },
    } as const;
    const answer = await responses.parse({ model, input: "Where?", text: { format } });
    expect(JSON.parse(answer.output_text)).toEqual({ city: "Oslo" });
  });
});

describe("@ai-sdk/openai, which asks for responses by default", () => {
  const provider = async (script: Parameters<typeof served>[0]) =>
    createOpenAI({ baseURL: await served(script), apiKey: "none" });

  it("answers whole and as a stream", async () => {
    const openai = await provider(["Hello", " there"]);
    expect((await generateText({ model: openai(model), prompt: "Hi" })).text).toBe("Hello there");
    expect(await streamText({ model: openai(model), prompt: "Hi" }).text).toBe("Hello there");
  });

  it("calls a tool, and goes on with what became of it", async () => {
    const openai = await provider(calling);
    const weather = tool({
      inputSchema: jsonSchema<{ place: string }>({ type: "object", properties: { place: { type: "string" } } }),
      execute: async ({ place }) => `Snow in ${place}.`,
    });
    for (const ask of [generateText, streamText] as const) {
      const result = await ask({
        model: openai(model),
        prompt: "The weather in Oslo?",
        tools: { weather },
        stopWhen: stepCountIs(3),
      });
      expect(await result.text).toBe("It snows.");
      expect(await result.steps).toHaveLength(2);
    }
  });

  it("raises what breaks off", async () => {
    const openai = await provider(broken);
    const errors: unknown[] = [];
    const result = streamText({
      model: openai(model),
      prompt: "Hi",
      maxRetries: 0,
      onError: ({ error }) => void errors.push(error),
    });
    for await (const part of result.fullStream) if (part.type === "finish") expect(part.finishReason).not.toBe("stop");
    // It hears of both events that a response which breaks off ends with.
    expect(errors.length).toBeGreaterThan(0);
  });
});
