import type { Completion, FilePart, FinishReason, SourcePart, ToolCallPart } from "@qwen/core";

import { givenBack } from "./given-back.ts";
import { wireUsage } from "./usage.ts";

/** What all that is said of one answer begins with. */
export interface AnswerLabel {
  readonly id: string;
  /** In s since 1970. */
  readonly created: number;
  /** Who answered. */
  readonly model: string;
}

/** Of a whole answer, what the wire tells. */
export type ToldAnswer = Omit<
  Completion,
  "attempts" | "firstOutputMs" | "durationMs" | "requestId" | "response" | "conversation"
>;

/** A whole answer as the body of a response. */
export function chatCompletion({ id, created, model }: AnswerLabel, completion: ToldAnswer): string {
  const { text, reasoning, toolCalls, files, sources, finishReason } = completion;
  const usage = wireUsage(completion.usage);
  return JSON.stringify({
    id,
    object: "chat.completion",
    created,
    model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: text === "" && toolCalls.length > 0 ? null : text,
          refusal: null,
          ...(reasoning !== "" && { reasoning_content: reasoning }),
          ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(wireCall) }),
          ...filesOf(files),
          ...(sources.length > 0 && { annotations: sources.map(wireSource) }),
        },
        logprobs: null,
        finish_reason: wireReason(finishReason, toolCalls.length > 0),
      },
    ],
    ...(usage !== undefined && { usage }),
  });
}

/** Why an answer that is whole has ended, in one of OpenAI's words: clients make nothing of others. */
export function wireReason(reason: FinishReason, calledTools: boolean): string {
  if (reason === "length") return "length";
  if (reason === "content-filter") return "content_filter";
  return reason === "tool-calls" || calledTools ? "tool_calls" : "stop";
}

function wireCall(call: ToolCallPart): object {
  const { toolCallId: id, toolName: name, input } = call;
  return { id, type: "function", function: { name, arguments: input }, ...givenBack(call) };
}

/** Files that a model made, in fields of their own: those of OpenAI's answers have no place for them. */
export function filesOf(files: readonly FilePart[]): object {
  const images = files.filter(({ mediaType }) => mediaType?.startsWith("image/") === true);
  const others = files.filter((file) => !images.includes(file));
  return {
    ...(images.length > 0 && {
      images: images.map(({ url }) => ({ type: "image_url", image_url: { url: String(url) } })),
    }),
    ...(others.length > 0 && {
      files: others.map(({ url, mediaType }) => ({ url: String(url), media_type: mediaType })),
    }),
  };
}

/** What an answer relies on, as OpenAI tells the pages that a search found. */
export function wireSource({ url, title, filename }: SourcePart): object {
  return {
    type: "url_citation",
    url_citation: { url: String(url ?? ""), title: title ?? filename ?? "", start_index: 0, end_index: 0 },
  };
}
