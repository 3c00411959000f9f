// What messages, parts and settings hold. Compiled against the packed packages with TypeScript 7 and 5.9, and from source by
// `pnpm typecheck`. A line that must not compile stands below a `@ts-expect-error` that says why.
import {
  filesOf,
  imagesOf,
  textOf,
  type AttachedFilePart,
  type Capabilities,
  type Completion,
  type ContentPart,
  type FinishPart,
  type Message,
  type ProviderMetadata,
  type ProviderPart,
  type ReasoningEffort,
  type ReasoningPart,
  type ResponseInfo,
  type Settings,
  type SourcePart,
  type StartPart,
  type StreamPart,
  type TimeoutPhase,
  type ToolCallPart,
  type ToolResultPart,
  type Usage,
} from "@qwen/core";
import { fileSource } from "@qwen/core/gradio";
import { resolveTimeouts, type PartKind, type ResolvedTimeouts } from "@qwen/core/router";

export const providerMetadata: ProviderMetadata = { own: { signature: "s" } };
export const file: AttachedFilePart = {
  type: "file",
  file: new Uint8Array(1),
  mediaType: "application/pdf",
  filename: "a.pdf",
};
export const reasoning: ReasoningPart = { type: "reasoning", text: "Hm.", providerMetadata };
export const call: ToolCallPart = { type: "tool-call", toolCallId: "1", toolName: "t", input: "{}", providerMetadata };
export const result: ToolResultPart = {
  type: "tool-result",
  toolCallId: "1",
  toolName: "t",
  output: { type: "content", value: [{ type: "text", text: "a" }, file] },
  isError: true,
};
// @ts-expect-error: words are told as text, JSON as json
export const wrong: ToolResultPart = { ...result, output: "42" };
// @ts-expect-error: a file has a media type
export const nameless: ContentPart = { type: "file", file: "data:," };
export const messages: readonly Message[] = [
  { role: "user", content: [file, { type: "image", image: "data:," }] },
  { role: "assistant", content: [reasoning, call] },
  { role: "tool", content: [result] },
];
for (const message of messages) {
  const words: string = textOf(message);
  const sources: (Uint8Array | Blob | URL)[] = filesOf(message).map((one) => fileSource(one.file));
  const count: number = imagesOf(message).length;
  void [words, sources, count];
}

export const effort: ReasoningEffort = "low";
export const settings: Settings = {
  topK: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
  reasoning: effort,
  parallelToolCalls: false,
};
// @ts-expect-error: an effort is a word of the list
export const loud: Settings = { reasoning: "much" };
export const nothing: Capabilities = {};
export const all: Capabilities = { files: true, prefill: true, settings: ["topK", "reasoning"] };
// @ts-expect-error: no such setting
export const unknown: Capabilities = { settings: ["topQ"] };

export const response: ResponseInfo = { id: "1", modelId: "m", timestamp: new Date(), headers: {} };
export const start: StartPart = { type: "start", warnings: [], response };
export const source: SourcePart = { type: "source", url: new URL("https://example.com"), title: "Example" };
export const usage: Usage = { cachedInputTokens: 1, reasoningTokens: 1, estimated: true, raw: {} };
export const finish: FinishPart = {
  type: "finish",
  reason: "stop",
  rawReason: "eos",
  usage,
  response,
  providerMetadata,
};
export const parts: readonly ProviderPart[] = [
  start,
  { type: "reasoning-end", providerMetadata },
  source,
  { type: "tool-input-delta", toolCallId: "1", toolName: "t", text: "{" },
  call,
  finish,
];

// A router tells the start to whoever asks for the type of a part, and a completion what it collected.
declare const part: StreamPart;
if (part.type === "start") part.warnings.map(({ feature }) => feature);
declare const completion: Completion;
export const told: readonly [number, number, readonly SourcePart[], ResponseInfo | undefined] = [
  completion.firstOutputMs,
  completion.durationMs,
  completion.sources,
  completion.response,
];

export const limits: ResolvedTimeouts = resolveTimeouts({ answerMs: 1000 }, undefined);
export const phase: TimeoutPhase = "answer";
export const kind: PartKind = "start";
