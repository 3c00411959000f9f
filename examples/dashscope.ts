// Qwen's own API: an answer with its thought apart, and another one without any thought.
import { createRouter } from "@qwen/core";
import { dashscope } from "@qwen/openai-compatible";
import { emulatedEndpoint } from "./emulated-endpoint.ts";

const answer = ["It has ", "17 as a square."];
await using endpoint = await emulatedEndpoint("dashscope", {
  "qwen-plus": ({ body }) =>
    body["enable_thinking"] === true ? [{ reasoning: "17 × 17 is 289." }, ...answer] : answer,
});

// `dashscope()` alone asks Alibaba Cloud in Singapore, by the key in DASHSCOPE_API_KEY; `region: "mainland"` is in Beijing.
await using router = createRouter({ plugins: [dashscope({ baseURL: endpoint.url, apiKey: "sk-emulated" })] });
const messages = [{ role: "user", content: "What is special about 289?" }] as const;

for (const reasoning of ["high", "none"] as const) {
  const stream = router.stream({ model: "qwen-plus", messages, settings: { reasoning } });
  for await (const part of stream) {
    if (part.type === "reasoning-delta") process.stdout.write(`(${part.text}) `);
    if (part.type === "text-delta") process.stdout.write(part.text);
  }
  const { provider, usage } = await stream.completion;
  console.log(`\n  by ${provider}, in ${usage?.outputTokens} tokens`);
}
