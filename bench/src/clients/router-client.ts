import { createRouter, type Provider } from "@qwen/core";

import type { BenchClient } from "./client.ts";

/** A provider behind a router. */
export function createRouterClient(provider: Provider): BenchClient {
  const router = createRouter({ plugins: [provider] });
  const model = provider.models[0].id;
  return {
    async ask(prompt, onText) {
      for await (const part of router.stream({ model, messages: [{ role: "user", content: prompt }] }))
        if (part.type === "text-delta") onText(part.text);
    },
    close: () => router.close(),
  };
}
