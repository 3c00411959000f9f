import { describe, expect, test } from "vitest";

import { emulate, type EmulateOptions } from "../../src/emulate/index.ts";
import type { ProviderRequest } from "../../src/provider.ts";
import { collect, finish, messages, outline, scripted, text } from "../router/scripted.ts";

const every: readonly EmulateOptions[] = [
  { tools: true },
  { json: true },
  { reasoning: true },
  { tools: true, json: true, reasoning: "open" },
];
const weather = { name: "weather", inputSchema: {} };

/** Asks without a router, whose check would come first. */
async function ask(request: unknown, options: EmulateOptions) {
  const provider = scripted("p", [[text("Hi"), finish]]);
  const answer = await collect(emulate(provider, options).stream(request as ProviderRequest));
  return { ...answer, provider };
}

describe("a wrong request is told by its path before anything is sent, whatever is emulated", () => {
  test.each<readonly [path: string, settings: unknown]>([
    ["settings", null],
    ["settings", 5],
    ["settings", new Map()],
    ["settings.tools", { tools: null }],
    ["settings.tools", { tools: { length: 1 } }],
    ["settings.tools[0]", { tools: [null] }],
    ["settings.tools[0].inputSchema", { tools: [{ name: "a", inputSchema: "{}" }] }],
    ["settings.toolChoice", { tools: [weather], toolChoice: null }],
    ["settings.toolChoice", { tools: [weather], toolChoice: { toolName: "b" } }],
    ["settings.parallelToolCalls", { tools: [weather], parallelToolCalls: "no" }],
    ["settings.responseFormat", { responseFormat: null }],
    ["settings.responseFormat", { responseFormat: "json" }],
    ["settings.responseFormat.schema", { responseFormat: { type: "json", schema: "object" } }],
    ["settings", { respnseFormat: { type: "json" } }],
  ])("%s of %j", async (path, settings) => {
    for (const options of every) {
      const { error, provider } = await ask({ messages, settings }, options);
      expect(error).toMatchObject({
        code: "invalid_request",
        message: expect.stringContaining(`\`${path}\``) as string,
      });
      expect(provider.requests).toHaveLength(0);
    }
  });

  test.each<readonly [path: string, messages: unknown]>([
    ["messages", null],
    ["messages", "Hi"],
    ["messages", []],
    ["messages[0]", [null]],
    ["messages[0].role", [{ role: "robot", content: "Hi" }]],
    ["messages[0].content", [{ role: "user", content: null }]],
    ["messages[0].content[0]", [{ role: "user", content: [null] }]],
  ])("%s of %j", async (path, wrong) => {
    for (const options of every) {
      const { error, provider } = await ask({ messages: wrong }, options);
      expect(error).toMatchObject({ code: "invalid_request", message: expect.stringContaining(path) as string });
      expect(provider.requests).toHaveLength(0);
    }
  });

  test("and one that is none at all", async () => {
    for (const options of every)
      for (const none of [null, undefined, 5, "Hi"])
        expect((await ask(none, options)).error).toMatchObject({ code: "invalid_request" });
  });
});

test("whatever is emulated in a call is a warning, a reasoning channel as well", async () => {
  const settings = { tools: [weather], responseFormat: { type: "json" } };
  for (const [options, features] of [
    [{ reasoning: true }, ["reasoning"]],
    [{ tools: true, json: true, reasoning: "open" }, ["tools", "responseFormat", "reasoning"]],
  ] as const) {
    const provider = scripted("p", [[text("<think>Hm</think>[1]"), finish]]);
    const asked = features.length > 1 ? { messages, settings } : { messages };
    const { parts } = await collect(emulate(provider, options).stream(asked as ProviderRequest));
    expect(outline(parts).at(-1)).toBe("finish");
    for (const part of [parts[0], parts.at(-1)])
      expect(part).toMatchObject({ warnings: features.map((feature) => ({ feature })) });
  }
});
