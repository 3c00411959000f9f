import { field } from "./field.ts";
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
  StartPart,
  StreamPart,
  Usage,
  Warning,
} from "./part.ts";

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
  /** That of the request: its `requestId`, or one of the router's own. */
  readonly requestId: string;
  /** Id of the provider that answered. */
  readonly provider: string;
  /** Id of the model that answered. */
  readonly model: string;
  /** Everything that was tried, in the order it began; the one without an error answered. */
  readonly attempts: readonly Attempt[];
  /** From the beginning of the request to the first output of the provider that answered, in ms. */
  readonly firstOutputMs: number;
  /** From the beginning of the request to its end, in ms. */
  readonly durationMs: number;
  /** What of the request was not honoured. */
  readonly warnings: readonly Warning[];
  /** Pass it as `conversation` to go on where this answer ends. */
  readonly conversation: string | undefined;
}

/** How long an answer took, from the beginning of its request. */
export type AnswerTimes = Pick<Completion, "firstOutputMs" | "durationMs">;

/** Collects the parts of one answer. */
export class Collector {
  readonly #text = new GrowingText();
  // Most answers are text and nothing else.
  #reasoning: GrowingText | undefined;
  #files: FilePart[] | undefined;
  #toolCalls: ToolCallPart[] | undefined;
  #sources: SourcePart[] | undefined;
  #start: StartPart | undefined;
  #isTextOnly = true;

  add(part: ProviderPart | StreamPart): void {
    switch (part.type) {
      case "text-delta":
        this.#text.append(part.text);
        break;
      case "reasoning-delta":
        (this.#reasoning ??= new GrowingText()).append(part.text);
        this.#isTextOnly = false;
        break;
      case "text-replace":
        this.#text.replace(part.text);
        break;
      case "file":
        (this.#files ??= []).push(part);
        this.#isTextOnly = false;
        break;
      case "tool-call":
        (this.#toolCalls ??= []).push(part);
        this.#isTextOnly = false;
        break;
      case "tool-input-delta":
        this.#isTextOnly = false;
        break;
      case "source":
        (this.#sources ??= []).push(part);
        break;
      case "start":
        this.#start = joined(this.#start, part);
        break;
      default:
        break;
    }
  }

  /** It goes on with what that one has shown. Of what it was told so far only `shown` is shown; its text is that of both. */
  goOn<Part extends ProviderPart | StreamPart>(before: Collector, shown: readonly Part[]): readonly Part[] {
    const parts: readonly (ProviderPart | StreamPart)[] = shown;
    const own = parts.filter((part) => part.type === "source");
    this.#sources = [...(before.#sources ?? []), ...own];
    return shown;
  }

  /** The text so far. */
  text(): string {
    return this.#text.whole();
  }

  /** Whether text is all the output there was. */
  isTextOnly(): boolean {
    return this.#isTextOnly;
  }

  /** All that any `start` has said so far, as one. */
  start(): StartPart {
    return this.#start ?? { type: "start", warnings: [] };
  }

  /** What was collected, as the answer that a router's `finish` ended. */
  result(finish: ProviderPart | StreamPart, { firstOutputMs, durationMs }: AnswerTimes): Completion {
    const { reason, usage, response, requestId, provider, model, attempts, warnings, conversation } =
      finish as RouterFinishPart;
    return {
      text: this.#text.whole(),
      reasoning: this.#reasoning?.whole() ?? "",
      files: this.#files ?? [],
      toolCalls: this.#toolCalls ?? [],
      sources: this.#sources ?? [],
      finishReason: reason,
      usage: usage ?? undefined,
      response,
      requestId,
      provider,
      model,
      // Lists of its own: the `finish` part has been handed out too.
      attempts: [...attempts],
      firstOutputMs,
      durationMs,
      warnings: [...warnings],
      conversation,
    };
  }
}

/** Keeps of an answer only what was known at its start: what is passed on is nobody's to look at again. */
export class PassingCollector extends Collector {
  override add(part: ProviderPart | StreamPart): void {
    if (part.type === "start") super.add(part);
  }
}

function joined(before: StartPart | undefined, part: StartPart): StartPart {
  const response = before?.response === undefined ? part.response : { ...before.response, ...part.response };
  const metadata =
    before?.providerMetadata === undefined
      ? part.providerMetadata
      : { ...before.providerMetadata, ...part.providerMetadata };
  return {
    ...part,
    warnings: allWarnings(before?.warnings, part.warnings),
    ...(response !== undefined && { response }),
    ...(metadata !== undefined && { providerMetadata: metadata }),
  };
}

/** Warnings that were given since others, which were read before, each once. Providers written without the compiler may leave them out. */
export function allWarnings(
  before: readonly Warning[] | undefined,
  since: readonly Warning[] | undefined,
): readonly Warning[] {
  // A list of its own, which the provider may have given to others as well.
  const later = since === undefined ? [] : warningsIn(since);
  if (before === undefined || before.length === 0) return later;
  const told = new Set(before.map(inWords));
  return [...before, ...later.filter((warning) => !told.has(inWords(warning)))];
}

/** What is none is left out. */
function warningsIn(given: unknown): readonly Warning[] {
  return field(() => (Array.isArray(given) ? (given as readonly unknown[]).filter(isWarning) : [])) ?? [];
}

function isWarning(given: unknown): given is Warning {
  if (typeof given !== "object" || given === null) return false;
  const words = field(() => {
    const { feature, message }: { readonly feature?: unknown; readonly message?: unknown } = given;
    return [feature, message];
  });
  return words?.every((word) => typeof word === "string") === true;
}

function inWords({ feature, message }: Warning): string {
  return JSON.stringify([feature, message]);
}
