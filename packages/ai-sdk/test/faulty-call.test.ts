import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { createRouter } from "@qwen/core";
import { expect, test } from "vitest";

import { createFallback, createRouterProvider, fromLanguageModel } from "../src/index.ts";
import { prompt as hello } from "./models.ts";

const circular: Record<string, never> = {};
circular["again"] = circular as never;

let asked = 0;
const client = createOpenAICompatible({
  name: "a",
  baseURL: "http://127.0.0.1:9/v1",
  fetch: async (...of) => {
    // As `fetch` does before it asks anybody.
    void new Request(...of);
    asked += 1;
    return Response.json({ choices: [] }, { status: 500 });
  },
});

test.each<[string, object]>([
  ["headers", { headers: { "x-a": "bad\nvalue" } }],
  ["headers", { headers: { "x a": "value" } }],
  ["providerOptions", { providerOptions: { a: circular } }],
  ["tools", { tools: [{ type: "function", name: "t", inputSchema: circular }] }],
])(
  "a call that no model can be asked with is its caller's mistake, and counts for none: %s",
  async (name, careless) => {
    const options = { prompt: hello, ...careless } as LanguageModelV4CallOptions;
    const model = createFallback({ models: [client("one"), client("two")], breaker: { minimumCalls: 1 } });
    for (const how of ["doGenerate", "doStream"] as const)
      await expect(model[how](options)).rejects.toMatchObject({
        message: expect.stringContaining(`\`${name}\``) as string,
        cause: { code: "invalid_request" },
      });
    expect(model.health().map(({ breaker }) => breaker)).toEqual(["closed", "closed"]);
    expect(asked).toBe(0);
  },
);

test.each([null, "Hi", [{ role: "bogus", content: [] }], [{ role: "user", content: [null] }]])(
  "a prompt that is none is its caller's mistake, and counts for no model: %j",
  async (prompt) => {
    const model = createFallback({ models: [client("one"), client("two")], breaker: { minimumCalls: 1 } });
    await expect(model.doStream({ prompt } as never)).rejects.toMatchObject({
      cause: { code: "invalid_request" },
    });
    expect(model.health().map(({ breaker }) => breaker)).toEqual(["closed", "closed"]);
  },
);

test("a model in a router is not counted for what its caller says either", async () => {
  const router = createRouter({
    plugins: [fromLanguageModel(client("one"), { id: "a" })],
    breaker: { minimumCalls: 1 },
  });
  const options = { prompt: hello, providerOptions: { a: { a: circular } } };
  await expect(createRouterProvider({ router })("one").doStream(options)).rejects.toMatchObject({
    cause: { code: "invalid_request" },
  });
  expect(router.health().map(({ breaker }) => breaker)).toEqual(["closed"]);
});
