import { createRouter, type Message } from "@qwen/core";
import { emulate } from "@qwen/core/emulate";
import { startModel, startSpace } from "@qwen/local-spaces";
import { qwenMax } from "@qwen/max";
import { afterAll, beforeAll, expect, test } from "vitest";

// A model of 135 million parameters cannot follow a prompt as long as this; a grammar makes up for it. What the grammar leaves
// open, and where the pieces are cut, is the model's and Gradio's.
const CALLS = String.raw`
root ::= ("I will look. "  | "") call ("\n" call)? ("\n<tool_response>\n" [a-z ]+)?
call ::= "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": " string ", \"days\": [" [1-7] "]}" "}"? "}\n</tool_call>"
string ::= "\"" ([A-Z] [a-z]{2,12} | "\\u00e9 <b>\\\"" [a-z]{1,9}) "\""
`;
const THINKS = String.raw`
root ::= "<think>\n" [A-Z] [^<>]{20,80} "\n</think>\n\nSo:\n" "${"```"}json\n{\"degrees\": " [1-9] [0-9]? ", \"sky\": \"" [a-z {}]{3,20} "\"}\n${"```"}\nIs that " [a-z]{2,9} "?"
`;

const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

let url: { readonly calls: string; readonly thinks: string };
beforeAll(async () => {
  const serve = async (grammar: string): Promise<string> => {
    const model = resources.use(await startModel({ grammar, slots: 2 }));
    return resources.use(await startSpace("max", { modelUrl: model.url })).url;
  };
  url = { calls: await serve(CALLS), thinks: await serve(THINKS) };
});

const inputSchema = { type: "object", properties: { city: { type: "string" } } };
const tools = [{ name: "weather", description: "Tells the weather of a city.", inputSchema }];

test.each(["Rome", "Oslo", "Bern", "a city of your choice"])(
  "tools, thought and JSON are read in real tokens of a real Space: the weather of %s",
  async (city) => {
    await using router = createRouter({
      plugins: [
        emulate(qwenMax({ id: "calls", space: url.calls }), { tools: true }),
        emulate(qwenMax({ id: "thinks", space: url.thinks }), { tools: true, json: true, reasoning: true }),
      ],
    });
    const messages: Message[] = [{ role: "user", content: `What is the weather in ${city}?` }];
    const first = await router.complete({ model: "calls/qwen-max", messages, settings: { tools } });
    expect(["", "I will look."]).toContain(first.text);
    expect(first.finishReason).toBe("tool-calls");
    expect([1, 2]).toContain(first.toolCalls.length);
    for (const { toolName, input } of first.toolCalls) {
      expect(toolName).toBe("weather");
      expect(JSON.parse(input)).toEqual({
        city: expect.stringMatching(/^[A-Zé]/) as string,
        days: [expect.any(Number)],
      });
    }

    messages.push({ role: "assistant", content: first.toolCalls });
    for (const { toolCallId, toolName } of first.toolCalls) {
      const output = { type: "json", value: { degrees: 21 } } as const;
      messages.push({ role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] });
    }
    const settings = { tools, responseFormat: { type: "json" } } as const;
    const second = await router.complete({ model: "thinks/qwen-max", messages, settings });
    expect(second.reasoning).toMatch(/^[A-Z][^<>]+$/);
    expect(JSON.parse(second.text)).toEqual({ degrees: expect.any(Number), sky: expect.any(String) });
    expect(second).toMatchObject({ finishReason: "stop", toolCalls: [] });
  },
  // The first chat waits until all is warm.
  120_000,
);
