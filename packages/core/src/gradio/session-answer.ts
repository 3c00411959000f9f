import type { Answering } from "../answering.ts";
import type { Call } from "../call.ts";
import { decisive } from "../decision.ts";
import { QwenError } from "../errors.ts";
import { acceptingModel } from "../known-model.ts";
import type { FinishPart, ProviderPart } from "../part.ts";
import type { ModelInfo, ProviderRequest, Timeouts } from "../provider.ts";
import { awakeFor, clientOf, mayHaveChanged, RequestSession, Session, wasLost, whenAwake } from "./jobs.ts";
import type { LaterClient } from "./later-client.ts";
import type { SessionDefinition } from "./session-definition.ts";
import { SessionRun } from "./session-run.ts";
import { SpacePlan } from "./space-plan.ts";

/** A Space as a provider, for all of its requests. */
export interface PlannedSpace<Plan> {
  readonly id: string;
  readonly client: LaterClient;
  readonly definition: SessionDefinition<string, ModelInfo, Plan>;
  readonly timeouts: Timeouts | undefined;
}

/** The plans of those that were asked already. */
const plans = new WeakMap<object, SpacePlan<unknown>>();

/** Answers one request in a session of its own: pushes the parts of its answer, the `finish` last. */
export function answerInSession<Plan>(asked: Answering<PlannedSpace<Plan>>, call: Call<ProviderPart>): Promise<void> {
  return whenAwake(awakeFor(asked, call), () => answerWith(asked, call));
}

async function answerWith<Plan>(asked: Answering<PlannedSpace<Plan>>, call: Call<ProviderPart>): Promise<void> {
  const { by: space, request } = asked;
  const model = acceptingModel(space.definition, request);
  const plan = await planOf(space).get(call.stop);
  call.stop.throwIfAborted();
  const once = (): Promise<FinishPart> => answerOnce(asked, { call, model, plan });
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

function planOf<Plan>(space: PlannedSpace<Plan>): SpacePlan<Plan> {
  const known = plans.get(space) as SpacePlan<Plan> | undefined;
  if (known !== undefined) return known;
  const made = new SpacePlan(clientOf(space.client), space.definition);
  plans.set(space, made);
  return made;
}

/** What is needed to answer once. */
interface Once<Plan> {
  readonly call: Call<ProviderPart>;
  readonly model: ModelInfo;
  readonly plan: Plan;
}

async function answerOnce<Plan>(
  asked: Answering<PlannedSpace<Plan>>,
  { call, model, plan }: Once<Plan>,
): Promise<FinishPart> {
  const { by: space } = asked;
  const request: ProviderRequest = asked.request;
  const session = new Session(clientOf(space.client), { headers: request.headers });
  const timeouts = asked.limits();
  const forInputs = new RequestSession({ call, timeouts }, session);
  const run = new SessionRun({ call, session, forInputs, timeouts, maxQueueMs: request.maxQueueMs });
  try {
    await space.definition.answer({ ...request, model: model.id }, run, plan);
  } catch (error) {
    if (call.stop.aborted) throw error;
    if (mayHaveChanged(error)) await planOf(space).verify(plan, call.stop);
    throw decisive("answer", error);
  } finally {
    run.leave();
  }
  // Another function may stand where the chat was, and have nothing to say.
  if (run.hasAnswered) planOf(space).renewBehind();
  else await planOf(space).verify(plan, call.stop);
  return { type: "finish", reason: "stop", warnings: [...forInputs.warnings] };
}
