import type { LanguageModelV4Content, LanguageModelV4GenerateResult, SharedV4Warning } from "@ai-sdk/provider";
import { QwenError, type RouterFinishPart, type StreamPart } from "@qwen/core";
import { endOf, fileOf, sourceOf, vendorsOwn, warningsOf } from "./router-provider-words.ts";

type Start = Extract<StreamPart, { type: "start" }>;

/** Collects a whole answer of a router as the result of `doGenerate`: its pieces in their order, its text exact. */
export class AnswerContent {
  readonly #warnings: readonly SharedV4Warning[];
  #content: (LanguageModelV4Content | Pieces)[] = [];
  #start: Start | undefined;
  #finish: RouterFinishPart | undefined;
  #sources = 0;

  /** `warnings` are of what of the call nobody heard. */
  constructor(warnings: readonly SharedV4Warning[]) {
    this.#warnings = warnings;
  }

  take(part: StreamPart): void {
    switch (part.type) {
      case "text-delta":
        this.#say("text", part.text);
        break;
      case "text-replace":
        // It is all text there was.
        this.#content = this.#content.filter((piece) => piece.type !== "text");
        this.#say("text", part.text);
        break;
      case "reasoning-delta":
        this.#say("reasoning", part.text);
        break;
      case "reasoning-end":
        this.#endThought(part);
        break;
      case "tool-call": {
        const { toolCallId, toolName, input } = part;
        this.#content.push({ type: "tool-call", toolCallId, toolName, input, ...vendorsOwn(part.providerMetadata) });
        break;
      }
      case "file":
        this.#content.push(fileOf(part));
        break;
      case "source":
        this.#content.push(sourceOf(part, `source-${this.#sources++}`));
        break;
      case "start":
        this.#start = part;
        break;
      case "finish":
        this.#finish = part;
        break;
      default:
    }
  }

  result(): LanguageModelV4GenerateResult {
    const finish = this.#finish;
    if (finish === undefined) throw new QwenError("protocol", "The answer of the router has no end.");
    const { id, timestamp, modelId = finish.model, headers } = finish.response ?? {};
    return {
      content: this.#content.map((piece) => (piece instanceof Pieces ? piece.whole() : piece)),
      ...endOf(finish, { start: this.#start, rewritten: false }),
      warnings: [...this.#warnings, ...warningsOf(finish.warnings)],
      response: {
        modelId,
        ...(id !== undefined && { id }),
        ...(timestamp !== undefined && { timestamp }),
        ...(headers !== undefined && { headers: { ...headers } }),
      },
    };
  }

  #say(type: "text" | "reasoning", text: string): void {
    const last = this.#content.at(-1);
    if (last instanceof Pieces && last.isOf(type)) last.add(text);
    else if (text !== "") this.#content.push(new Pieces(type, text));
  }

  #endThought({ providerMetadata }: Extract<StreamPart, { type: "reasoning-end" }>): void {
    let last = this.#content.at(-1);
    if (!(last instanceof Pieces && last.isOf("reasoning"))) {
      if (providerMetadata === undefined) return;
      this.#content.push((last = new Pieces("reasoning", "")));
    }
    last.end(providerMetadata);
  }
}

/** What was said without anything between, piece by piece. */
class Pieces {
  readonly type: "text" | "reasoning";
  #text: string;
  #ended = false;
  #own: ReturnType<typeof vendorsOwn> = {};

  constructor(type: "text" | "reasoning", text: string) {
    this.type = type;
    this.#text = text;
  }

  isOf(type: "text" | "reasoning"): boolean {
    return this.type === type && !this.#ended;
  }

  add(text: string): void {
    this.#text += text;
  }

  end(own: Parameters<typeof vendorsOwn>[0]): void {
    this.#ended = true;
    this.#own = vendorsOwn(own);
  }

  whole(): LanguageModelV4Content {
    return { type: this.type, text: this.#text, ...this.#own };
  }
}
