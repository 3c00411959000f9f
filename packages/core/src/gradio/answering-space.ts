import type { ModelInfo, Timeouts } from "../provider.ts";
import { clientOf, type SpaceClient } from "./client.ts";
import { createConversations, type Conversations } from "./conversations.ts";
import type { LaterClient } from "./later-client.ts";
import type { OutputsSchema } from "./outputs-schema.ts";
import type { SpaceDefinition } from "./space-definition.ts";
import { TrackedEndpoint } from "./tracked-endpoint.ts";

/** A Space as a provider, as it was defined. */
export interface DefinedSpace {
  readonly id: string;
  readonly client: LaterClient;
  readonly definition: SpaceDefinition<string, ModelInfo>;
  readonly outputs: OutputsSchema;
  readonly timeouts: Timeouts | undefined;
}

/** The same for all of its requests, with what they share. */
export interface AnsweringSpace extends Omit<DefinedSpace, "client"> {
  readonly client: SpaceClient;
  readonly endpoint: TrackedEndpoint;
  readonly conversations: Conversations;
}

const known = new WeakMap<DefinedSpace, AnsweringSpace>();

/** The one that answers for a definition: made with its first request. */
export function answeringSpace(defined: DefinedSpace): AnsweringSpace {
  const before = known.get(defined);
  if (before !== undefined) return before;
  const client = clientOf(defined.client);
  const endpoint = new TrackedEndpoint(client, defined.definition);
  const made = { ...defined, client, endpoint, conversations: createConversations() };
  known.set(defined, made);
  return made;
}
