import type { Provider } from "@qwen/core";

import type { BenchClient } from "./client.ts";

/** Asks a provider without a router. */
export function withoutRouter(provider: Provider): BenchClient {
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
