// A Space that dies in mid-answer and an endpoint behind it, as one model of the AI SDK: a reader notices nothing.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createFallback, createRouterProvider } from "@qwen/ai-sdk";
import { createRouter } from "@qwen/core";
import { qwenMax } from "@qwen/max";
import { streamText } from "ai";
import { emulatedEndpoint } from "./emulated-endpoint.ts";
import { localSpace } from "./local-space.ts";

await using space = await localSpace("max", "Red, yellow and blue.");
await using endpoint = await emulatedEndpoint("openai", { "qwen-plus": "Blue, yellow and red." });
space.fault({ name: "eof", after: 2 });

await using router = createRouter({ plugins: [qwenMax({ space: space.url })], retry: { maxAttempts: 1 } });
const qwen = createRouterProvider({ router });
const paid = createOpenAICompatible({ name: "paid", baseURL: endpoint.url });

for (const commit of ["first-output", "buffered"] as const) {
  console.log(`${commit}:`);
  const model = createFallback({
    models: [
      { model: qwen("qwen-max"), id: "space" },
      { model: paid("qwen-plus"), id: "paid" },
    ],
    retry: { maxAttempts: 2 },
    commit,
  });
  const answer = streamText({
    model,
    prompt: "Name three primary colors.",
    maxRetries: 0,
    onError: ({ error }) => console.log(`  ${String(error)}`),
  });
  console.log(`  ${await answer.text} (${await answer.finishReason})`);
  const metadata = await answer.providerMetadata;
  console.log(`  ${JSON.stringify(metadata?.["qwen"]?.["attempts"])}`);
}
