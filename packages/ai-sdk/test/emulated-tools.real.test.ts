import { createRouter, wrapProvider } from "@qwen/core";
import { emulate } from "@qwen/core/emulate";
import { modelId, startModel } from "@qwen/local-spaces";
import { openaiCompatible } from "@qwen/openai-compatible";
import { jsonSchema, isStepCount, streamText, tool } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createRouterProvider } from "../src/index.ts";

globalThis.AI_SDK_LOG_WARNINGS = false;

let model: Awaited<ReturnType<typeof startModel>>;
beforeAll(async () => {
  model = await startModel({ slots: 1, contextTokens: 2048 });
}, 120_000);
afterAll(() => model?.stop());

// A model of this size writes no call by itself: the grammar leaves it the name of the city.
const GRAMMAR = String.raw`root ::= "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"" [A-Z] [a-z]+ "\", \"unit\": \"celsius\", \"days\": [1, 2, 3, 4, 5, 6, 7, 8]}}\n</tool_call>"`;

test("a real model writes the call of a tool piece by piece, by a grammar in providerOptions, which comes out as one", async () => {
  let pieces = 0;
  const llama = openaiCompatible({
    id: "llama",
    baseURL: `${model.url}/v1`,
    models: [modelId],
    timeouts: { headersMs: 50_000, firstOutputMs: 50_000 },
  });
  const counted = wrapProvider(llama, { part: ({ type }) => void (type === "text-delta" && pieces++) });
  const router = createRouter({ plugins: [emulate(counted, { tools: true })], retry: { maxAttempts: 1 } });
  const seen: unknown[] = [];
  const result = streamText({
    model: createRouterProvider({ router })(`llama/${modelId}`),
    prompt: "How warm is it in Rome?",
    tools: {
      weather: tool({
        description: "Tells the weather of a city.",
        inputSchema: jsonSchema<{ city: string }>({ type: "object", properties: { city: { type: "string" } } }),
        execute: (input) => {
          seen.push(input);
          return { degrees: 21 };
        },
      }),
    },
    temperature: 0,
    maxOutputTokens: 200,
    providerOptions: { llama: { grammar: GRAMMAR } },
    stopWhen: isStepCount(1),
    maxRetries: 0,
  });
  const parts = await Array.fromAsync(result.fullStream);
  expect(parts.filter(({ type }) => type === "error")).toEqual([]);
  expect(parts.filter(({ type }) => type === "tool-call")).toHaveLength(1);
  expect(parts.filter(({ type }) => type === "text-delta")).toEqual([]);
  expect(await result.finishReason).toBe("tool-calls");
  expect(seen).toEqual([
    { city: expect.stringMatching(/^[A-Z][a-z]+$/), unit: "celsius", days: [1, 2, 3, 4, 5, 6, 7, 8] },
  ]);
  expect(pieces).toBeGreaterThan(40);
  await router.close();
});
