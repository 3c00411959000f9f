import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";
import {
  QwenError,
  textOf,
  type AttachedFilePart,
  type ContentPart,
  type ImagePart,
  type Message,
  type TextPart,
  type ToolResultPart,
} from "@qwen/core";
import { bytesInDataUrl, fileSource, imageSource, isBlob } from "@qwen/core/http";
import { holds, patternsIn } from "./shared-urls.ts";

type PromptMessage = LanguageModelV4Prompt[number];
type PromptPart = Exclude<PromptMessage["content"], string>[number];
type PromptFile = Extract<PromptPart, { type: "file" }>;
type PromptResult = Extract<PromptPart, { type: "tool-result" }>;
type ProviderOptions = NonNullable<LanguageModelV4CallOptions["providerOptions"]>;

/** Fetches what a message names, by core's one door. */
export type Fetch = (url: URL) => Promise<Uint8Array>;

/**
 * Messages as a prompt of the AI SDK: what {@link readPrompt} reads, written again.
 *
 * Bytes go out as they are. An address goes out where the model takes it; any other is fetched, as the AI SDK would. Rejects with
 * `invalid_request` for a Blob that cannot be read.
 */
export async function writePrompt(
  messages: readonly Message[],
  { model, fetch }: { readonly model: LanguageModelV4; readonly fetch: Fetch },
): Promise<LanguageModelV4Prompt> {
  const writer = new PromptWriter(model, fetch);
  const written = await Promise.all(messages.map((message) => writer.message(message)));
  return written.flat();
}

class PromptWriter {
  readonly #model: LanguageModelV4;
  readonly #fetch: Fetch;

  constructor(model: LanguageModelV4, fetch: Fetch) {
    this.#model = model;
    this.#fetch = fetch;
  }

  async message(message: Message): Promise<readonly PromptMessage[]> {
    const { role, content } = message;
    const own = optionsOf(message.providerMetadata);
    if (role === "system" || role === "developer") return [{ role: "system", content: textOf(message), ...own }];
    const parts: readonly ContentPart[] = typeof content === "string" ? [{ type: "text", text: content }] : content;
    const written = await Promise.all(parts.map((part) => this.#part(part)));
    if (role !== "tool") return [{ role, content: written, ...own } as PromptMessage];
    // Words beside the results of tools are the user's.
    const results = written.filter((part) => part.type === "tool-result");
    const others = written.filter((part) => part.type !== "tool-result");
    return [
      { role: "tool", content: results, ...own },
      ...(others.length === 0 ? [] : [{ role: "user", content: others } as PromptMessage]),
    ];
  }

  async #part(part: ContentPart): Promise<PromptPart> {
    switch (part.type) {
      case "text":
      case "reasoning":
        return { type: part.type, text: part.text, ...optionsOf(part.providerMetadata) };
      case "image":
      case "file":
        return this.#file(part);
      case "tool-call": {
        const { toolCallId, toolName, input, providerMetadata } = part;
        return { type: "tool-call", toolCallId, toolName, input: JSON.parse(input), ...optionsOf(providerMetadata) };
      }
      case "tool-result": {
        const { toolCallId, toolName, providerMetadata } = part;
        const output = await this.#output(part);
        return { type: "tool-result", toolCallId, toolName, output, ...optionsOf(providerMetadata) };
      }
    }
  }

  async #output({ output, isError = false }: ToolResultPart): Promise<PromptResult["output"]> {
    if (output.type === "text") return { type: isError ? "error-text" : "text", value: output.value };
    if (output.type === "json")
      return { type: isError ? "error-json" : "json", value: output.value } as PromptResult["output"];
    const value = await Promise.all(
      output.value.map(async (part: TextPart | ImagePart | AttachedFilePart) =>
        part.type === "text"
          ? { type: "text" as const, text: part.text, ...optionsOf(part.providerMetadata) }
          : await this.#file(part),
      ),
    );
    return { type: "content", value };
  }

  async #file(part: ImagePart | AttachedFilePart): Promise<PromptFile> {
    const source = part.type === "image" ? imageSource(part.image) : fileSource(part.file);
    const kind = part.mediaType ?? (isBlob(source) && source.type !== "" ? source.type : "image");
    return {
      type: "file",
      mediaType: kind,
      data: await this.#dataOf(source, kind),
      ...(part.filename !== undefined && { filename: part.filename }),
      ...optionsOf(part.providerMetadata),
    };
  }

  async #dataOf(source: Uint8Array | Blob | URL, kind: string): Promise<PromptFile["data"]> {
    if (isBlob(source)) return { type: "data", data: await bytesOf(source) };
    if (!(source instanceof URL)) return { type: "data", data: source };
    if (source.protocol === "data:") return { type: "data", data: bytesInDataUrl(source, { maxBytes: Infinity }) };
    return (await this.#takes(source, kind))
      ? { type: "url", url: source }
      : { type: "data", data: await this.#fetch(source) };
  }

  /** Whether the model fetches it itself. One that cannot say does not. */
  async #takes({ href }: URL, kind: string): Promise<boolean> {
    const type = kind.includes("/") ? kind.toLowerCase() : `${kind.toLowerCase()}/*`;
    try {
      return Object.entries(patternsIn(await this.#model.supportedUrls)).some(
        ([known, patterns]) =>
          holds(known.toLowerCase(), type) && patterns.some((pattern) => new RegExp(pattern).test(href)),
      );
    } catch {
      return false;
    }
  }
}

async function bytesOf(blob: Blob): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new QwenError("invalid_request", "The request cannot be sent: a Blob in it cannot be read.", { cause });
  }
}

function optionsOf(metadata: Message["providerMetadata"]): { readonly providerOptions?: ProviderOptions } {
  return metadata === undefined ? {} : { providerOptions: metadata as ProviderOptions };
}
