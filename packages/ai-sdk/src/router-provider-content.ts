import type {
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4Reasoning,
  LanguageModelV4StreamPart,
  LanguageModelV4Text,
} from "@ai-sdk/provider";
import { QwenError, type StreamPart } from "@qwen/core";
import { PartWriter, type PartsOptions } from "./router-provider-parts.ts";
import { warningsOf } from "./router-provider-words.ts";

type Ending = Omit<Extract<LanguageModelV4StreamPart, { type: "finish" }>, "type">;

/**
 * Collects a whole answer of a router as the result of `doGenerate`: what its stream would say, in its order. Its text is exact, as
 * of an answer that was held nothing is left that was taken back.
 */
export class AnswerContent {
  readonly #writer: PartWriter;
  readonly #content: LanguageModelV4Content[] = [];
  /** The block that is open. */
  #block: LanguageModelV4Text | LanguageModelV4Reasoning = { type: "text", text: "" };
  #warnings: LanguageModelV4GenerateResult["warnings"];
  #response: LanguageModelV4GenerateResult["response"];
  #end: Ending | undefined;

  constructor({ warnings }: Pick<PartsOptions, "warnings">) {
    this.#writer = new PartWriter({ warnings, raw: false });
    this.#warnings = [...warnings];
  }

  take(part: StreamPart): void {
    this.#writer.write(part, this.#written);
    if (part.type !== "finish") return;
    this.#warnings.push(...warningsOf(part.warnings));
    const headers = part.response?.headers;
    this.#response = { ...this.#response, ...(headers !== undefined && { headers: { ...headers } }) };
  }

  result(): LanguageModelV4GenerateResult {
    if (this.#end === undefined) throw new QwenError("protocol", "The answer of the router has no end.");
    return { content: this.#content, ...this.#end, warnings: this.#warnings, response: { ...this.#response } };
  }

  readonly #written = (part: LanguageModelV4StreamPart): void => {
    switch (part.type) {
      case "text-start":
      case "reasoning-start":
        this.#block = { type: part.type === "text-start" ? "text" : "reasoning", text: "" };
        this.#content.push(this.#block);
        break;
      case "text-delta":
      case "reasoning-delta":
        this.#block.text += part.delta;
        break;
      case "reasoning-end":
        if (part.providerMetadata !== undefined) this.#block.providerMetadata = part.providerMetadata;
        break;
      case "tool-call":
      case "file":
      case "source":
        this.#content.push(part);
        break;
      case "response-metadata": {
        const { type: _, ...told } = part;
        this.#response = told;
        break;
      }
      case "error":
        throw part.error;
      case "finish": {
        const { type: _, ...told } = part;
        this.#end = told;
        break;
      }
      default:
    }
  };
}
