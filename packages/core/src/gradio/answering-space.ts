import type { ModelInfo, Timeouts } from "../provider.ts";
import type { SpaceClient } from "./client.ts";
import type { Conversations } from "./conversations.ts";
import type { OutputsSchema } from "./outputs-schema.ts";
import type { SpaceDefinition } from "./space-definition.ts";
import type { TrackedEndpoint } from "./tracked-endpoint.ts";

/** A Space as a provider, for all of its requests. */
export interface AnsweringSpace {
  readonly id: string;
  readonly client: SpaceClient;
  readonly endpoint: TrackedEndpoint;
  readonly definition: SpaceDefinition<string, ModelInfo>;
  readonly outputs: OutputsSchema;
  readonly conversations: Conversations;
  readonly timeouts: Timeouts | undefined;
}
