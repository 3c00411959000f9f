import { describe, expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import type { Settings } from "../../src/provider.ts";
import { collect, finish, messages, outline, scripted, text } from "../router/scripted.ts";

const settings: Settings = { tools: [{ name: "weather", inputSchema: { type: "object" } }] };
const call = '<tool_call>{"name": "weather"}</tool_call>';

describe("a model that can some of it by itself", () => {
  test("is left to what it can", async () => {
    const models = [{ id: "m", capabilities: { tools: true } }] as const;
    const provider = scripted("p", [[text(call), finish]], { models });
    const stream = emulate(provider, { tools: true }).stream({ messages, settings });
    const { parts } = await collect(stream);
    expect(provider.requests[0]?.settings).toBe(settings);
    expect(outline(parts)).toEqual([call, "finish"]);
  });

  test("takes a call of the model's own for an answer where JSON is emulated, and so does not look for any", async () => {
    const models = [{ id: "m", capabilities: { tools: true } }] as const;
    const own = { type: "tool-call", toolCallId: "1", toolName: "weather", input: "{}" } as const;
    const both = { ...settings, responseFormat: { type: "json" } } as const;
    for (const script of [
      [own, finish],
      [text("I look."), own, finish],
    ]) {
      const provider = scripted("p", [script], { models });
      const { parts, error } = await collect(emulate(provider, { json: true }).stream({ messages, settings: both }));
      expect(error).toBeUndefined();
      expect(parts).toContainEqual(own);
      expect(provider.requests[0]?.settings).toEqual(settings);
    }
  });

  test("asks by the prompt for JSON too where tools are emulated, as a model held to JSON could call none", async () => {
    const models = [{ id: "m", capabilities: { json: true } }] as const;
    const responseFormat = { type: "json", schema: { type: "object" } } as const;
    const provider = scripted("p", [[text('So: {"a":1}'), finish], [text(call), finish], [finish]], { models });
    const emulated = emulate(provider, { tools: true });
    const { parts } = await collect(emulated.stream({ messages, settings: { ...settings, responseFormat } }));
    expect(outline(parts)).toEqual(["start", '{"a":1}', "finish"]);
    expect(parts[0]).toMatchObject({ warnings: [{ feature: "tools" }, { feature: "responseFormat" }] });
    expect(provider.requests[0]?.settings).toEqual({});
    expect(provider.requests[0]?.messages[0]?.content).toMatch(/# Tools[^]*# Output/);
    const second = await collect(emulated.stream({ messages, settings: { ...settings, responseFormat } }));
    expect(outline(second.parts)).toEqual(["start", "tool-call", "finish"]);
    const none = { ...settings, toolChoice: "none", responseFormat } as const;
    await collect(emulated.stream({ messages, settings: none }));
    expect(provider.requests[2]?.settings).toBe(none);
  });
});
