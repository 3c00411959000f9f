import type { LanguageModelV4Source, SharedV4ProviderMetadata, SharedV4Warning } from "@ai-sdk/provider";
import type { PartReader } from "@qwen/core/router";

import { AnswerCollector, type FallbackAnswer } from "./fallback-reader.ts";
import { knownUsage, OPENED, type ModelPart } from "./parts.ts";
import { FIRST_BLOCK } from "./text-blocks.ts";

/**
 * Reads models whose answer is gone on with where it breaks off, by a replay: their blocks of text are named by their order. Only an
 * answer whose one block of text is open can be; what else it says of itself does not matter.
 */
export function continuing(reader: PartReader<ModelPart, FallbackAnswer>): PartReader<ModelPart, FallbackAnswer> {
  return {
    ...reader,
    isText: isOfFirstBlock,
    textIn: (part) => (isOfFirstBlock(part) ? part.delta : ""),
    textPart: (delta) => ({ type: "text-delta", id: FIRST_BLOCK, delta }),
    isBeside: (part) => part.type === "source" || isFraming(part),
    sealed(part, answered) {
      const isContinued = answered.attempts.some(({ continuedBy }) => continuedBy !== undefined);
      // The side of a seam that broke off never told its own.
      const last = isContinued && part.type === "finish" ? { ...part, usage: knownUsage() } : part;
      return reader.sealed(last, answered);
    },
    collect: () => new ContinuedAnswer(),
  };
}

type Metadata = Extract<ModelPart, { readonly type: "response-metadata" }>;
type TextDelta = Extract<ModelPart, { readonly type: "text-delta" }>;

function isOfFirstBlock(part: ModelPart): part is TextDelta {
  return part.type === "text-delta" && part.id === FIRST_BLOCK;
}

/** Whether it stands around an answer of text that is still open. */
function isFraming(part: ModelPart): boolean {
  switch (part.type) {
    case OPENED:
    case "stream-start":
    case "response-metadata":
    case "raw":
      return true;
    case "text-start":
      return part.id === FIRST_BLOCK;
    default:
      return false;
  }
}

/** What an attempt has said of an answer, and what that is to be told of where it goes on with what another one has shown. */
class ContinuedAnswer extends AnswerCollector {
  #isPlain = true;
  /** What its service has said of it, as one. */
  #response: Metadata = { type: "response-metadata" };
  #warnings: SharedV4Warning[] = [];
  #sources: LanguageModelV4Source[] | undefined;
  /** Of its block of text. */
  #metadata: SharedV4ProviderMetadata | undefined;

  override add(part: ModelPart): void {
    super.add(part);
    if (isOfFirstBlock(part)) {
      this.#metadata = part.providerMetadata ?? this.#metadata;
      return;
    }
    this.#isPlain &&= isFraming(part);
    if (part.type === OPENED) this.#response = { ...this.#response, modelId: part.modelId };
    else if (part.type === "stream-start") for (const warning of part.warnings ?? []) this.#warnings.push(warning);
    else if (part.type === "source") (this.#sources ??= []).push(part);
    else if (part.type === "text-start") this.#metadata = part.providerMetadata;
    else if (part.type === "response-metadata") {
      // Many say what they do not know as `undefined`.
      const told = Object.entries(part).filter(([, value]) => value !== undefined && value !== null);
      this.#response = { ...this.#response, ...Object.fromEntries(told) };
    }
  }

  isTextOnly(): boolean {
    return this.#isPlain;
  }

  /** Before the rest of its text: who goes on, with what warnings that are news, relying on what. */
  goOn(before: ContinuedAnswer, shown: readonly ModelPart[]): readonly ModelPart[] {
    const told = new Set(before.#warnings.map(inWords));
    const news = this.#warnings.filter((warning) => !told.has(inWords(warning)));
    this.#warnings = before.#warnings.concat(news);
    const parts: ModelPart[] = news.length > 0 ? [{ type: "stream-start", warnings: [...this.#warnings] }] : [];
    parts.push(this.#response);
    return parts.concat(this.#sources ?? [], this.#marked(before, shown));
  }

  /** What belongs to the block of who broke off nobody else can read back. */
  #marked(before: ContinuedAnswer, shown: readonly ModelPart[]): readonly ModelPart[] {
    if (this.#metadata === undefined && before.#metadata === undefined) return shown;
    const providerMetadata = (this.#metadata ??= {});
    const [rest] = shown;
    const delta = rest?.type === "text-delta" ? rest.delta : "";
    return [{ type: "text-delta", id: FIRST_BLOCK, delta, providerMetadata }];
  }
}

/** By which a warning is known again: of one that is no JSON, itself. */
function inWords(warning: SharedV4Warning): unknown {
  try {
    return JSON.stringify(warning);
  } catch {
    return warning;
  }
}
