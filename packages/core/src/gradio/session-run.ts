import { disregard } from "../disregard.ts";
import type { ProviderPart } from "../part.ts";
import type { ResolvedTimeouts } from "../timers.ts";
import type { Call } from "../call.ts";
import { FollowedAnswer } from "./followed-output.ts";
import type { RequestSession } from "./input-session.ts";
import type { JobListener, JobMessage } from "./job-listener.ts";
import { fileUrl, Job, livePart, OutputFollower, runUnqueued, TrackedEndpoint } from "./jobs.ts";
import type { Session } from "./session.ts";
import type { AnsweringSession, SessionEndpoint, SessionReader } from "./session-definition.ts";

/** What a request is answered in. */
export interface SessionRunOptions {
  readonly call: Call<ProviderPart>;
  readonly session: Session;
  readonly forInputs: RequestSession;
  readonly timeouts: ResolvedTimeouts;
  readonly maxQueueMs: number | undefined;
}

/** The {@link AnsweringSession} of one request. */
export class SessionRun implements AnsweringSession {
  readonly #options: SessionRunOptions;
  #job: Job | undefined;
  #answer: AnswerListener | undefined;
  #isOver = false;

  constructor(options: SessionRunOptions) {
    this.#options = options;
  }

  /** The answer is over: what still runs is stopped, and nothing more is begun. */
  leave(): void {
    this.#isOver = true;
    if (this.#job?.isOver === false)
      this.#job.fail(new DOMException("The answer ended before its job did.", "AbortError"));
  }

  /** Whether anything was answered. */
  get hasAnswered(): boolean {
    return this.#answer?.hasOutput === true;
  }

  get signal(): AbortSignal {
    return this.#options.forInputs.signal;
  }

  get upload(): AnsweringSession["upload"] {
    return this.#options.forInputs.upload;
  }

  get download(): AnsweringSession["download"] {
    return this.#options.forInputs.download;
  }

  get warn(): AnsweringSession["warn"] {
    return this.#options.forInputs.warn;
  }

  get run(): AnsweringSession["run"] {
    return (endpoint, inputs) => unlost(this.#run(endpoint, inputs));
  }

  get follow(): AnsweringSession["follow"] {
    return (endpoint, inputs, reader) => unlost(this.#follow(endpoint, inputs, reader));
  }

  get fileUrl(): AnsweringSession["fileUrl"] {
    const { client } = this.#options.session;
    return (path) => fileUrl(client, path);
  }

  async #run(endpoint: SessionEndpoint, inputs: readonly unknown[]): Promise<readonly unknown[]> {
    if (!endpoint.queue) return this.#runUnqueued(endpoint, inputs);
    const listener = new StepListener(this.#options.call);
    this.#startJob(endpoint, inputs, listener);
    return listener.ended;
  }

  async #follow(endpoint: SessionEndpoint, inputs: readonly unknown[], reader: SessionReader): Promise<void> {
    const listener = new AnswerListener(this.#options, { reader, count: endpoint.outputs?.length });
    this.#answer = listener;
    if (endpoint.queue) this.#startJob(endpoint, inputs, listener);
    else listener.completed(await this.#runUnqueued(endpoint, inputs));
    return listener.ended;
  }

  #requireTurn(): void {
    this.#options.call.stop.throwIfAborted();
    const isBusy = this.#job?.isOver === false;
    if (!this.#isOver && !isBusy) return;
    throw new TypeError(
      isBusy
        ? "A session runs one endpoint at a time. Wait for it before the next one."
        : "The answer of this session is over. Run what belongs to it before `answer` resolves.",
    );
  }

  #runUnqueued({ fnIndex }: SessionEndpoint, inputs: readonly unknown[]): Promise<readonly unknown[]> {
    const { session, call, timeouts } = this.#options;
    this.#requireTurn();
    return runUnqueued({ session, fnIndex, inputs, signal: call.stop, timeouts });
  }

  #startJob({ fnIndex }: SessionEndpoint, inputs: readonly unknown[], listener: JobListener): void {
    const { call, session, timeouts, maxQueueMs } = this.#options;
    this.#requireTurn();
    const { client } = session;
    const { clock } = call;
    const endpoint = new TrackedEndpoint(client, { endpoint: fnIndex });
    // In a session that the server knows, an early stream may find what another job has left.
    const earlyStream = client.earlyStream && this.#job === undefined;
    this.#job = new Job({ session, endpoint, fnIndex, inputs, timeouts, clock, maxQueueMs, earlyStream, listener });
    call.follow(this.#job);
  }
}

/** A promise that ends no process where nobody waits for it, as for one of several that a definition began. */
function unlost<Value>(promise: Promise<Value>): Promise<Value> {
  disregard(promise);
  return promise;
}

/** A job before the one that answers: what it says on the way is passed on, but for its outputs. */
class StepListener implements JobListener {
  readonly #call: Call<ProviderPart>;
  readonly #outputs = new OutputFollower({ whole: false });
  readonly #end = Promise.withResolvers<readonly unknown[]>();

  constructor(call: Call<ProviderPart>) {
    this.#call = call;
  }

  /** Resolves with the final outputs. */
  get ended(): Promise<readonly unknown[]> {
    return this.#end.promise;
  }

  message(message: JobMessage): boolean {
    if (message.type === "generating") this.#outputs.generating(message.data);
    else if (message.type !== "started") this.#call.push(livePart(message));
    return false;
  }

  completed(data: readonly unknown[]): void {
    try {
      this.#end.resolve(this.#outputs.completed(data));
    } catch (error) {
      this.#end.reject(error);
    }
  }

  failed(error: unknown): void {
    this.#end.reject(error);
  }

  partialText(): string {
    return "";
  }
}

/** The job that answers. */
class AnswerListener implements JobListener {
  readonly #options: SessionRunOptions;
  readonly #reader: SessionReader;
  readonly #answer: FollowedAnswer;
  readonly #end = Promise.withResolvers<void>();
  #hasOutput = false;

  constructor(
    options: SessionRunOptions,
    { reader, count }: { readonly reader: SessionReader; readonly count: number | undefined },
  ) {
    this.#options = options;
    this.#reader = reader;
    this.#answer = new FollowedAnswer(reader, count);
  }

  /** Whether any of it was a piece of the answer. */
  get hasOutput(): boolean {
    return this.#hasOutput;
  }

  /** Resolves once the answer is whole. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  message(message: JobMessage): boolean {
    if (message.type === "generating") return this.#say(this.#answer.generating(message.data));
    if (message.type !== "started") this.#options.call.push(livePart(message));
    return false;
  }

  completed(data: readonly unknown[]): void {
    try {
      this.#say(this.#answer.completed(data));
      this.#end.resolve();
    } catch (error) {
      this.#end.reject(error);
    }
  }

  failed(error: unknown): void {
    this.#end.reject(error);
  }

  partialText(): string {
    try {
      return this.#reader.text();
    } catch {
      // The stream was cut, and is to be heard of.
      return "";
    }
  }

  /** Whether any of it is a piece of the answer: white space begins none. */
  #say(parts: readonly ProviderPart[]): boolean {
    const { call, forInputs } = this.#options;
    for (const part of parts) {
      const begins = !this.#hasOutput && isOutput(part);
      if (begins && forInputs.warnings.length > 0) call.push({ type: "start", warnings: [...forInputs.warnings] });
      this.#hasOutput ||= begins;
      call.push(part);
    }
    return this.#hasOutput && parts.length > 0;
  }
}

function isOutput(part: ProviderPart): boolean {
  if (part.type === "text-delta" || part.type === "text-replace") return part.text.trim() !== "";
  return part.type === "reasoning-delta" || part.type === "file";
}
