import { copyOf } from "../error-copy.ts";
import { QwenError } from "../errors.ts";
import { Later } from "../later.ts";
import { weightOfPart } from "../part-weight.ts";
import type { ModelInfo, ProviderRequest, Timeouts } from "../provider.ts";
import type { ProviderPart } from "../part.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import type { Call, CallWork } from "../call.ts";
import type { SpaceClient } from "./client.ts";
import type { Conversations } from "./conversations.ts";
import type { SpaceDefinition } from "./space-definition.ts";
import type { TrackedEndpoint } from "./tracked-endpoint.ts";

/** A Space as a provider, for all of its requests. */
export interface AnsweringSpace {
  readonly id: string;
  readonly client: SpaceClient;
  readonly endpoint: TrackedEndpoint;
  readonly definition: SpaceDefinition<string, ModelInfo>;
  readonly conversations: Conversations;
  readonly timeouts: Timeouts | undefined;
}

const jobs = new Later(() => import("./jobs.ts"));

/** One request of a provider: pushes the parts of its answer, the `finish` last. What that takes is loaded with the first. */
export class Answering implements CallWork<ProviderPart> {
  readonly space: AnsweringSpace;
  readonly #takeRequest: () => ProviderRequest;
  #limits: ResolvedTimeouts | undefined;

  /** `takeRequest` gives what was asked, or throws what is wrong with it. */
  constructor(space: AnsweringSpace, takeRequest: () => ProviderRequest) {
    this.space = space;
    this.#takeRequest = takeRequest;
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
    return jobs.now?.answer(this, call) ?? jobs.load().then(({ answer }) => answer(this, call));
  }
}
