import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { QwenError, type ProviderPart } from "@qwen/core";
import { generateText, streamText } from "ai";
import { describe, expect, test } from "vitest";

import { modelOf, prompt, read, rejection, scripted } from "./router-models.ts";

const outline = (parts: readonly LanguageModelV4StreamPart[]): string[] =>
  parts.map((part) =>
    "delta" in part ? `${part.type} ${part.delta}` : "id" in part ? `${part.type} ${part.id}` : part.type,
  );

describe("the parts of a router's answer", () => {
  test("are blocks of text and thought, calls with their input, sources and files, in their order", async () => {
    const script: ProviderPart[] = [
      {
        type: "start",
        warnings: [{ feature: "seed", message: "Ignored." }],
        response: { id: "r1", modelId: "m-2026", headers: { "x-id": "1" } },
      },
      { type: "reasoning-delta", text: "Hm" },
      { type: "reasoning-end", providerMetadata: { anthropic: { signature: "s" } } },
      { type: "text-delta", text: "Let me " },
      { type: "text-delta", text: "see." },
      { type: "source", url: new URL("https://example.com/a"), title: "A" },
      { type: "tool-input-delta", toolCallId: "c1", toolName: "clock", text: '{"zone":' },
      { type: "tool-input-delta", toolCallId: "c1", toolName: "clock", text: '"Rome"}' },
      {
        type: "tool-call",
        toolCallId: "c1",
        toolName: "clock",
        input: '{"zone":"Rome"}',
        providerMetadata: { google: { thoughtSignature: "t" } },
      },
      { type: "file", url: new URL("data:image/png;base64,AAAA") },
      {
        type: "finish",
        reason: "tool-calls",
        rawReason: "tool_use",
        usage: { inputTokens: 10, outputTokens: 8, cachedInputTokens: 4, reasoningTokens: 3, raw: { a: 1 } },
      },
    ];
    const provider = scripted(script, { tools: true });
    const { parts } = await read(modelOf(provider));
    expect(parts).toMatchObject([
      { type: "stream-start", warnings: [{ type: "unsupported", feature: "seed", details: "Ignored." }] },
      { type: "response-metadata", id: "r1", modelId: "m-2026" },
      { type: "reasoning-start", id: "reasoning-0" },
      { type: "reasoning-delta", id: "reasoning-0", delta: "Hm" },
      { type: "reasoning-end", id: "reasoning-0", providerMetadata: { anthropic: { signature: "s" } } },
      { type: "text-start", id: "text-1" },
      { type: "text-delta", delta: "Let me " },
      { type: "text-delta", delta: "see." },
      { type: "text-end", id: "text-1" },
      { type: "source", sourceType: "url", url: "https://example.com/a", title: "A" },
      { type: "tool-input-start", id: "c1", toolName: "clock" },
      { type: "tool-input-delta", id: "c1", delta: '{"zone":' },
      { type: "tool-input-delta", id: "c1", delta: '"Rome"}' },
      { type: "tool-input-end", id: "c1" },
      {
        type: "tool-call",
        toolCallId: "c1",
        toolName: "clock",
        input: '{"zone":"Rome"}',
        providerMetadata: { google: { thoughtSignature: "t" } },
      },
      { type: "file", mediaType: "image/png", data: { type: "data", data: "AAAA" } },
      {
        type: "finish",
        finishReason: { unified: "tool-calls", raw: "tool_use" },
        usage: {
          inputTokens: { total: 10, noCache: 6, cacheRead: 4, cacheWrite: undefined },
          outputTokens: { total: 8, text: 5, reasoning: 3 },
          raw: { a: 1 },
        },
      },
    ]);
    const whole = await modelOf(provider).doGenerate({ prompt });
    expect(whole.content).toMatchObject([
      { type: "reasoning", text: "Hm", providerMetadata: { anthropic: { signature: "s" } } },
      { type: "text", text: "Let me see." },
      { type: "source", url: "https://example.com/a" },
      {
        type: "tool-call",
        toolCallId: "c1",
        input: '{"zone":"Rome"}',
        providerMetadata: { google: { thoughtSignature: "t" } },
      },
      { type: "file", data: { type: "data", data: "AAAA" } },
    ]);
    expect(whole).toMatchObject({
      response: { id: "r1", modelId: "m-2026", headers: { "x-id": "1" } },
      warnings: [{ feature: "seed" }],
    });
  });

  test("begin with the warnings of what of the call nobody heard", async () => {
    const provider = scripted(["Hi"], { tools: true, json: true });
    const { parts } = await read(modelOf(provider), {
      headers: { "user-agent": "ai/7", "x-mine": "1" },
      responseFormat: { type: "json", name: "answer" },
      tools: [
        { type: "provider", id: "openai.web_search", name: "web_search", args: {} },
        { type: "function", name: "clock", inputSchema: {}, strict: true },
      ],
    });
    const [start] = parts;
    expect(
      start?.type === "stream-start" && start.warnings.map((warning) => "feature" in warning && warning.feature),
    ).toEqual([
      "provider-defined tool openai.web_search",
      "strict of the tool clock",
      "name and description of the response format",
      "headers",
    ]);
    expect((await read(modelOf(provider), { headers: { "user-agent": "ai/7" } })).parts[0]).toEqual({
      type: "stream-start",
      warnings: [],
    });
  });

  test("with raw chunks the AI SDK hears them as well, though signs of life come first", async () => {
    const provider = scripted([{ type: "queue", position: 1 }, "Hello"]);
    const { steps, stream } = streamText({
      model: modelOf(provider),
      prompt: "Hi",
      headers: { "x-mine": "1" },
      include: { rawChunks: true },
      maxRetries: 0,
    });
    const types: string[] = [];
    for await (const { type } of stream) types.push(type);
    expect(types.indexOf("raw")).toBeLessThan(types.indexOf("text-delta"));
    expect((await steps)[0]?.warnings).toMatchObject([{ feature: "headers" }]);
  });

  test("tell queue, progress and log as pings, and as they are where raw chunks are asked for", async () => {
    const queue = { type: "queue", position: 1 } as const;
    const log = { type: "log", level: "info", message: "Half." } as const;
    const provider = scripted([queue, { type: "progress", fraction: 0.5 }, "Hello", log, " world"]);
    const model = modelOf(provider);
    const { parts } = await read(model);
    expect(outline(parts)).toEqual([
      "stream-start",
      "response-metadata",
      "ping",
      "ping",
      "text-start text-0",
      "text-delta Hello",
      "ping",
      "text-delta  world",
      "text-end text-0",
      "finish",
    ]);
    const raw = (await read(model, { includeRawChunks: true })).parts;
    expect(raw.filter(({ type }) => type === "raw")).toMatchObject([
      { rawValue: { type: "attempt", provider: "a", model: "m", number: 1 } },
      { rawValue: queue },
      { rawValue: { type: "progress", fraction: 0.5 } },
      { rawValue: log },
    ]);
    expect(raw.filter(({ type }) => type === "ping")).toHaveLength(3);
    const crowded = scripted([...Array.from({ length: 500 }, () => queue), "Hello"]);
    expect((await read(modelOf(crowded))).parts.filter(({ type }) => type === "ping")).toHaveLength(100);
    const refused = scripted([new QwenError("authentication", "No.")]);
    expect(await rejection(modelOf(refused).doStream({ prompt, includeRawChunks: true }))).toMatchObject({
      cause: { code: "authentication" },
    });
    expect(raw.findIndex(({ type }) => type === "raw")).toBeLessThan(
      raw.findIndex(({ type }) => type === "stream-start"),
    );
  });

  test("come from the first output on, and with raw chunks from the first sign of life on", async () => {
    // Nobody waits for its output: the test would not end in time.
    const silent = modelOf(scripted([{ type: "queue", position: 1 }, { waitMs: 120_000 }, "Hello"]));
    const early = await silent.doStream({ prompt, includeRawChunks: true });
    await early.stream.cancel();
    const model = modelOf(scripted([{ type: "queue", position: 1 }, { waitMs: 60 }, "Hello"]));
    const again = performance.now();
    const { stream } = await model.doStream({ prompt });
    expect(performance.now() - again).toBeGreaterThan(50);
    await stream.cancel();
  });

  test("go on where rewritten text fits what was sent, white space aside, and say so", async () => {
    const rewrites = (...texts: string[]): ProviderPart[] => texts.map((text) => ({ type: "text-replace", text }));
    const exact = modelOf(scripted(["Hello", ...rewrites("Hello world", "Hello world, again.")]));
    const spaced = modelOf(scripted(["Hello ", "world", ...rewrites("Hello\nworld, again.")]));
    expect(await streamText({ model: exact, prompt: "Hi" }).text).toBe("Hello world, again.");
    const result = streamText({ model: spaced, prompt: "Hi" });
    expect(await result.text).toBe("Hello world, again.");
    expect((await result.providerMetadata)?.["qwen"]).toMatchObject({ rewritten: true, provider: "a" });
    expect((await generateText({ model: spaced, prompt: "Hi" })).text).toBe("Hello\nworld, again.");
  });

  test("end with an error that has the exact text where the new one does not fit, and are exact where all is held", async () => {
    const model = modelOf(scripted(["Hello", { type: "text-replace", text: "Goodbye" }]));
    const { parts, error } = await read(model);
    expect(error).toBeUndefined();
    expect(parts.at(-2)).toMatchObject({
      type: "error",
      error: { cause: { code: "text_rewritten", text: "Goodbye" } },
    });
    expect(parts.at(-1)).toMatchObject({
      finishReason: { unified: "error" },
      providerMetadata: { qwen: { provider: "a", attempts: [{ provider: "a" }] } },
    });
    expect((await generateText({ model, prompt: "Hi" })).text).toBe("Goodbye");
    const held = streamText({ model, prompt: "Hi", providerOptions: { qwen: { commit: "buffered" } } });
    expect(await held.text).toBe("Goodbye");
  });

  test("pass on what may be the cursor of an app before anything else than text", async () => {
    const call = { type: "tool-call", toolCallId: "c1", toolName: "clock", input: "{}" } as const;
    const { parts } = await read(modelOf(scripted(["| a |", call], { tools: true })));
    expect(outline(parts).slice(2, 7)).toEqual([
      "text-start text-0",
      "text-delta | a",
      "text-delta  |",
      "text-end text-0",
      "tool-call",
    ]);
  });

  test("name whoever answered in the end, also of two that were asked side by side", async () => {
    const slow = scripted([{ waitMs: 60 }, "slow"], {}, "a");
    const slower = scripted([{ waitMs: 5000 }, "slower"], {}, "b");
    const { parts } = await read(
      modelOf([slow, { ...slower, models: [{ id: "m2" }] }], { hedge: { delayMs: 10 }, routes: { m: ["a/m", "m2"] } }),
    );
    const named = parts.flatMap((part) => (part.type === "response-metadata" ? [part.modelId] : []));
    expect(named.at(-1)).toBe("m");
    expect(parts.at(-1)).toMatchObject({ providerMetadata: { qwen: { provider: "a", model: "m" } } });
  });

  test("hold a conversation to go on with, which providerOptions.qwen takes", async () => {
    const provider = scripted(
      (request) => [request.conversation ?? "none", { type: "finish", reason: "stop", conversation: "c-1" }],
      { conversation: true },
    );
    const model = modelOf(provider);
    const first = await generateText({ model, prompt: "Hi" });
    const conversation = first.providerMetadata?.["qwen"]?.["conversation"] ?? null;
    const second = await generateText({ model, prompt: "Hi", providerOptions: { qwen: { conversation } } });
    expect([first.text, second.text]).toEqual(["none", "c-1"]);
  });

  test("show a UI no address, no words of a server, nothing of the prompt", async () => {
    const secret = /secret|10\.0\.0\.1|PRIVATE/;
    const failing = scripted([new QwenError("space_error", "PRIVATE trace at 10.0.0.1/?token=secret")], {}, "a");
    const dying = scripted(["Hel", new Error("10.0.0.1 reset, secret")], {}, "b");
    const messages = [{ role: "user", content: "PRIVATE" }] as const;
    const { parts } = await read(modelOf([failing, dying]), {
      prompt: [{ role: "user", content: [{ type: "text", text: "PRIVATE" }] }],
    });
    expect(JSON.stringify(parts)).not.toMatch(secret);
    const errors: unknown[] = [];
    const result = streamText({
      model: modelOf([failing, dying]),
      messages: [...messages],
      onError: ({ error }) => void errors.push(error),
    });
    const chunks = await Array.fromAsync(
      result.toUIMessageStream({ onError: (error) => JSON.stringify(error) + String(error), sendReasoning: true }),
    );
    expect(chunks.length).toBeGreaterThan(2);
    expect(JSON.stringify(chunks)).not.toMatch(secret);
    expect(errors).toHaveLength(1);
  });
});
