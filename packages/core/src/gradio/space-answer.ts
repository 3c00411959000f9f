import { QwenError } from "../errors.ts";
import { acceptingModel } from "../known-model.ts";
import type { ProviderPart, Warning } from "../part.ts";
import { sleep, type ResolvedTimeouts } from "../timers.ts";
import { AnswerReader } from "./answer.ts";
import type { Answering } from "../answering.ts";
import { answeringSpace, type DefinedSpace } from "./answering-space.ts";
import { AnswerSession, type AnswerAttempt } from "./answer-session.ts";
import type { Call } from "../call.ts";
import { clientOf } from "./client.ts";
import { whenAwake, type AwakeOptions } from "./awake.ts";
import { conversationExpired } from "./conversations.ts";
import { Job } from "./job.ts";
import { livePart, type JobListener, type JobMessage } from "./job-listener.ts";
import { hasNoRoute, wasLost } from "./join.ts";
import type { LaterClient } from "./later-client.ts";
import type { Session } from "./session.ts";
import type { EndpointNow } from "./tracked-endpoint.ts";

/** Answers a request: pushes the parts of the answer, the `finish` last. */
export function answer(asked: Answering<DefinedSpace>, call: Call<ProviderPart>): Promise<void> {
  try {
    const attempt = begin(asked, call);
    const { turn } = attempt;
    const answered = whenAwake(awakeFor(asked, call), () => tryToAnswer(attempt));
    if (turn === undefined) return answered;
    return answered.catch((error: unknown) => {
      turn.fail();
      throw error;
    });
  } catch (error) {
    return Promise.reject(error);
  }
}

/** How a request waits for its Space to wake. */
export function awakeFor(
  asked: { readonly by: { readonly client: LaterClient }; limits(): ResolvedTimeouts },
  call: Call<ProviderPart>,
): AwakeOptions {
  return {
    client: clientOf(asked.by.client),
    stop: call.stop,
    firstOutputMs: asked.limits().firstOutputMs,
    mayRepeat: () => !call.hasSpoken,
    // It is nothing that the answer says.
    tell: (message) => call.flow.push({ type: "log", level: "info", message }),
  };
}

function begin(asked: Answering<DefinedSpace>, call: Call<ProviderPart>): AnswerAttempt {
  // It may have ended while this file was loaded.
  call.stop.throwIfAborted();
  const { request } = asked;
  const space = answeringSpace(asked.by);
  const { definition, conversations } = space;
  const model = acceptingModel(definition, request);
  const turn = model.capabilities?.conversation === true ? conversations.begin(request.conversation) : undefined;
  // At once: whoever left a turn and asks again must not find it busy.
  if (turn !== undefined) call.stop.add(() => turn.fail());
  return { space, call, request, model, turn, timeouts: asked.limits() };
}

/**
 * Pushes an answer, the finish last.
 *
 * A session that the server does not know right after it took the job means replicas that share none. One new session is
 * tried, unless something was said already. So it is for a join that was lost, and for a name that only `/config` leads to.
 */
function tryToAnswer(attempt: AnswerAttempt, asked: Asked = howAsked(attempt)): Promise<void> {
  const session = new AnswerSession(attempt);
  // Chained, in few steps: one that waits keeps all of its variables for as long as the answer takes.
  return session
    .inputs()
    .then((inputs) => new AnswerJob(attempt, session).run(inputs))
    .then(
      async () => attempt.call.push(await session.finish()),
      async (error: unknown) => {
        session.leave();
        const looks = !attempt.call.stop.aborted && mayHaveChanged(error);
        const changed: unknown = looks ? await session.forInputs.verify().catch((found: unknown) => found) : undefined;
        if (asked === "again") throw changed ?? error;
        requireAgain(changed ?? error, attempt, asked);
        return tryToAnswer(attempt, "again");
      },
    );
}

/** How an endpoint is asked: at first by what is known of it then. */
type Asked = "by-name" | "by-index" | "again";

function howAsked({ space }: AnswerAttempt): Asked {
  return space.endpoint.fnIndex === undefined ? "by-name" : "by-index";
}

/** Throws where a failure is not one after which to ask again. */
function requireAgain(error: unknown, { space, turn, call }: AnswerAttempt, asked: Asked): void {
  call.stop.throwIfAborted();
  if (!QwenError.isInstance(error)) throw error;
  if (wasLost(error) && turn?.saved === undefined) return;
  if (asked === "by-name" && hasNoRoute(error) && space.endpoint.fnIndex !== undefined) return;
  if (error.code !== "session_not_found" || call.hasSpoken) throw error;
  if (turn?.saved !== undefined) throw conversationExpired("the Space no longer knows its session");
}

/** The job that answers, from its first message to its last. */
class AnswerJob implements JobListener {
  readonly #attempt: AnswerAttempt;
  readonly #session: Session;
  readonly #reader: AnswerReader;
  readonly #now: EndpointNow;
  readonly #ended = Promise.withResolvers<void>();
  /** What is told as soon as there is an answer. */
  #untold: readonly Warning[] | undefined;
  #job: Job | undefined;
  #inputCount = 0;
  #hasOutput = false;
  #verification: Promise<void> | undefined;

