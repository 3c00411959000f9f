import { createRouter, type Provider } from "@qwen/core";

import type { BenchClient, Target } from "./client.ts";
import { createProvider } from "./provider.ts";

/** `@qwen/max` behind a router of `@qwen/core`, as it is meant to be used. */
export function createClient(target: Target): BenchClient {
  return createRouterClient(createProvider(target));
}

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
