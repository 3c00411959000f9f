import { describe, expect, test } from "vitest";

import { emulate } from "../../src/emulate/index.ts";
import type { ProviderRequest, Settings } from "../../src/provider.ts";
import { collect, finish, messages, scripted, text } from "../router/scripted.ts";

const weather = {
  name: "weather",
  description: "Tells the weather.",
  inputSchema: { type: "object", properties: { city: { type: "string" } } },
};
const settings: Settings = { tools: [weather] };

/** What a provider is asked where its tools are emulated. */
async function asked(request: Partial<ProviderRequest>): Promise<ProviderRequest | undefined> {
  const provider = scripted("p", [[text("Hi"), finish]]);
  await collect(emulate(provider, { tools: true }).stream({ messages, settings, ...request }));
  return provider.requests[0];
}

describe("what an emulated provider is asked", () => {
  test("holds the tools behind the system text, as Qwen's templates do", async () => {
    const request = await asked({
      messages: [{ role: "system", content: "Be kind." }, ...messages],
      settings: { ...settings, temperature: 0, toolChoice: "required", parallelToolCalls: false },
    });
    expect(request?.settings).toEqual({ temperature: 0 });
    expect(request?.messages).toEqual([
      {
        role: "system",
        content: `Be kind.

# Tools

You may call one or more functions to assist with the user query.

You are provided with function signatures within <tools></tools> XML tags:
<tools>
{"type": "function", "function": {"name": "weather", "description": "Tells the weather.", "parameters": {"type":"object","properties":{"city":{"type":"string"}}}}}
</tools>

For each function call, return a json object with function name and arguments within <tool_call></tool_call> XML tags:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call>

You must call at least one function.

Call no more than one function at a time.`,
      },
      ...messages,
    ]);
  });

  test("holds past calls as calls, and their results in one turn of the user", async () => {
    const request = await asked({
      settings: { ...settings, toolChoice: "none" },
      messages: [
        ...messages,
        {
          role: "assistant",
          content: [
            { type: "text", text: "Let me see." },
            { type: "tool-call", toolCallId: "1", toolName: "weather", input: '{"city":"Rome"}' },
            { type: "tool-call", toolCallId: "2", toolName: "weather", input: "{}" },
          ],
        },
        {
          role: "tool",
          content: [
            { type: "tool-result", toolCallId: "1", toolName: "weather", output: { type: "json", value: { t: 20 } } },
          ],
        },
        {
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: "2",
              toolName: "weather",
              output: { type: "text", value: "No city." },
              isError: true,
            },
          ],
        },
      ],
    });
    expect(request).toMatchObject({ settings: {} });
    expect(request?.messages.slice(1)).toEqual([
      {
        role: "assistant",
        content:
          'Let me see.\n<tool_call>\n{"name": "weather", "arguments": {"city":"Rome"}}\n</tool_call>\n<tool_call>\n{"name": "weather", "arguments": {}}\n</tool_call>',
      },
      {
        role: "user",
        content: '<tool_response>\n{"t":20}\n</tool_response>\n<tool_response>\nError: No city.\n</tool_response>',
      },
    ]);
  });

  test("has a system prompt of its own where there was none, and one tool to be called", async () => {
    const request = await asked({ settings: { ...settings, toolChoice: { toolName: "weather" } } });
    expect(request?.messages).toEqual([
      {
        role: "system",
        content: expect.stringMatching(/^# Tools\n[^]*\nYou must call the function "weather"\.$/) as string,
      },
      ...messages,
    ]);
  });
});
