import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Content,
  LanguageModelV4FinishReason,
  LanguageModelV4ToolCall,
} from "@ai-sdk/provider";
import { InvalidOutputError } from "@qwen/core";
import { isGroup } from "@qwen/core/http";
import {
  endsCall,
  type AttemptStart,
  type Candidate,
  type CandidateHealth,
  type ResolvedTimeouts,
} from "@qwen/core/router";

import type { ReadModel } from "./fallback-options.ts";
import { blamingCalls } from "./faulty-call.ts";
import { GENERATED, isFailed, type ModelPart } from "./parts.ts";
import { chosen, withSignal } from "./prepared.ts";
import { ModelReading, type ModelCall } from "./reading.ts";
import { isPromiseLike } from "./shared-urls.ts";
import { BlockReading } from "./text-blocks.ts";

/** What is asked of a model. */
export interface ModelQuestion {
  /** As the caller gave them. */
  readonly options: LanguageModelV4CallOptions;
  /** By `doGenerate`. */
  readonly comesWhole: boolean;
  /** Nothing is shown before the answer is whole. */
  readonly isHeld: boolean;
  /** Another model may go on with what was shown. */
  readonly isContinued: boolean;
  readonly timeouts: ResolvedTimeouts;
  readonly health: CandidateHealth;
}

/** A model, ready to be asked one call. */
export class ModelCandidate implements Candidate<ModelPart> {
  readonly provider: string;
  readonly model: string;
  readonly timeouts: ResolvedTimeouts;
  readonly comesWhole: boolean;
  readonly health: CandidateHealth;
  readonly #entry: ReadModel;
  readonly #question: ModelQuestion;
  #start: AttemptStart | undefined;

  constructor(entry: ReadModel, question: ModelQuestion) {
    this.provider = entry.id;
    this.model = entry.model.modelId;
    this.timeouts = question.timeouts;
    this.comesWhole = question.comesWhole;
    this.health = question.health;
    this.#entry = entry;
    this.#question = question;
  }

  /** An attempt begins, perhaps at this one. */
  announce(start: AttemptStart): void {
    if (start.provider === this.provider && start.model === this.model) this.#start = start;
  }

  start(signal: AbortSignal | undefined): AsyncIterable<ModelPart> {
    const { options, comesWhole, isHeld, isContinued } = this.#question;
    const { model } = this.#entry;
    const call: ModelCall<LanguageModelV4CallOptions> = {
      modelId: model.modelId,
      options: () => this.#prepared(withSignal(options, signal)),
      ask: (prepared) =>
        blamingCalls(prepared, async () =>
          comesWhole ? { result: await model.doGenerate(prepared) } : { opened: await model.doStream(prepared) },
        ),
    };
    const wanted = isHeld ? wantedCall(options) : undefined;
    const reading =
      wanted === undefined ? new (isContinued ? BlockReading : ModelReading)(call) : new DemandingReading(call, wanted);
    // One that ends by itself is not left by who reads it, and is to be let go of all the same.
    signal?.addEventListener("abort", () => void reading.return(), { once: true });
    return reading;
  }

  #prepared(options: LanguageModelV4CallOptions): LanguageModelV4CallOptions | PromiseLike<LanguageModelV4CallOptions> {
    const { prepare, model } = this.#entry;
    if (prepare === undefined) return options;
    const { number = 1, lastError } = this.#start ?? {};
    try {
      const made = prepare(options, { model, attempt: number, lastError });
      return isPromiseLike(made) ? settled(made, options) : chosen(made, options);
    } catch (error) {
      throw endsCall("prepare", error);
    }
  }
}

async function settled(
  made: PromiseLike<LanguageModelV4CallOptions | undefined>,
  options: LanguageModelV4CallOptions,
): Promise<LanguageModelV4CallOptions> {
  try {
    return chosen(await made, options);
  } catch (error) {
    throw endsCall("prepare", error);
  }
}

/** Which tool has to be called: of that name, or any. */
type WantedCall = (part: Pick<LanguageModelV4Content, "type">) => boolean;

/** None where the caller gives no tool that could be called: no model is to blame for that. */
function wantedCall({ toolChoice, tools }: LanguageModelV4CallOptions): WantedCall | undefined {
  if (toolChoice?.type !== "required" && toolChoice?.type !== "tool") return undefined;
  const wanted = toolChoice.type === "tool" ? toolChoice.toolName : undefined;
  if (!Array.isArray(tools) || !tools.some((tool) => wanted === undefined || tool?.name === wanted)) return undefined;
  return (part) =>
    part.type === "tool-call" && (wanted === undefined || (part as LanguageModelV4ToolCall).toolName === wanted);
}

/** Fails where an answer ends without the call of a tool that was demanded. */
class DemandingReading extends ModelReading<LanguageModelV4CallOptions> {
  readonly #isWanted: WantedCall;
  #isCalled = false;

  constructor(call: ModelCall<LanguageModelV4CallOptions>, isWanted: WantedCall) {
    super(call);
    this.#isWanted = isWanted;
  }

  override async next(): Promise<IteratorResult<ModelPart, undefined>> {
    const result = await super.next();
    const part = result.value;
    // What is no part at all is told by who reads it.
    if (!isGroup(part)) return result;
    if (part.type === "tool-call") this.#isCalled ||= this.#isWanted(part);
    else if (part.type === "finish") this.#check(part.finishReason);
    else if (part.type === GENERATED && Array.isArray(part.result?.content)) {
      this.#isCalled = part.result.content.some(this.#isWanted);
      this.#check(part.result.finishReason);
    }
    return result;
  }

  #check(reason: LanguageModelV4FinishReason): void {
    if (this.#isCalled || isFailed(reason)) return;
    throw new InvalidOutputError({ issues: ["it lacks the call of a tool that `toolChoice` demands"], text: "" });
  }
}
