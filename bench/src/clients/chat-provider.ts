import type { Provider } from "@qwen/core";
import { openaiCompatible } from "@qwen/openai-compatible";

import type { BenchClient, Target } from "./client.ts";
import { withoutRouter } from "./without-router.ts";

/** Our provider of the server's model. */
export function createChatProvider({ url }: Target): Provider {
  return openaiCompatible({ id: "chat", baseURL: `${url}/v1`, models: ["model-a"] });
}

/** `@qwen/openai-compatible` without a router. */
export function createClient(target: Target): BenchClient {
  return withoutRouter(createChatProvider(target));
}
