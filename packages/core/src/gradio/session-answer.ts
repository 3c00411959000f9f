import { checkRequest, findUnsupported } from "../capabilities.ts";
import { decisive } from "../decision.ts";
import { copyOf } from "../error-copy.ts";
import { QwenError } from "../errors.ts";
import { knownModel } from "../known-model.ts";
import { weightOfPart } from "../part-weight.ts";
import type { FinishPart, ProviderPart } from "../part.ts";
import type { ModelInfo, ProviderRequest, Timeouts } from "../provider.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import type { Call, CallWork } from "../call.ts";
import type { SpaceClient } from "./client.ts";
import { RequestSession } from "./input-session.ts";
import { wasLost } from "./join.ts";
import { Session } from "./session.ts";
import type { SessionDefinition } from "./session-definition.ts";
import { SessionRun } from "./session-run.ts";
import { mayHaveChanged } from "./space-answer.ts";
import type { SpacePlan } from "./space-plan.ts";

/** A Space as a provider, for all of its requests. */
export interface PlannedSpace<Plan> {
  readonly id: string;
  readonly client: SpaceClient;
  readonly plan: SpacePlan<Plan>;
  readonly definition: SessionDefinition<string, ModelInfo, Plan>;
  readonly timeouts: Timeouts | undefined;
}

/** One request that is answered in a session of its own: pushes the parts of its answer, the `finish` last. */
export class SessionAnswer<Plan> implements CallWork<ProviderPart> {
  readonly #space: PlannedSpace<Plan>;
  readonly #takeRequest: () => ProviderRequest;
  #limits: ResolvedTimeouts | undefined;

  /** `takeRequest` gives what was asked, or throws what is wrong with it. */
  constructor(space: PlannedSpace<Plan>, takeRequest: () => ProviderRequest) {
    this.#space = space;
    this.#takeRequest = takeRequest;
  }

  limits(): ResolvedTimeouts {
    this.#limits ??= resolveTimeouts(this.#takeRequest().timeouts, this.#space.timeouts);
    return this.#limits;
  }

  weigh(part: ProviderPart): number {
    return weightOfPart(part);
  }

  asOwnError(error: unknown): unknown {
    return QwenError.isInstance(error) ? copyOf(error, { provider: this.#space.id }) : error;
  }

  async run(call: Call<ProviderPart>): Promise<void> {
    const request = this.#takeRequest();
    const model = knownModel(this.#space.definition, request.model);
    checkRequest(request);
    const unsupported = findUnsupported(model, request);
    if (unsupported !== undefined) throw unsupported;
    const plan = await this.#space.plan.get(call.stop);
    call.stop.throwIfAborted();
    const once = (): Promise<FinishPart> => this.#answer(call, { request, model, plan });
    call.push(
      await once().catch((error: unknown) => {
        call.stop.throwIfAborted();
        // A session that the server does not know right after it took the job means replicas that share none: one new one is tried.
        const isLost = QwenError.isInstance(error) && error.code === "session_not_found" && !call.hasSpoken;
        if (!isLost && !wasLost(error)) throw error;
        return once();
      }),
    );
  }

  async #answer(
    call: Call<ProviderPart>,
    { request, model, plan }: { readonly request: ProviderRequest; readonly model: ModelInfo; readonly plan: Plan },
  ): Promise<FinishPart> {
    const { client, definition } = this.#space;
    const session = new Session(client, { headers: request.headers });
    const timeouts = this.limits();
    const forInputs = new RequestSession({ call, session, continued: false, timeouts });
    const { maxQueueMs } = request;
    const run = new SessionRun({ call, session, forInputs, timeouts, maxQueueMs });
    try {
      await definition.answer({ ...request, model: model.id }, run, plan);
    } catch (error) {
      if (call.stop.aborted) throw error;
      if (mayHaveChanged(error)) await this.#space.plan.verify(plan, call.stop);
      throw decisive("answer", error);
    }
    return { type: "finish", reason: "stop", warnings: [...forInputs.warnings] };
  }
}
