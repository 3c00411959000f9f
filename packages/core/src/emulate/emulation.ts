import {
  copyOf,
  Flow,
  InnerCall,
  InvalidOutputError,
  jsonInAnswer,
  leaving,
  QwenError,
  resolveTimeouts,
  weightOfPart,
  whatIsSet,
} from "#core";

import type { FlowMaker } from "../flow.ts";
import type { InnerCallOwner } from "../inner-call.ts";
import type { Provider, ProviderRequest } from "../provider.ts";
import type { FinishPart, ProviderPart, StartPart, Usage, Warning } from "../part.ts";
import { AnswerReader, type Reads, type UnreadableCall } from "./answer-reader.ts";
import { madeUp, Repair, type Repaired } from "./repair.ts";
import { Shown } from "./shown.ts";

/** What a request becomes: what the provider is asked, and what is read in its answer. */
export interface Plan {
  readonly request: ProviderRequest;
  readonly reads: Reads;
  /** What is emulated. */
  readonly warnings: readonly Warning[];
}

/** One answer of an emulated model: its parts, made of those of the provider behind. */
export class Emulation implements FlowMaker, InnerCallOwner {
  readonly flow = new Flow<ProviderPart>(this, weightOfPart);
  readonly #provider: Provider;
  readonly #plan: Plan;
  readonly #shown = new Shown((part) => this.flow.push(part));
  #reader: AnswerReader;
  #call: InnerCall | undefined;
  #startedAt = 0;
  #isPaused = false;
  #isStarted = false;
  /** Of the provider's `start`. */
  #warnings: readonly Warning[] = [];

  constructor(provider: Provider, plan: Plan) {
    this.#provider = provider;
    this.#plan = plan;
    this.#reader = new AnswerReader(plan.reads);
  }

  get isExcused(): boolean {
    return this.#call?.isExcused === true;
  }

  start(): void {
    const { request } = this.#plan;
    request.signal?.throwIfAborted();
    this.#startedAt = performance.now();
    request.signal?.addEventListener("abort", this.#abort, { once: true });
    this.#ask(new InnerCall(this.#provider, request, this));
  }

  pause(): void {
    this.#isPaused = true;
    this.#call?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#call?.resume();
  }

  leave(reason: unknown): void {
    this.#call?.stop(reason);
  }

  over(): void {
    this.#plan.request.signal?.removeEventListener("abort", this.#abort);
  }

  took(part: ProviderPart): void {
    try {
      this.#take(part);
    } catch (error) {
      this.#call?.stop(error);
      this.failed(error);
    }
  }

  ended(): void {
    this.flow.end();
  }

  failed(error: unknown): void {
    this.flow.fail(QwenError.isInstance(error) ? copyOf(error, { provider: this.#provider.id }) : error);
  }

  readonly #abort = (): void => {
    const { signal } = this.#plan.request;
    this.flow.abort(signal?.reason);
    this.#call?.stop(signal?.reason);
  };

  #ask(call: InnerCall): void {
    this.#call = call;
    if (this.#isPaused) call.pause();
    call.begin();
  }

  #take(part: ProviderPart): void {
    switch (part.type) {
      case "queue":
      case "progress":
      case "log":
        this.flow.push(part);
        break;
      case "start":
        this.#warnings = part.warnings ?? [];
        this.#begin({ ...part, warnings: this.#allOf(this.#warnings) });
        break;
      default:
        this.#begin({ type: "start", warnings: this.#plan.warnings });
        this.#takeAnswer(part);
    }
  }

  /** One start, before everything that is answered. */
  #begin(start: StartPart): void {
    if (!this.#isStarted) this.flow.push(start);
    this.#isStarted = true;
  }

  #takeAnswer(part: ProviderPart): void {
    switch (part.type) {
      case "text-delta":
        this.#reader.feed(part.text);
        this.#shown.add(this.#reader.take());
        break;
      case "text-replace":
        this.#reader = new AnswerReader(this.#plan.reads);
        this.#reader.feed(part.text);
        this.#shown.replace(this.#reader.take(), part.text);
        break;
      case "finish":
        this.#conclude(part);
        return;
      default:
        this.#shown.pass(part);
    }
    if (this.#reader.stopped) this.#stop();
  }

  /** What follows is made up, or more than was asked for. */
  #stop(): void {
    this.#call?.stop(madeUp());
    this.#finish({ type: "finish", reason: "tool-calls", warnings: this.#warnings });
  }

  #conclude(finish: FinishPart): void {
    this.#reader.end();
    this.#shown.add(this.#reader.take());
    const { failed } = this.#reader;
    if (failed === undefined) this.#finish(finish);
    else if (isRepairable(finish, this.#plan.request)) this.#repair(failed, finish);
    else this.#finishUnread(finish);
  }

  #repair(failed: UnreadableCall, finish: FinishPart): void {
    const { request, reads } = this.#plan;
    const { totalMs } = resolveTimeouts(request.timeouts, this.#provider.timeouts);
    // Both answers are one attempt.
    const leftMs = Math.max(1, totalMs - (performance.now() - this.#startedAt));
    const asked = {
      ...request,
      conversation: finish.conversation,
      timeouts: { ...request.timeouts, totalMs: leftMs },
    };
    const end = (repaired: Repaired): void => this.#repaired(finish, repaired);
    try {
      const repair = new Repair(this.#provider, {
        request: asked,
        reads,
        failed,
        onLive: (part) => this.flow.push(part),
        onEnd: end,
      });
      this.#ask(repair.call);
    } catch {
      end({ calls: [] });
    }
  }

  #repaired(first: FinishPart, repaired: Repaired): void {
    try {
      this.#finishRepaired(first, repaired);
    } catch (error) {
      // The call that tells this is over, and hears nothing any more.
      this.failed(error);
    }
  }

  #finishRepaired(first: FinishPart, { calls, finish }: Repaired): void {
    const { conversation = first.conversation } = finish ?? {};
    const both: FinishPart = { ...first, usage: sumOf(first.usage, finish?.usage), conversation };
    if (calls.length === 0) {
      this.#finishUnread(both);
      return;
    }
    this.#shown.add(calls.map((call) => ({ type: "call", call })));
    this.#finish(both, REPAIRED);
  }

  #finishUnread(finish: FinishPart): void {
    this.#reader.release();
    this.#shown.add(this.#reader.take());
    this.#finish(finish, UNREAD);
  }

