import type { Provider } from "@qwen/core";
import { openaiCompatible } from "@qwen/openai-compatible";

import type { BenchClient, Target } from "./client.ts";

/** Our provider of the server's model. */
export function createChatProvider({ url }: Target): Provider {
  return openaiCompatible({ id: "chat", baseURL: `${url}/v1`, models: ["model-a"] });
}

/** `@qwen/openai-compatible` without a router. */
export function createClient(target: Target): BenchClient {
  const provider = createChatProvider(target);
  return {
    async ask(prompt, onText) {
      for await (const part of provider.stream({ messages: [{ role: "user", content: prompt }] }))
        if (part.type === "text-delta") onText(part.text);
    },
    async close() {
      await provider.close?.();
    },
  };
}
