import type { BenchClient, Target } from "./client.ts";
import { createProvider } from "./provider.ts";
import { createRouterClient } from "./router-client.ts";

/** `@qwen/max` behind a router of `@qwen/core`, as it is meant to be used. */
export function createClient(target: Target): BenchClient {
  return createRouterClient(createProvider(target));
}
