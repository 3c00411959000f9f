import type { BenchClient, Target } from "./client.ts";
import { createProvider } from "./provider.ts";
import { createRouterClient } from "./router-client.ts";

/** The same as the client `router`, with the stream asked for beside the join. */
export function createClient(target: Target): BenchClient {
  return createRouterClient(createProvider(target, { earlyStream: true }));
}