  constructor(attempt: AnswerAttempt, { session, warnings }: Pick<AnswerSession, "session" | "warnings">) {
    const { definition, endpoint, outputs } = attempt.space;
    this.#attempt = attempt;
    this.#session = session;
    if (warnings.length > 0) this.#untold = warnings;
    this.#now = endpoint.now;
    this.#reader = new AnswerReader(definition.answer, {
      whole: this.#now.fnIndex === undefined,
      check: outputs.problemIn,
    });
  }

  /** Runs it. Resolves once its answer is whole and known to come from the right endpoint. */
  run(inputs: readonly unknown[]): Promise<void> {
    this.#inputCount = inputs.length;
    this.#start(inputs);
    return this.#ended.promise;
  }

  message(message: JobMessage): boolean {
    if (message.type === "started") return false;
    const part = message.type === "generating" ? this.#generated(message) : livePart(message);
    if (part === undefined) return false;
    if (part.type !== "text-delta" && part.type !== "text-replace") {
      this.#attempt.call.push(part);
      return false;
    }
    this.#say(part);
    if (this.#hasOutput) return true;
    // White space begins no answer, but is a piece of one.
    if (part.text.trim() === "") return false;
    if (!this.#isVerified) this.#verify();
    this.#hasOutput = true;
    return true;
  }

  // What follows the end begins with it: each step that waits for it would be kept for as long as the answer takes.

  completed(data: readonly unknown[]): void {
    this.#conclude(data).then(this.#ended.resolve, (error: unknown) => this.failed(error));
  }

  failed(error: unknown): void {
    this.#lookAgain(error).then(() => this.#ended.reject(error), this.#ended.reject);
  }

  partialText(): string {
    return this.#reader.text();
  }

  #start(inputs: readonly unknown[]): void {
    const { space, call, request, turn, timeouts } = this.#attempt;
    this.#job = new Job({
      session: this.#session,
      endpoint: space.endpoint,
      fnIndex: this.#now.fnIndex,
      inputs,
      timeouts,
      clock: call.clock,
      maxQueueMs: request.maxQueueMs,
      earlyStream: space.client.earlyStream && turn?.saved === undefined,
      listener: this,
    });
    call.follow(this.#job);
  }

  #generated(message: Extract<JobMessage, { type: "generating" }>): ProviderPart | undefined {
    const { appended } = message;
    return appended !== undefined && this.#reader.appends
      ? this.#reader.append(appended)
      : this.#reader.generating(message.data);
  }

  #say(part: ProviderPart): void {
    const { call } = this.#attempt;
    if (this.#untold !== undefined) {
      call.push({ type: "start", warnings: this.#untold });
      this.#untold = undefined;
    }
    call.push(part);
  }

  /** Whether the endpoint is known to be the right one; another call may have seen to that since this one began. */
  get #isVerified(): boolean {
    const { endpoint } = this.#attempt.space;
    return this.#now.verified || (endpoint.verified && endpoint.fnIndex === this.#now.fnIndex);
  }

  #verify(): void {
    const { space, call } = this.#attempt;
    // Not in this turn: the consumer is to have the text before the next request is made.
    this.#verification = sleep(0).then(async () => {
      if (!call.stop.aborted) await space.endpoint.verify(this.#now.fnIndex, { signal: call.stop });
    });
    this.#verification.catch((error: unknown) => this.#job?.fail(error));
  }

  /** Whether the endpoint is what it was, where a failure may mean that it is not. Rejects with what has changed. */
  async #lookAgain(error: unknown): Promise<void> {
    const { space, call } = this.#attempt;
    if (call.stop.aborted || !mayHaveChanged(error)) return;
    await space.endpoint.verifyAgain(this.#now.fnIndex, {
      refusedInputs: isRefusal(error) ? this.#inputCount : undefined,
      signal: call.stop,
    });
  }

  async #conclude(data: readonly unknown[]): Promise<void> {
    const { space, call } = this.#attempt;
    const last = this.#reader.completed(data);
    if (this.#verification !== undefined) await this.#verification;
    else if (!this.#isVerified) await space.endpoint.verify(this.#now.fnIndex, { signal: call.stop });
    if (last !== undefined) this.#say(last);
  }
}

/** Failures that a Space which was changed under us would show. */
export function mayHaveChanged(error: unknown): boolean {
  if (!QwenError.isInstance(error)) return false;
  if (error.code === "space_error") return error.hidden;
  return error.code === "protocol" || error.status === 500 || error.status === 400 || error.status === 422;
}

/** Whether the Space refuses the inputs, be it for what they are or for how many. */
function isRefusal(error: unknown): boolean {
  return QwenError.isInstance(error) && (error.status === 400 || error.status === 422);
}