  #finish(finish: FinishPart, ...more: readonly Warning[]): void {
    this.#shown.endThought();
    const { hasCalls } = this.#shown;
    // One without any output is the empty answer that it always was.
    const isEmpty = this.#reader.isBlank && !this.#shown.hasOthers;
    if (this.#plan.reads.json && !hasCalls && !isEmpty) this.#shown.say(this.#jsonIn(finish));
    this.#shown.endCalls();
    const isOver = finish.reason === "stop" || finish.reason === "other";
    const lost = [...(this.#reader.lost ? [LOST] : []), ...(this.#shown.isRethought ? [RETHOUGHT] : [])];
    this.flow.push({
      ...whatIsSet(finish),
      type: "finish",
      reason: hasCalls && isOver ? "tool-calls" : finish.reason,
      warnings: [...this.#allOf(finish.warnings ?? this.#warnings), ...lost, ...more],
    });
    this.flow.end();
  }

  #jsonIn({ reason, conversation }: FinishPart): string {
    try {
      return jsonInAnswer({ beginning: this.#plan.reads.beginning, text: this.#reader.uncut, reason }).text;
    } catch (error) {
      throw error instanceof InvalidOutputError ? leaving(error, conversation) : error;
    }
  }

  #allOf(warnings: readonly Warning[]): readonly Warning[] {
    return [...warnings, ...this.#plan.warnings];
  }
}

const REPAIRED: Warning = {
  feature: "tools",
  message: "The model wrote a tool call that could not be read, and was asked for it once again.",
};
const UNREAD: Warning = {
  feature: "tools",
  message: "The model wrote a tool call that could not be read. It stands in the text.",
};
const RETHOUGHT: Warning = {
  feature: "reasoning",
  message: "The model changed what it had thought. What had been passed on of that stands.",
};
const LOST: Warning = {
  feature: "tools",
  message: "Behind the tool calls the model wrote one that could not be read. It was left out.",
};

/** Whether the answer came to its own end, and asking again would not lose what its server remembers. */
function isRepairable({ reason, conversation }: FinishPart, request: ProviderRequest): boolean {
  if (reason !== "stop" && reason !== "other") return false;
  return request.conversation === undefined || conversation !== undefined;
}

/** What two answers took together; what one of them does not tell is not known of both. */
function sumOf(first: Usage | undefined, second: Usage | undefined): Usage | undefined {
  if (first === undefined || second === undefined) return undefined;
  const sum: { -readonly [Name in keyof Usage]: Usage[Name] } = {};
  for (const name of ["inputTokens", "outputTokens", "cachedInputTokens", "reasoningTokens"] as const) {
    const [one, other] = [first[name], second[name]];
    if (one !== undefined && other !== undefined) sum[name] = one + other;
  }
  if (first.estimated === true || second.estimated === true) sum.estimated = true;
  return sum;
}
