import { generateText, isStepCount, jsonSchema, streamText, tool } from "ai-lowest";
import type { LanguageModel } from "ai-lowest";
import { createRouter } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, test, vi } from "vitest";

import { createFallback, createRouterProvider, fromLanguageModel } from "../src/index.ts";

// The lowest version that is allowed, and the `ai` that came with it.
vi.mock("@ai-sdk/provider", async () => import("provider-lowest"));
globalThis.AI_SDK_LOG_WARNINGS = false;

const call = { type: "tool-call", toolCallId: "c1", toolName: "clock", input: "{}" } as const;
const provider = scriptedProvider({
  models: [{ id: "m", capabilities: { tools: true } }],
  script: ({ messages }) =>
    messages.at(-1)?.role === "tool"
      ? ["It is ", { type: "log", level: "info", message: "Half." }, "noon."]
      : [
          { type: "queue", position: 1 },
          { type: "progress", fraction: 0.5 },
          "Let me see.",
          call,
          { type: "finish", reason: "tool-calls" },
        ],
});
const router = createRouter({ plugins: [provider] });
const out = createRouterProvider({ router })("m");
const over = createRouter({ plugins: [fromLanguageModel(out, { id: "in" })] });

const clock = tool({ inputSchema: jsonSchema<object>({ type: "object" }), execute: () => "12:00" });

describe.each([
  ["a router as a model", out],
  ["a fallback over it", createFallback({ models: [out] })],
  ["a fallback over it that goes on in mid-answer", createFallback({ models: [out], commit: "continue" })],
  ["a router over it as a model", createRouterProvider({ router: over })("m")],
])("with the lowest version of the AI SDK, %s", (_, model) => {
  const asked = {
    model: model as LanguageModel,
    prompt: "What time is it?",
    tools: { clock },
    stopWhen: isStepCount(3),
    maxRetries: 0,
  };

  test("answers streamText, signs of life among the words", async () => {
    const errors: unknown[] = [];
    const result = streamText({ ...asked, onError: ({ error }) => void errors.push(error) });
    expect(await result.text).toBe("It is noon.");
    expect(errors).toEqual([]);
    expect((await result.steps).map(({ finishReason }) => finishReason)).toEqual(["tool-calls", "stop"]);
  });

  test("answers streamText with raw chunks", async () => {
    const result = streamText({ ...asked, include: { rawChunks: true } });
    const parts = await Array.fromAsync(result.fullStream);
    expect(parts.filter(({ type }) => type === "error")).toEqual([]);
    expect(await result.text).toBe("It is noon.");
  });

  test("answers generateText", async () => {
    expect((await generateText(asked)).text).toBe("It is noon.");
  });

  test("tells a cut answer by an error", async () => {
    const cut = scriptedProvider({ models: [{ id: "m" }], script: ["Hel", new Error("gone")] });
    const broken = createRouterProvider({ router: createRouter({ plugins: [cut], retry: { maxAttempts: 1 } }) })("m");
    const result = streamText({ model: broken as LanguageModel, prompt: "Hi", onError: () => {} });
    const parts = await Array.fromAsync(result.fullStream);
    expect(parts.filter(({ type }) => type === "error")).toHaveLength(1);
  });
});
