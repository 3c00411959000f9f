import type { TextPath } from "@qwen/core/gradio";

import { list, record } from "./page.ts";

/** A piece of what stands in an answer's output. */
export type Segment =
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly path: TextPath }
  | { readonly type: "file"; readonly path: string; readonly mediaType: string | undefined };

/** By what an answer is told from what was there. */
export interface AnswerPlace {
  readonly before: unknown;
  /** The words that were asked. */
  readonly asked: string;
  /** Whether it is to be compared with what the chat ended with. */
  readonly mayBeOld: boolean;
  readonly final: boolean;
}

/**
 * What an output says as an answer, in order: that of a chatbot of pairs or of messages, a message alone or a list of them,
 * or a text. Of a chat only what follows on what the user said last counts, and nothing that stood there `before`.
 */
export function segmentsOf(value: unknown, { before, asked, mayBeOld, final }: AnswerPlace): readonly Segment[] {
  if (!Array.isArray(value)) return ofContent(value, []);
  if (value.length === 0 || (mayBeOld && isOld(value, { before: list(before), asked, final }))) return [];
  const answered = answeredFrom(value);
  const start = answered > list(before).length ? answered : Math.max(answered, keptIn(value, list(before)));
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

/** So many of the last are enough to know turns by: a long history is not read again with each message. */
const MOST_COMPARED = 10;

/** How many turns that were there before a chat begins with, where it goes on behind them: its app may not write the question down. */
function keptIn(value: readonly unknown[], before: readonly unknown[]): number {
  return before.length < value.length && beginsWith(value, before) ? before.length : 0;
}

function beginsWith(value: readonly unknown[], before: readonly unknown[]): boolean {
  const from = Math.max(0, before.length - MOST_COMPARED);
  return before.slice(from).every((one, index) => wordsIn(one) === wordsIn(value[from + index]));
}

/** Whether a chat ends with what it ended with before, and that was an answer. */
function isOld(
  value: readonly unknown[],
  { before, asked, final }: { readonly before: readonly unknown[]; readonly asked: string; readonly final: boolean },
): boolean {
  // What no function wrote is no answer.
  if (value === before) return true;
  if (before.length === 0 || value.length > before.length) return false;
  const last = before.at(-1);
  const isAnswer = Array.isArray(last) ? last[1] !== null : record(last)["role"] === "assistant";
  if (!isAnswer || wordsIn(last) !== wordsIn(value.at(-1))) return false;
  if (!final) return true;
  // An app that keeps the last turns alone may give the same answer to another question, and to the same one.
  const question = questionIn(value);
  if (question !== questionIn(before)) return false;
  const isOneTurn = value.length === (Array.isArray(last) ? 1 : 2);
  return question !== squeezed(asked) || (!isOneTurn && value.length === before.length && beginsWith(value, before));
}

function questionIn(chat: readonly unknown[]): string {
  const pair = chat.findLast((one) => Array.isArray(one) && (one[0] ?? "") !== "");
  const asked = record(chat.findLast((one) => record(one)["role"] === "user"));
  return squeezed(textsIn(ofContent(Array.isArray(pair) ? pair[0] : asked["content"], [])));
}

function wordsIn(entry: unknown): string {
  if (Array.isArray(entry)) return squeezed(textsIn(entry.flatMap((one: unknown) => ofContent(one, []))));
  const { role, content } = record(entry);
  return `${String(role)}: ${squeezed(textsIn(ofContent(content, [])))}`;
}

/** As texts are compared: Gradio takes the indentation and empty lines out of what it is given. */
function squeezed(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
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
