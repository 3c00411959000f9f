import { copyOf } from "../error-copy.ts";
import { QwenError } from "../errors.ts";
import { weightOfPart } from "../part-weight.ts";
import type { ModelInfo, ProviderRequest, Timeouts } from "../provider.ts";
import type { ProviderPart } from "../part.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import type { Call, CallWork } from "../call.ts";
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

/** One request of a provider: pushes the parts of its answer, the `finish` last. */
export class Answering<
  Space extends Pick<AnsweringSpace, "id" | "timeouts"> = AnsweringSpace,
> implements CallWork<ProviderPart> {
  readonly space: Space;
  readonly #takeRequest: () => ProviderRequest;
  readonly #answer: (asked: Answering<Space>, call: Call<ProviderPart>) => Promise<void>;
  #limits: ResolvedTimeouts | undefined;

  /** `takeRequest` gives what was asked, or throws what is wrong with it. */
  constructor(
    space: Space,
    takeRequest: () => ProviderRequest,
    answer: (asked: Answering<Space>, call: Call<ProviderPart>) => Promise<void>,
  ) {
    this.space = space;
    this.#takeRequest = takeRequest;
    this.#answer = answer;
  }

  /** What was asked. Throws what is wrong with it. */
  get request(): ProviderRequest {
    return this.#takeRequest();
  }

  limits(): ResolvedTimeouts {
    this.#limits ??= resolveTimeouts(this.request.timeouts, this.space.timeouts);
    return this.#limits;
  }

  weigh(part: ProviderPart): number {
    return weightOfPart(part);
  }

  asOwnError(error: unknown): unknown {
    return QwenError.isInstance(error) ? copyOf(error, { provider: this.space.id }) : error;
  }

  run(call: Call<ProviderPart>): Promise<void> {
    return this.#answer(this, call);
  }
}
