import { createRouter } from "@qwen/core";
import { emulate } from "@qwen/core/emulate";
import { qwenMax } from "@qwen/max";
import { createSpaceEmulator } from "@qwen/testing";
import { generateText, isStepCount, jsonSchema, streamText, tool } from "ai";
import { afterAll, expect, test } from "vitest";

import { createRouterProvider } from "../src/index.ts";

globalThis.AI_SDK_LOG_WARNINGS = false;

// Calls the tool, then tells what came of it.
const space = await createSpaceEmulator({
  shape: "max",
  answer: (prompt) => {
    const [result] = /(?<=<tool_response>\n).*/.exec(prompt) ?? [];
    if (result !== undefined) return `It says: ${result}`;
    return prompt.includes("JSON")
      ? 'Here:\n```json\n{"degrees": 21}\n```'
      : 'Let me see.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>';
  },
});
const router = createRouter({ plugins: [emulate(qwenMax({ space: space.url }), { tools: true, json: true })] });
afterAll(async () => {
  await router.close();
  await space.close();
});

const weather = tool({
  description: "Tells the weather of a city.",
  inputSchema: jsonSchema<{ city: string }>({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
  }),
  execute: ({ city }) => ({ city, degrees: 21 }),
});
const asked = {
  model: createRouterProvider({ router })("qwen-max"),
  prompt: "How warm is it in Rome?",
  tools: { weather },
  stopWhen: isStepCount(3),
  maxRetries: 0,
} as const;

test("a Space calls a tool through streamText, which runs it, and tells what came of it in the second step", async () => {
  const result = streamText(asked);
  const types = (await Array.fromAsync(result.fullStream)).map(({ type }) => type);
  expect(types).not.toContain("error");
  const steps = await result.steps;
  expect(steps.map(({ text, finishReason }) => [text, finishReason])).toEqual([
    ["Let me see.", "tool-calls"],
    ['It says: {"city":"Rome","degrees":21}', "stop"],
  ]);
  expect(steps[0]?.toolCalls).toMatchObject([{ toolName: "weather", input: { city: "Rome" } }]);
  expect(steps[0]?.toolResults).toMatchObject([{ output: { city: "Rome", degrees: 21 } }]);
  expect(steps[0]?.warnings).toMatchObject([{ type: "compatibility", feature: "tools" }]);
  expect(types.filter((type) => type === "tool-call")).toHaveLength(1);
});

test("and through generateText", async () => {
  const { steps, text } = await generateText(asked);
  expect(steps).toHaveLength(2);
  expect(text).toBe('It says: {"city":"Rome","degrees":21}');
});

test("a tool that may not be run, or fails, is told to the Space as a result", async () => {
  const failing = tool({ ...weather, execute: () => Promise.reject(new Error("no network")) });
  const { text } = await generateText({ ...asked, tools: { weather: failing } });
  expect(text).toContain("no network");
});
