// Tools for a model that has none: shown to it in the prompt, and its calls read in what it says.
import { createRouter, type Message } from "@qwen/core";
import { emulate } from "@qwen/core/emulate";
import { qwenMax } from "@qwen/max";
import { localSpace } from "./local-space.ts";

// What stands in for the model calls the tool, then tells what came of it.
await using space = await localSpace("max", (prompt) => {
  const [result] = /(?<=<tool_response>\n).*/.exec(prompt) ?? [];
  if (result === undefined)
    return 'Let me see.\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rome"}}\n</tool_call>';
  return `It says: ${result}`;
});

await using router = createRouter({ plugins: [emulate(qwenMax({ space: space.url }), { tools: true })] });
const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tools = [{ name: "weather", description: "Tells the weather of a city.", inputSchema: city }];
const messages: Message[] = [{ role: "user", content: "How warm is it in Rome?" }];

for (let step = 1; step <= 5; step++) {
  const { text, toolCalls } = await router.complete({ model: "qwen-max", messages, settings: { tools } });
  console.log(`${step}. ${text}`);
  if (toolCalls.length === 0) break;
  messages.push({ role: "assistant", content: [{ type: "text", text }, ...toolCalls] });
  for (const { toolCallId, toolName, input } of toolCalls) {
    console.log(`   ${toolName}(${input})`);
    // Here the tool would be run, and its input checked before.
    const output = { type: "json", value: { degrees: 21 } } as const;
    messages.push({ role: "tool", content: [{ type: "tool-result", toolCallId, toolName, output }] });
  }
}
