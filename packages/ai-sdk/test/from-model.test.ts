import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createRouter } from "@qwen/core";
import { createOpenAIEmulator, serviceOf, testProvider } from "@qwen/testing";
import { afterAll, describe, expect, test } from "vitest";

import { fromLanguageModel } from "../src/index.ts";
import { END, hello, messages, mock, read, saying, streamOf, text } from "./scripted-models.ts";

const server = await createOpenAIEmulator();
afterAll(() => server.close());
const at = (baseURL: string): LanguageModelV4 => createOpenAICompatible({ name: "server", baseURL })("test-model");

describe("a client of the AI SDK as a provider keeps the provider contract", () => {
  const { sockets: _, ...service } = serviceOf(server);
  testProvider(() => fromLanguageModel(at(server.url), { id: "server" }), {
    test,
    // Its sockets are those of `fetch`, for the whole process.
    service: { ...service, slow: "script:slow 20 25" },
    createUnreachable: () => fromLanguageModel(at("http://127.0.0.1:1/v1"), { id: "server" }),
  });
});

describe("fromLanguageModel()", () => {
  test("has a model under its own name, and several under those they are given", async () => {
    expect(fromLanguageModel(saying(...hello), { id: "a" }).models.map(({ id }) => id)).toEqual(["m"]);
    const two = fromLanguageModel({ one: saying(...hello), two: saying(text("Two"), END) }, { id: "a" });
    const router = createRouter({ plugins: [two] });
    const { text: said, provider, model } = await router.complete({ model: "two", messages });
    expect([said, provider, model]).toEqual(["Two", "a", "two"]);
  });

  test("tells what a model says as parts of a provider", async () => {
    const model = saying(
      {
        type: "stream-start",
        warnings: [
          { type: "unsupported", feature: "seed" },
          { type: "other", message: "Beware." },
        ],
      },
      { type: "response-metadata", id: "r", modelId: "m-2", timestamp: new Date(0) },
      { type: "reasoning-start", id: "1" },
      { type: "reasoning-delta", id: "1", delta: "Hm" },
      { type: "reasoning-delta", id: "1", delta: "", providerMetadata: { anthropic: { signature: "s" } } },
      { type: "reasoning-end", id: "1" },
      { type: "ping" },
      { type: "raw", rawValue: 1 },
      { type: "mystery" },
      text("Hello"),
      { type: "source", sourceType: "url", id: "s", url: "https://example.com/", title: "E" },
      { type: "tool-input-start", id: "c", toolName: "clock" },
      { type: "tool-input-delta", id: "c", delta: "{}" },
      { type: "tool-input-end", id: "c" },
      {
        type: "tool-call",
        toolCallId: "c",
        toolName: "clock",
        input: "",
        providerMetadata: { google: { thoughtSignature: "t" } },
      },
      { type: "tool-call", toolCallId: "v", toolName: "web", input: "{}", providerExecuted: true },
      { type: "tool-result", toolCallId: "v", toolName: "web", result: {} },
      { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
      { ...END, finishReason: { unified: "tool-calls", raw: "tool_use" }, providerMetadata: { anthropic: { x: 1 } } },
      text("behind the end"),
    );
    const warnings = [
      { feature: "seed", message: 'The model ignores "seed".' },
      { feature: "other", message: "Beware." },
    ];
    const response = { id: "r", modelId: "m-2", timestamp: new Date(0) };
    expect(await read(fromLanguageModel(model, { id: "a" }))).toEqual({
      parts: [
        { type: "start", warnings, response },
        { type: "reasoning-delta", text: "Hm" },
        { type: "reasoning-end", providerMetadata: { anthropic: { signature: "s" } } },
        { type: "text-delta", text: "Hello" },
        { type: "source", sourceId: "s", url: new URL("https://example.com/"), title: "E" },
        { type: "tool-input-delta", toolCallId: "c", toolName: "clock", text: "{}" },
        {
          type: "tool-call",
          toolCallId: "c",
          toolName: "clock",
          input: "{}",
          providerMetadata: { google: { thoughtSignature: "t" } },
        },
        { type: "file", url: new URL("data:image/png;base64,AAAA"), mediaType: "image/png" },
        {
          type: "finish",
          reason: "tool-calls",
          rawReason: "tool_use",
          usage: { inputTokens: 5, outputTokens: 4, cachedInputTokens: 3, reasoningTokens: 1 },
          warnings,
          response,
          providerMetadata: { anthropic: { x: 1 } },
        },
      ],
    });
  });

  test("asks for what the request says, and hands on the options of its vendor", async () => {
    const model = saying(...hello);
    const blob = new Blob([new Uint8Array([1, 2])], { type: "image/png" });
    await read(fromLanguageModel(model, { id: "a" }), {
      messages: [
        {
          role: "system",
          content: "Be brief.",
          providerMetadata: { anthropic: { cacheControl: { type: "ephemeral" } } },
        },
        {
          role: "user",
          content: [
            { type: "text", text: "See" },
            { type: "image", image: blob },
            { type: "file", file: "data:application/pdf;base64,AQ==", mediaType: "application/pdf", filename: "a.pdf" },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "Hm", providerMetadata: { a: { b: 1 } } },
            { type: "tool-call", toolCallId: "c", toolName: "clock", input: '{"z":1}' },
          ],
        },
        {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: "c",
              toolName: "clock",
              output: { type: "text", value: "No." },
              isError: true,
            },
            { type: "text", text: "Well?" },
          ],
        },
      ],
      settings: {
        temperature: 0.5,
        reasoning: "low",
        stopSequences: ["x"],
        tools: [{ name: "clock", inputSchema: { type: "object" } }],
        toolChoice: { toolName: "clock" },
        responseFormat: { type: "json", schema: { type: "object" } },
        parallelToolCalls: false,
      },
      headers: { "x-mine": "1" },
      providerOptions: { a: { openai: { store: true } }, b: { other: {} } },
    });
    const { abortSignal, ...options } = model.doStreamCalls[0]!;
    expect(abortSignal).toBeInstanceOf(AbortSignal);
    expect(options).toEqual({
      prompt: [
        {
          role: "system",
          content: "Be brief.",
          providerOptions: { anthropic: { cacheControl: { type: "ephemeral" } } },
        },
        {
          role: "user",
          content: [
            { type: "text", text: "See" },
            { type: "file", mediaType: "image/png", data: { type: "data", data: new Uint8Array([1, 2]) } },
            {
              type: "file",
              mediaType: "application/pdf",
              filename: "a.pdf",
              data: { type: "data", data: new Uint8Array([1]) },
            },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "reasoning", text: "Hm", providerOptions: { a: { b: 1 } } },
            { type: "tool-call", toolCallId: "c", toolName: "clock", input: { z: 1 } },
          ],
        },
        {
          role: "tool",
          content: [
            { type: "tool-result", toolCallId: "c", toolName: "clock", output: { type: "error-text", value: "No." } },
          ],
        },
        { role: "user", content: [{ type: "text", text: "Well?" }] },
      ],
      temperature: 0.5,
      reasoning: "low",
      stopSequences: ["x"],
      tools: [{ type: "function", name: "clock", inputSchema: { type: "object" } }],
      toolChoice: { type: "tool", toolName: "clock" },
      responseFormat: { type: "json", schema: { type: "object" } },
      headers: { "x-mine": "1" },
      providerOptions: { openai: { store: true } },
    });
    const { parts } = await read(fromLanguageModel(model, { id: "a" }), {
      settings: { parallelToolCalls: true, tools: [{ name: "t", inputSchema: {} }] },
    });
    expect(parts[0]).toMatchObject({ type: "start", warnings: [{ feature: "parallelToolCalls" }] });
  });

  test("gives addresses to models that take them, and fetches others by core's one door", async () => {
    const image = "http://169.254.169.254/latest/meta-data";
    const asked = { messages: [{ role: "user", content: [{ type: "image", image }] }] } as const;
    const taking = mock(() => Promise.resolve({ stream: streamOf(hello) }), { "image/*": [/^https?:/] });
    expect((await read(fromLanguageModel(taking, { id: "a" }), asked)).error).toBeUndefined();
    expect(taking.doStreamCalls[0]?.prompt).toMatchObject([
      { content: [{ mediaType: "image", data: { type: "url", url: new URL(image) } }] },
    ]);
    const other = saying(...hello);
    expect((await read(fromLanguageModel(other, { id: "a" }), asked)).error).toMatchObject({ code: "invalid_request" });
    expect(other.doStreamCalls).toEqual([]);
    for (const supportedUrls of [{ "image/*": ["["] }, { "image/*": "https:" }, { "image/*": [null] }, 7]) {
      const odd = Object.defineProperty(saying(...hello), "supportedUrls", { value: supportedUrls });
      expect((await read(fromLanguageModel(odd, { id: "a" }), asked)).error).toMatchObject({ code: "invalid_request" });
    }
    for (const supportedUrls of [Promise.reject(new Error("no")), undefined, new Promise(() => {})]) {
      Promise.resolve(supportedUrls).catch(() => {});
      const silent = Object.defineProperty(saying(...hello), "supportedUrls", { value: supportedUrls });
      expect((await read(fromLanguageModel(silent, { id: "a" }))).error).toBeUndefined();
    }
  });
});
