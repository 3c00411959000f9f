import type { TextPath } from "@qwen/core/gradio";

import { list, record } from "./page.ts";

/** A piece of what stands in an answer's output. */
export type Segment =
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly path: TextPath }
  | { readonly type: "file"; readonly path: string; readonly mediaType: string | undefined };

/**
 * What an output says as an answer, in order: that of a chatbot of pairs or of messages, a message alone or a list of them,
 * or a text. Of a chat only what follows on what the user said last counts, and nothing that stood there `before`.
 */
export function segmentsOf(value: unknown, before: unknown): readonly Segment[] {
  if (!Array.isArray(value)) return ofContent(value, []);
  const last = value.length - 1;
  if (last < 0 || isOld(value, list(before))) return [];
  const pair: unknown = value[last];
  if (Array.isArray(pair)) return ofContent(pair[1], [last, 1]);
  const asked = value.findLastIndex((one) => record(one)["role"] === "user");
  return value.slice(asked + 1).flatMap((one: unknown, index) => ofContent(one, [asked + 1 + index]));
}

/** Whether a chat ends with what it ended with before, and that was an answer. */
function isOld(value: readonly unknown[], before: readonly unknown[]): boolean {
  if (before.length === 0 || value.length > before.length) return false;
  const last = before.at(-1);
  const isAnswered = Array.isArray(last) ? last[1] !== null : record(last)["role"] === "assistant";
  return isAnswered && wordsIn(last) === wordsIn(value.at(-1));
}

function wordsIn(entry: unknown): string {
  const said = Array.isArray(entry) ? entry.flatMap((one) => ofContent(one, [])) : ofContent(entry, []);
  return said.map((one) => (one.type === "file" ? one.path : one.text)).join("\n");
}

function ofContent(value: unknown, path: TextPath): readonly Segment[] {
  if (typeof value === "string") return [{ type: "text", text: value, path }];
  // A list of parts; or, in a pair, a file by its path and what it shows.
  if (Array.isArray(value)) return value.flatMap((one: unknown, index) => ofContent(one, [...path, index]));
  const fields = record(value);
  if ("role" in fields) return ofMessage(fields, path);
  const file = record("file" in fields ? fields["file"] : fields);
  const { path: kept, mime_type: mediaType } = file;
  if (typeof kept === "string") {
    return [{ type: "file", path: kept, mediaType: typeof mediaType === "string" ? mediaType : undefined }];
  }
  if ("component" in fields) return ofContent(fields["value"], [...path, "value"]);
  return typeof fields["text"] === "string" ? ofContent(fields["text"], [...path, "text"]) : [];
}

function ofMessage(message: Readonly<Record<string, unknown>>, path: TextPath): readonly Segment[] {
  if (message["role"] !== "assistant") return [];
  const { title } = record(message["metadata"]);
  const said = ofContent(message["content"], [...path, "content"]);
  if (typeof title !== "string" || title === "") return said;
  return said.map((one) => (one.type === "text" ? { ...one, type: "reasoning" } : one));
}
