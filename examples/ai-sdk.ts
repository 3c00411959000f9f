// A router as a model of the AI SDK: a Space that is lost, another that answers, and who it was.
import { createRouter } from "@qwen/core";
import { createRouterProvider, type RouterMetadata } from "@qwen/ai-sdk";
import { qwen72B } from "@qwen/72b";
import { qwenMax } from "@qwen/max";
import { createProviderRegistry, generateText, streamText } from "ai";
import { localSpace } from "./local-space.ts";

await using first = await localSpace("max", "Red, yellow and blue.");
await using second = await localSpace("72b", "Blue, yellow and red.");
first.fault("sleeping");

await using router = createRouter({
  plugins: [qwenMax({ space: first.url }), qwen72B({ space: second.url })],
  routes: { smart: ["qwen-max", "qwen-2-72b"] },
  retry: { baseDelayMs: 0 },
});
const registry = createProviderRegistry({ "@qwen": createRouterProvider({ router }) }, { separator: "/" });

// The router does the retrying.
const asked = { model: registry.languageModel("@qwen/smart"), prompt: "Name three colors.", maxRetries: 0 };

const stream = streamText(asked);
for await (const text of stream.textStream) process.stdout.write(text);
console.log(`\n  ${(await stream.response).modelId}`);

const { text, providerMetadata } = await generateText(asked);
console.log(text);
const told = providerMetadata?.["qwen"] as RouterMetadata | undefined;
for (const { provider, code = "answered" } of told?.attempts ?? []) console.log(`  ${provider}: ${code}`);
