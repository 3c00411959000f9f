import { checkRequest, findUnsupported, warnOfSettings } from "../capabilities.ts";
import { decide, decisive } from "../decision.ts";
import { copyOf } from "../error-copy.ts";
import { NoSuchModelError, QwenError } from "../errors.ts";
import { shortened } from "../nearest.ts";
import { isGroup } from "../options.ts";
import { weightOfPart } from "../part-weight.ts";
import type { FinishPart, ModelInfo, ProviderPart, ProviderRequest, Timeouts, Warning } from "../provider.ts";
import { resolveTimeouts, sleep, within, type ResolvedTimeouts } from "../timers.ts";
import { AnswerReader } from "./answer.ts";
import type { Call, CallWork } from "./call.ts";
import type { SpaceClient } from "./client.ts";
import { conversationExpired, type Conversations, type Turn } from "./conversations.ts";
import { RequestSession } from "./input-session.ts";
import { Job, type JobListener, type JobMessage } from "./job.ts";
import { hasNoRoute, wasLost } from "./join.ts";
import { Session } from "./session.ts";
import type { OutputSchema, SpaceDefinition } from "./space-definition.ts";
import type { EndpointNow, TrackedEndpoint } from "./tracked-endpoint.ts";

/** Longest time a whole answer waits to learn which start of the app holds its conversation, in ms. */
const APP_ID_MS = 5000;

/** A Space as a provider, for all of its requests. */
export interface AnsweringSpace {
  readonly id: string;
  readonly client: SpaceClient;
  readonly endpoint: TrackedEndpoint;
  readonly definition: SpaceDefinition<string, ModelInfo>;
  readonly conversations: Conversations;
  readonly timeouts: Timeouts | undefined;
}

/** One request on its way through a Space: pushes the parts of its answer, the `finish` last. */
export class SpaceAnswer implements CallWork<ProviderPart> {
  readonly #space: AnsweringSpace;
  readonly #takeRequest: () => ProviderRequest;

  /** `takeRequest` gives what was asked, or throws what is wrong with it. */
  constructor(space: AnsweringSpace, takeRequest: () => ProviderRequest) {
    this.#space = space;
    this.#takeRequest = takeRequest;
  }

