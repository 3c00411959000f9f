import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";

import type { BenchClient, Target } from "./client.ts";

/** The npm package `ai` on `@ai-sdk/openai-compatible`. */
export function createClient({ url }: Target): BenchClient {
  const model = createOpenAICompatible({ name: "bench", baseURL: `${url}/v1`, apiKey: "any" })("model-a");
  return {
    async ask(prompt, onText) {
      const { textStream } = streamText({ model, prompt });
      for await (const text of textStream) onText(text);
    },
    close: () => Promise.resolve(),
  };
}
