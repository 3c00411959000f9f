import type { Attempt } from "./errors.ts";
import { GrowingText } from "./growing-text.ts";
import type { ToolCallPart } from "./message.ts";
import type {
  FilePart,
  FinishReason,
  ProviderPart,
  ResponseInfo,
  RouterFinishPart,
  SourcePart,
  StreamPart,
  Usage,
  Warning,
} from "./provider.ts";

/** A whole answer. */
export interface Completion {
  /** Exact, also where the provider rewrote it on the way. */
  readonly text: string;
  /** Empty where the model shows none. */
  readonly reasoning: string;
  readonly files: readonly FilePart[];
  readonly toolCalls: readonly ToolCallPart[];
  /** What the answer relies on. */
  readonly sources: readonly SourcePart[];
  readonly finishReason: FinishReason;
  readonly usage: Usage | undefined;
  /** What the provider's service says of its answer. */
  readonly response: ResponseInfo | undefined;
  /** Id of the provider that answered. */
  readonly provider: string;
  /** Id of the model that answered. */
  readonly model: string;
  /** Everything that was tried, in the order it began; the one without an error answered. */
  readonly attempts: readonly Attempt[];
  /** What of the request was not honoured. */
  readonly warnings: readonly Warning[];
  /** Pass it as `conversation` to go on where this answer ends. */
  readonly conversation: string | undefined;
}

/** Collects the parts of one answer. */
export interface Collector {
  add(part: ProviderPart | StreamPart): void;
  /** The text so far. */
  text(): string;
  /** What was collected, as the answer that `finish` ended. */
  completion(finish: RouterFinishPart): Completion;
}

/** Starts an empty collection. */
export function createCollector(): Collector {
  const text = new GrowingText();
  const reasoning = new GrowingText();
  const files: FilePart[] = [];
  const toolCalls: ToolCallPart[] = [];
  const sources: SourcePart[] = [];

  return {
    add(part) {
      switch (part.type) {
        case "text-delta":
          text.append(part.text);
          break;
        case "reasoning-delta":
          reasoning.append(part.text);
          break;
        case "text-replace":
          text.replace(part.text);
          break;
        case "file":
          files.push(part);
          break;
        case "tool-call":
          toolCalls.push(part);
          break;
        case "source":
          sources.push(part);
          break;
        default:
          break;
      }
    },
    text: () => text.whole(),
    completion({ reason, usage, response, provider, model, attempts, warnings, conversation }) {
      return {
        text: text.whole(),
        reasoning: reasoning.whole(),
        files,
        toolCalls,
        sources,
        finishReason: reason,
        usage,
        response,
        provider,
        model,
        attempts,
        warnings,
        conversation,
      };
    },
  };
}
