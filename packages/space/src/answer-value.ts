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
export function segmentsOf(
  value: unknown,
  { before, final }: { readonly before: unknown; readonly final: boolean },
): readonly Segment[] {
  if (!Array.isArray(value)) return ofContent(value, []);
  if (value.length === 0 || isOld(value, { before: list(before), final })) return [];
  const start = Math.max(answeredFrom(value), keptIn(value, list(before)));
  return value
    .slice(start)
    .flatMap((one: unknown, index) =>
      Array.isArray(one) ? ofContent(one[1], [start + index, 1]) : ofContent(one, [start + index]),
    );
}

/** Where the answer to the last question begins: in its pair, and in those without a question behind it; or behind its message. */
function answeredFrom(value: readonly unknown[]): number {
  const pair = value.findLastIndex((one) => Array.isArray(one) && (one[0] ?? "") !== "");
  return pair === -1 ? value.findLastIndex((one) => record(one)["role"] === "user") + 1 : pair;
}

/** How many turns that were there before a chat begins with, where it goes on behind them: its app may not write the question down. */
function keptIn(value: readonly unknown[], before: readonly unknown[]): number {
  const { length } = before;
  return length < value.length && length > 0 && wordsIn(value[length - 1]) === wordsIn(before.at(-1)) ? length : 0;
}

/** Whether a chat ends with what it ended with before, and that was an answer. */
function isOld(
  value: readonly unknown[],
  { before, final }: { readonly before: readonly unknown[]; readonly final: boolean },
): boolean {
  if (before.length === 0 || value.length > before.length) return false;
  const last = before.at(-1);
  if (Array.isArray(last)) return last[1] !== null && wordsIn(last) === wordsIn(value.at(-1));
  if (record(last)["role"] !== "assistant" || wordsIn(last) !== wordsIn(value.at(-1))) return false;
  // An app that keeps the last turns alone may give the same answer to another question.
  return !final || questionIn(before) === questionIn(value);
}

function questionIn(chat: readonly unknown[]): string {
  const asked = record(chat.findLast((one) => record(one)["role"] === "user"));
  // Gradio takes the indentation out of what it is given.
  return textsIn(ofContent(asked["content"], [])).replaceAll(/\s+/g, " ").trim();
}

function wordsIn(entry: unknown): string {
  const said = Array.isArray(entry) ? entry.flatMap((one) => ofContent(one, [])) : ofContent(entry, []);
  return textsIn(said);
}

function textsIn(said: readonly Segment[]): string {
  return said.map((one) => (one.type === "file" ? one.path : one.text)).join("\n");
}

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** What is nested deeper is no answer, and no stack is deep enough for all that JSON can hold. */
const DEEPEST = 50;

function ofContent(value: unknown, path: TextPath): readonly Segment[] {
  if (path.length > DEEPEST) return [];
  if (typeof value === "string") return [{ type: "text", text: value, path }];
  // A list of parts; or, in a pair, a file by its path and what it shows.
  if (Array.isArray(value)) return value.flatMap((one: unknown, index) => ofContent(one, [...path, index]));
  const fields = record(value);
  if ("role" in fields) return ofMessage(fields, path);
  // Galleries and players of a chat have a file of their kind.
  const { path: kept, mime_type: type } = record(fields["file"] ?? fields["image"] ?? fields["video"] ?? fields);
  if (typeof kept === "string") {
    const mediaType = typeof type === "string" && MEDIA_TYPE.test(type) ? type : undefined;
    return [{ type: "file", path: kept, mediaType }];
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
