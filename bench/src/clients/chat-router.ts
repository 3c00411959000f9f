import { createChatProvider } from "./chat-provider.ts";
import type { BenchClient, Target } from "./client.ts";
import { createRouterClient } from "./router-client.ts";

/** `@qwen/openai-compatible` behind a router of `@qwen/core`, as it is meant to be used. */
export function createClient(target: Target): BenchClient {
  return createRouterClient(createChatProvider(target));
}