  limits(): ResolvedTimeouts {
    return resolveTimeouts(this.#takeRequest().timeouts, this.#space.timeouts);
  }

  weigh(part: ProviderPart): number {
    return weightOfPart(part);
  }

  asOwnError(error: unknown): unknown {
    return QwenError.isInstance(error) ? copyOf(error, { provider: this.#space.id }) : error;
  }

  async run(call: Call<ProviderPart>): Promise<void> {
    const { definition, conversations } = this.#space;
    const request = this.#takeRequest();
    const model = modelOf(definition, request.model);
    checkRequest(request);
    const unsupported = findUnsupported(model, request);
    if (unsupported !== undefined) throw unsupported;
    const turn = model.capabilities?.conversation === true ? conversations.begin(request.conversation) : undefined;
    // At once: whoever left a turn and asks again must not find it busy.
    if (turn !== undefined) call.stop.add(() => turn.fail());
    const attempt = { space: this.#space, call, request, model, turn, timeouts: this.limits() };
    try {
      call.push(await answer(attempt));
    } catch (error) {
      turn?.fail();
      throw error;
    }
  }
}

/** What is needed to try to answer. */
interface AnswerAttempt {
  readonly space: AnsweringSpace;
  readonly call: Call<ProviderPart>;
  readonly request: ProviderRequest;
  readonly model: ModelInfo;
  /** Present where the model holds conversations. */
  readonly turn: Turn | undefined;
  readonly timeouts: ResolvedTimeouts;
}

/**
 * Answers a request, and resolves with the finish.
 *
 * A session that the server does not know right after it took the job means replicas that share none. One new session is
 * tried, unless something was said already. So it is for a join that was lost, and for a name that only `/config` leads to.
 */
async function answer(attempt: AnswerAttempt): Promise<FinishPart> {
  const { space, turn, call } = attempt;
  const byName = space.endpoint.now.fnIndex === undefined;
  try {
    return await answerOnce(attempt);
  } catch (error) {
    call.stop.throwIfAborted();
    if (!QwenError.isInstance(error)) throw error;
    // An endpoint that is gone may come back, as after a bad deployment: the next call looks again.
    if (error.code === "space_changed" && !space.endpoint.now.verified) space.client.config.forget();
    const again = wasLost(error) && turn?.saved === undefined;
    if (again || (byName && hasNoRoute(error) && space.endpoint.now.fnIndex !== undefined)) return answerOnce(attempt);
    if (error.code !== "session_not_found" || call.hasSpoken) throw error;
    if (turn?.saved !== undefined) throw conversationExpired("the Space no longer knows its session");
    return answerOnce(attempt);
  }
}

async function answerOnce(attempt: AnswerAttempt): Promise<FinishPart> {
  const { space, call, request, turn, timeouts } = attempt;
  const { client } = space;
  const { saved } = turn ?? {};
  const session = new Session(client, { saved, headers: request.headers });
  const ignored = warnOfSettings(request.settings, attempt.model.capabilities?.settings);
  const forInputs = new RequestSession({ call, session, continued: saved !== undefined, timeouts });
  // Whoever holds a conversation must know which start of the app does: a restart forgets it silently.
  const asking = turn && new AbortController();
  const appId = asking && client.config.readAgain(asking.signal).then((config) => config.appId);
  const stopAsking = (): void => asking?.abort(call.stop.reason);
  call.stop.add(stopAsking);
  // Awaited below; until then it is nobody's unhandled rejection.
  const appIdIfRead = appId?.catch(() => undefined);

  try {
    const inputs = await inputsOf(attempt, forInputs);
    if (turn?.appId !== undefined && (await appId) !== turn.appId)
      throw conversationExpired("the Space was restarted and has forgotten it");
    const warnings = [...ignored, ...forInputs.warnings];
    await new AnswerJob(attempt, { session, warnings }).run(inputs);
    const conversation = turn?.succeed(session, appIdIfRead && (await within(APP_ID_MS, appIdIfRead)));
    return {
      type: "finish",
      reason: "stop",
      warnings: [...ignored, ...forInputs.warnings],
      ...(conversation === undefined ? {} : { conversation }),
    };
  } catch (error) {
    if (!call.stop.aborted && mayHaveChanged(error)) await forInputs.verify();
    throw error;
  } finally {
    call.stop.remove(stopAsking);
    stopAsking();
  }
}

/** What the definition makes of the request. It decides: what it throws, but for errors of the family, ends the call. */
async function inputsOf(
  { space, call, request, model }: AnswerAttempt,
  session: RequestSession,
): Promise<readonly unknown[]> {
  try {
    const inputs: unknown = await space.definition.inputs({ ...request, model: model.id }, session);
    if (Array.isArray(inputs)) return inputs;
    throw new TypeError("`inputs` of a Space must give a list, one value an input.");
  } catch (error) {
    throw call.stop.aborted ? error : decisive("inputs", error);
  }
}

/** The job that answers, from its first message to its last. */
class AnswerJob implements JobListener {
  readonly #attempt: AnswerAttempt;
  readonly #session: Session;
  readonly #reader: AnswerReader;
  readonly #now: EndpointNow;
  readonly #ended = Promise.withResolvers<readonly unknown[]>();
  /** What is told as soon as there is an answer. */
  #untold: readonly Warning[];
  #job: Job | undefined;
  #hasOutput = false;
  #verification: Promise<void> | undefined;

  constructor(
    attempt: AnswerAttempt,
    { session, warnings }: { readonly session: Session; readonly warnings: readonly Warning[] },
  ) {
    const { definition, endpoint } = attempt.space;
    this.#attempt = attempt;
    this.#untold = warnings;
    this.#session = session;
    this.#now = endpoint.now;
    this.#reader = new AnswerReader(definition.answer, {
      whole: this.#now.fnIndex === undefined,
      check: (outputs) => problemIn(definition.outputs, outputs),
    });
  }

  /** Runs it. Resolves once its answer is whole and known to come from the right endpoint. */
  async run(inputs: readonly unknown[]): Promise<void> {
    const { space, call, request, turn, timeouts } = this.#attempt;
    const { client, endpoint } = space;
    const { fnIndex, verified } = this.#now;
    this.#job = new Job({
      session: this.#session,
      endpoint,
      fnIndex,
      inputs,
      timeouts,
      clock: call.clock,
      maxQueueMs: request.maxQueueMs,
      earlyStream: client.earlyStream && turn?.saved === undefined,
      listener: this,
    });
    call.follow(this.#job);
    try {
      const last = this.#reader.completed(await this.#ended.promise);
      if (!verified) await (this.#verification ?? endpoint.verify(fnIndex, { signal: call.stop.signal }));
      if (last !== undefined) this.#say(last);
    } catch (error) {
      if (!call.stop.aborted && mayHaveChanged(error))
        await endpoint.verifyAgain(fnIndex, {
          refusedInputs: isRefusal(error) ? inputs.length : undefined,
          signal: call.stop.signal,
        });
      throw error;
    }
  }

  message(message: JobMessage): boolean {
    if (message.type === "started") return false;
    const part = message.type === "generating" ? this.#reader.generating(message.data) : message;
    if (part === undefined) return false;
    if (part.type !== "text-delta" && part.type !== "text-replace") {
      this.#attempt.call.push(part);
      return false;
    }
    this.#say(part);
    // White space begins no answer, but is a piece of one.
    if (!this.#hasOutput && part.text.trim() === "") return false;
    if (!this.#hasOutput && !this.#now.verified) this.#verify();
    this.#hasOutput = true;
    return true;
  }

  completed(data: readonly unknown[]): void {
    this.#ended.resolve(data);
  }

  failed(error: unknown): void {
    this.#ended.reject(error);
  }

  partialText(): string {
    return this.#reader.text();
  }

  #say(part: ProviderPart): void {
    const { call } = this.#attempt;
    if (this.#untold.length > 0) call.push({ type: "start", warnings: this.#untold });
    this.#untold = [];
    call.push(part);
  }

  #verify(): void {
    const { space, call } = this.#attempt;
    // Not in this turn: the consumer is to have the text before the next request is made.
    this.#verification = sleep(0).then(async () => {
      if (!call.stop.aborted) await space.endpoint.verify(this.#now.fnIndex, { signal: call.stop.signal });
    });
    this.#verification.catch((error: unknown) => this.#job?.fail(error));
  }
}

/** Failures that a Space which was changed under us would show. */
function mayHaveChanged(error: unknown): boolean {
  if (!QwenError.isInstance(error)) return false;
  if (error.code === "space_error") return error.hidden;
  return error.code === "protocol" || error.status === 500 || error.status === 400 || error.status === 422;
}

/** Whether the Space refuses the inputs, be it for what they are or for how many. */
function isRefusal(error: unknown): boolean {
  return QwenError.isInstance(error) && (error.status === 400 || error.status === 422);
}

/** What is wrong with the outputs, by the definition's schema. */
function problemIn(schema: OutputSchema, outputs: readonly unknown[]): string | undefined {
  const result: unknown = decide("outputs", () => schema["~standard"].validate(outputs));
  return decide("outputs", () => issuesIn(result));
}

function issuesIn(result: unknown): string | undefined {
  if (!isGroup(result)) throw NO_RESULT();
  const { issues } = result as { readonly issues?: unknown };
  if (issues === undefined || issues === null) return undefined;
  if (!Array.isArray(issues)) throw NO_RESULT();
  return issues.map((issue: unknown) => (isGroup(issue) && "message" in issue ? String(issue.message) : "")).join("; ");
}

const NO_RESULT = (): TypeError =>
  new TypeError("`outputs` of a Space must be a schema that gives `{ value }`, or `{ issues }` as a list.");

function modelOf({ id, models }: SpaceDefinition<string, ModelInfo>, name: string | undefined): ModelInfo {
  if (name === undefined) return models[0];
  const model = models.find((known) => known.id === name || known.aliases?.includes(name) === true);
  if (model === undefined) {
    const asked = shortened(typeof name === "string" ? name : `(${typeof name})`);
    throw new NoSuchModelError(asked, { available: models.map((known) => `${id}/${known.id}`) });
  }
  return model;
}
