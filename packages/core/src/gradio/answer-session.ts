import { warnOfSettings } from "../capabilities.ts";
import { decisive } from "../decision.ts";
import type { ModelInfo, ProviderRequest } from "../provider.ts";
import type { FinishPart, ProviderPart, Warning } from "../part.ts";
import { Stop } from "../stop.ts";
import { within, type ResolvedTimeouts } from "../timers.ts";
import type { AnsweringSpace } from "./answering-space.ts";
import type { Call } from "../call.ts";
import { conversationExpired, type Turn } from "./conversations.ts";
import { RequestSession } from "./input-session.ts";
import { Session } from "./session.ts";

/** Longest time a whole answer waits to learn which start of the app holds its conversation, in ms. */
const APP_ID_MS = 5000;

/** What is needed to try to answer. */
export interface AnswerAttempt {
  readonly space: AnsweringSpace;
  readonly call: Call<ProviderPart>;
  readonly request: ProviderRequest;
  readonly model: ModelInfo;
  /** Present where the model holds conversations. */
  readonly turn: Turn | undefined;
  readonly timeouts: ResolvedTimeouts;
}

/** What one try to answer has besides its job: the session, the inputs, and what is to be said at the end. */
export class AnswerSession {
  readonly session: Session;
  readonly forInputs: RequestSession;
  readonly #attempt: AnswerAttempt;
  readonly #ignored: readonly Warning[];
  readonly #appId: Promise<string | undefined> | undefined;
  readonly #stopAsking: (() => void) | undefined;

  constructor(attempt: AnswerAttempt) {
    const { space, call, request, turn } = attempt;
    this.#attempt = attempt;
    this.session = new Session(space.client, { saved: turn?.saved, headers: request.headers });
    this.forInputs = new RequestSession(attempt, this.session);
    this.#ignored = warnOfSettings(request.settings, attempt.model.capabilities?.settings);
    if (turn === undefined) return;
    // Whoever holds a conversation must know which start of the app does: a restart forgets it silently.
    const asking = new Stop();
    this.#appId = space.client.config.readAgain(asking).then((config) => config.appId);
    this.#stopAsking = () => asking.abort(call.stop.reason);
    call.stop.add(this.#stopAsking);
    // Awaited later; until then it is nobody's unhandled rejection.
    this.#appId.catch(() => {});
  }

  /** What of the request is not honoured, as far as it is known. */
  get warnings(): readonly Warning[] {
    return [...this.#ignored, ...this.forInputs.warnings];
  }

  /** The inputs of the endpoint. Rejects where they cannot be made, or the conversation cannot go on. */
  async inputs(): Promise<readonly unknown[]> {
    const { turn } = this.#attempt;
    const inputs = await inputsOf(this.#attempt, this.forInputs);
    if (turn?.appId !== undefined && (await this.#appId) !== turn.appId)
      throw conversationExpired("the Space was restarted and has forgotten it");
    return inputs;
  }

  /** It is over: nobody wants to know any more what was asked for it. */
  leave(): void {
    if (this.#stopAsking === undefined) return;
    this.#attempt.call.stop.remove(this.#stopAsking);
    this.#stopAsking();
  }

  /** The last part of an answer that is whole. */
  async finish(): Promise<FinishPart> {
    const { turn } = this.#attempt;
    const appIdIfRead = this.#appId?.catch(() => undefined);
    const conversation = turn?.succeed(this.session, appIdIfRead && (await within(APP_ID_MS, appIdIfRead)));
    this.leave();
    return {
      type: "finish",
      reason: "stop",
      warnings: this.warnings,
      ...(conversation === undefined ? {} : { conversation }),
    };
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
