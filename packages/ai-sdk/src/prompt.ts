import { InvalidPromptError, type LanguageModelV4Prompt, type SharedV4Warning } from "@ai-sdk/provider";
import {
  QwenError,
  type AttachedFilePart,
  type ContentPart,
  type ImagePart,
  type Message,
  type ProviderMetadata,
  type TextPart,
  type ToolResultPart,
} from "@qwen/core";
import { bytesInDataUrl, isGroup } from "@qwen/core/http";

type PromptMessage = LanguageModelV4Prompt[number];
type UserPart = Extract<PromptMessage, { role: "user" }>["content"][number];
type AssistantPart = Extract<PromptMessage, { role: "assistant" }>["content"][number];
type ToolPart = Extract<PromptMessage, { role: "tool" }>["content"][number];
type PromptFile = Extract<UserPart, { type: "file" }>;
type PromptResult = Extract<ToolPart, { type: "tool-result" }>;
type ResultContent = Extract<PromptResult["output"], { type: "content" }>["value"][number];

/** A prompt of the AI SDK as messages, and what of it they have no word for. */
export interface ReadPrompt {
  readonly messages: readonly Message[];
  readonly warnings: readonly SharedV4Warning[];
}

/**
 * Reads a prompt of the AI SDK. Nothing large is copied, but base64 of a kind that is told by its bytes only.
 *
 * What core has no word for (custom parts, approvals, references to files at a vendor, files that were thought of) is left out,
 * with a warning each. Throws `InvalidPromptError` where nothing is left, and `invalid_request` for the input of a tool call
 * that is no JSON. What else is wrong with it, the router says.
 */
export function readPrompt(prompt: LanguageModelV4Prompt): ReadPrompt {
  const reader = new PromptReader();
  if (!Array.isArray(prompt))
    throw new InvalidPromptError({ prompt: undefined, message: "it is no array of messages" });
  for (const message of prompt) reader.take(message);
  const { messages, warnings } = reader;
  if (messages.length === 0)
    throw new InvalidPromptError({
      prompt: [],
      message: prompt.length === 0 ? "it has no messages" : "nothing of it can be said to a model of a router",
    });
  return { messages, warnings };
}

class PromptReader {
  readonly messages: Message[] = [];
  readonly #leftOut = new Set<string>();

