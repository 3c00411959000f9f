import type {
  LanguageModelV4CallOptions,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4ToolCall,
  LanguageModelV4Usage,
  SharedV4ProviderMetadata,
} from "@ai-sdk/provider";
import {
  emptyByReason,
  type Answered,
  type AttemptStart,
  type PartCollector,
  type PartReader,
} from "@qwen/core/router";

import { attemptsOf, failureOf } from "./model-errors.ts";
import { metadataOf } from "./router-provider-words.ts";
import {
  GENERATED,
  isByItself,
  kindOfPart,
  kindOfResult,
  knownUsage,
  OPENED,
  PREPARING,
  usageOf,
  type ModelPart,
} from "./parts.ts";

type FinishPart = Extract<ModelPart, { readonly type: "finish" }>;

/** A whole answer, as `shouldRetry` sees it. */
export interface FallbackAnswer {
  /** All its text, without reasoning. */
  readonly text: string;
  readonly toolCalls: readonly LanguageModelV4ToolCall[];
  readonly finishReason: LanguageModelV4FinishReason;
  readonly usage: LanguageModelV4Usage;
}

/** How the attempt loop reads models for one call. `onAttempt` is told each attempt before its model is asked. */
export function readerOf(
  { prompt }: Pick<LanguageModelV4CallOptions, "prompt">,
  onAttempt: (start: AttemptStart) => void,
): PartReader<ModelPart, FallbackAnswer> {
  // Behind the results of tools a model may have nothing to say.
  const mayBeEmpty = Array.isArray(prompt) && prompt.at(-1)?.role === "tool";
  return {
    kind(part) {
      switch (part.type) {
        case OPENED:
          return "opening";
        case PREPARING:
          return "live";
        case GENERATED:
          return kindOfResult(part.result, mayBeEmpty);
        case "finish": {
          const kind = kindOfPart(part);
          return mayBeEmpty && kind === "finish" && isByItself(part.finishReason) ? "whole" : kind;
        }
        default:
          return kindOfPart(part);
      }
    },
    errorOf(part) {
      return part.type === "error" ? part.error : new Error(`The model finished with the reason "${reasonIn(part)}".`);
    },
    failureOf,
    emptyError: (part, { provider }) => emptyByReason(reasonIn(part), provider),
    isText: (part) => part.type === "text-delta",
    queueOf: (part) => (part.type === PREPARING && !part.isReady ? { position: 0 } : undefined),
    usageOf: (part) => usageOf(endOf(part).usage),
    attempt(start) {
      onAttempt(start);
      return undefined;
    },
    sealed(part, answered) {
      if (part.type === "finish")
        return {
          ...part,
          usage: knownUsage(part.usage),
          providerMetadata: withAttempts(part.providerMetadata, answered),
        };
      if (part.type !== GENERATED) return part;
      const { result } = part;
      return {
        ...part,
        result: {
          ...result,
          usage: knownUsage(result.usage),
          warnings: result.warnings ?? [],
          providerMetadata: withAttempts(result.providerMetadata, answered),
          response: { ...result.response, modelId: result.response?.modelId ?? answered.model },
        },
      };
    },
    collect: () => new AnswerCollector(),
  };
}

/** How an answer ended, in its last part. */
function endOf(last: ModelPart): Partial<LanguageModelV4GenerateResult> {
  return last.type === GENERATED ? last.result : (last as Partial<LanguageModelV4GenerateResult>);
}

function reasonIn(last: ModelPart): string | undefined {
  return endOf(last).finishReason?.unified;
}

function withAttempts(
  own: SharedV4ProviderMetadata | undefined,
  { provider, model, attempts }: Pick<Answered, "provider" | "model" | "attempts">,
): SharedV4ProviderMetadata {
  return metadataOf({ provider, model, attempts: attemptsOf(attempts) }, own);
}

/** What an attempt has said of an answer. */
export class AnswerCollector implements PartCollector<ModelPart, FallbackAnswer> {
  // Joined where somebody asks: a text that grows makes garbage with each part.
  readonly #texts: string[] = [];
  readonly #toolCalls: LanguageModelV4ToolCall[] = [];

  add(part: ModelPart): void {
    if (part.type === "text-delta") {
      // One that says nothing may come for ever.
      if (part.delta !== "") this.#texts.push(part.delta);
    } else if (part.type === "tool-call") this.#toolCalls.push(part);
  }

  text(): string {
    return this.#texts.join("");
  }

  result(sealed: ModelPart): FallbackAnswer {
    if (sealed.type === GENERATED) {
      const { content, finishReason, usage } = sealed.result;
      const texts = content.flatMap((part) => (part.type === "text" ? [part.text] : []));
      const toolCalls = content.filter((part) => part.type === "tool-call");
      return { text: texts.join(""), toolCalls, finishReason, usage };
    }
    const { finishReason, usage } = sealed as FinishPart;
    return { text: this.text(), toolCalls: this.#toolCalls, finishReason, usage };
  }
}
