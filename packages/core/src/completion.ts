import type { Attempt } from "./errors.ts";
import { GrowingText } from "./growing-text.ts";
import type {
  FilePart,
  FinishReason,
  ProviderPart,
  RouterFinishPart,
  StreamPart,
  ToolCallPart,
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
  readonly finishReason: FinishReason;
  readonly usage: Usage | undefined;
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
        default:
          break;
      }
    },
    text: () => text.whole(),
    completion({ reason, usage, provider, model, attempts, warnings, conversation }) {
      return {
        text: text.whole(),
        reasoning: reasoning.whole(),
        files,
        toolCalls,
        finishReason: reason,
        usage,
        provider,
        model,
        attempts,
        warnings,
        conversation,
      };
    },
  };
}