  get warnings(): readonly SharedV4Warning[] {
    return [...this.#leftOut].map((feature) => ({
      type: "unsupported",
      feature,
      details: "A router has no word for it, so it was left out.",
    }));
  }

  /** What is no message stays what it is, which the router complains of. */
  take(message: PromptMessage): void {
    if (!isGroup(message)) this.messages.push(message);
    else if (message.role !== "system" && Array.isArray(message.content)) this.#turn(message);
    else this.#add(message, message.content as string);
  }

  #turn(message: Exclude<PromptMessage, { role: "system" }>): void {
    let parts: ContentPart[] = [];
    const flush = (): void => {
      if (parts.length > 0) this.#add(message, parts);
      parts = [];
    };
    for (const part of message.content as readonly (UserPart | AssistantPart | ToolPart)[]) {
      if (part?.type === "tool-result" && message.role === "assistant") {
        // What a vendor ran itself stands in the answer; here, results are turns of their own.
        flush();
        this.messages.push({ role: "tool", content: [this.#result(part)] });
        continue;
      }
      const read = this.#part(part);
      if (read !== undefined) parts.push(read);
    }
    flush();
  }

  #add({ role, providerOptions }: PromptMessage, content: Message["content"]): void {
    this.messages.push({ role, content, ...metadataOf(providerOptions) });
  }

  #part(part: UserPart | AssistantPart | ToolPart): ContentPart | undefined {
    switch (part?.type) {
      case "text":
      case "reasoning":
        return { type: part.type, text: part.text, ...metadataOf(part.providerOptions) };
      case "file":
        return this.#file(part);
      case "tool-call":
        return {
          type: "tool-call",
          toolCallId: part.toolCallId,
          toolName: part.toolName,
          input: jsonOf(part.input),
          ...metadataOf(part.providerOptions),
        };
      case "tool-result":
        return this.#result(part);
      case "custom":
        return this.#leaveOut(`custom part ${part.kind}`);
      case "reasoning-file":
      case "tool-approval-response":
        return this.#leaveOut(`${part.type} part`);
      default:
        return this.#leaveOut(`part of the type ${String((part as { readonly type?: unknown } | undefined)?.type)}`);
    }
  }

  #result({ toolCallId, toolName, output, providerOptions }: PromptResult): ToolResultPart {
    return { type: "tool-result", toolCallId, toolName, ...this.#output(output), ...metadataOf(providerOptions) };
  }

  #output(output: PromptResult["output"]): Pick<ToolResultPart, "output" | "isError"> {
    switch (output?.type) {
      case "text":
      case "json":
        return { output: { type: output.type, value: output.value } as ToolResultPart["output"] };
      case "error-text":
        return { output: { type: "text", value: output.value }, isError: true };
      case "error-json":
        return { output: { type: "json", value: output.value }, isError: true };
      case "execution-denied":
        return { output: { type: "text", value: deniedBecause(output.reason) }, isError: true };
      case "content":
        // The router complains of it.
        if (!Array.isArray(output.value)) return { output: { type: "content", value: output.value } };
        return { output: { type: "content", value: output.value.flatMap((part) => this.#content(part) ?? []) } };
      default:
        return { output };
    }
  }

  #content(part: ResultContent): TextPart | ImagePart | AttachedFilePart | undefined {
    if (part?.type === "text") return { type: "text", text: part.text, ...metadataOf(part.providerOptions) };
    if (part?.type === "file") return this.#file(part);
    return this.#leaveOut(`${String((part as { readonly type?: unknown } | undefined)?.type)} part of a tool's result`);
  }

  #file({ data, mediaType, filename, providerOptions }: PromptFile): ImagePart | AttachedFilePart | undefined {
    if (data?.type === "reference") return this.#leaveOut("reference to a file");
    const kind = typeof mediaType === "string" ? mediaType.toLowerCase() : "";
    const isImage = /^image(?:\/|$)/.test(kind);
    const isWhole = /^[^/*]+\/[^/*]+$/.test(kind);
    const file = sourceOf(data, isWhole ? kind : undefined);
    const more = { ...(filename !== undefined && { filename }), ...metadataOf(providerOptions) };
    if (isImage) return { type: "image", image: file, ...(isWhole && { mediaType: kind }), ...more };
    return { type: "file", file, mediaType: data?.type === "text" && !isWhole ? "text/plain" : mediaType, ...more };
  }

  #leaveOut(feature: string): undefined {
    if (this.#leftOut.size < MOST_WARNINGS) this.#leftOut.add(feature.slice(0, LONGEST_FEATURE).toWellFormed());
    return undefined;
  }
}

/** What a prompt of strangers holds may be of any number and length. */
const MOST_WARNINGS = 20;
const LONGEST_FEATURE = 120;

function sourceOf(data: PromptFile["data"], kind: string | undefined): ImagePart["image"] {
  switch (data?.type) {
    case "data":
      return typeof data.data === "string" ? fromBase64(data.data, kind) : data.data;
    case "url":
      return data.url;
    case "text":
      return new TextEncoder().encode(data.text);
    default:
      return data as unknown as string;
  }
}

/** As a URL, which holds it as it is; as bytes where only those say what kind it is. */
function fromBase64(base64: string, kind: string | undefined): Uint8Array | string {
  const url = `data:${kind ?? "application/octet-stream"};base64,${base64}`;
  return kind === undefined ? bytesInDataUrl(new URL(url), { maxBytes: Infinity }) : url;
}

function deniedBecause(reason: string | undefined): string {
  return reason === undefined ? "Its user did not let it run." : `Its user did not let it run: ${reason}`;
}

function jsonOf(input: unknown): string {
  try {
    return JSON.stringify(input ?? {}) ?? "{}";
  } catch (cause) {
    throw new QwenError("invalid_request", "The input of a tool call in the prompt is nothing that JSON can tell.", {
      cause,
    });
  }
}

function metadataOf(options: unknown): { readonly providerMetadata?: ProviderMetadata } {
  return options === undefined || options === null ? {} : { providerMetadata: options as ProviderMetadata };
}
