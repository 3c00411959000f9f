import type { TextPath } from "@qwen/core/gradio";

import { list, record } from "./page.ts";

/** A piece of what stands in an answer's output. */
export type Segment =
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly path: TextPath }
  | { readonly type: "file"; readonly path: string; readonly mediaType: string | undefined };

/** By what an answer is told from what was there. */
export interface AnswerPlace {
  readonly before: unknown;
  /** What was asked, as its input holds it. */
  readonly asked: unknown;
  /** Whether what looks like an earlier answer may be one that is given once more: at the end, and once something new was there. */
  readonly final: boolean;
}

/** What an output says. */
export interface Said {
  readonly segments: readonly Segment[];
  /** How much was read to tell it from what was there, in characters. */
  readonly compared: number;
}

/**
 * What an output says as an answer, in order: that of a chatbot of pairs or of messages, a message alone or a list of them,
 * or a text. Of a chat only what follows on what the user said last counts, and nothing that stood there `before`.
 */
export function saidIn(value: unknown, place: AnswerPlace): Said {
  if (!Array.isArray(value)) return { segments: ofContent(value, []), compared: 0 };
  const before = new ChatBefore(list(place.before));
  const start = startIn(value, before, place);
  const segments = value
    .slice(start)
    .flatMap((one: unknown, index) =>
      Array.isArray(one) ? ofContent(one[1], [start + index, 1]) : ofContent(one, [start + index]),
    );
  return { segments, compared: before.compared };
}

/** Where the answer begins; behind all of it where there is none. */
function startIn(value: readonly unknown[], before: ChatBefore, { asked, final }: AnswerPlace): number {
  if (before.isEndOf(value, { asked, final })) return value.length;
  const answered = answeredFrom(value);
  // Where it goes on behind the turns that were there, its app does not write the question down.
  const goesOn = answered < before.length && before.length < value.length && before.isBeginningOf(value);
  return goesOn ? before.length : answered;
}

/** Where the answer to the last question begins: in its pair, and in those without a question behind it; or behind its message. */
function answeredFrom(value: readonly unknown[]): number {
  const pair = value.findLastIndex((one) => Array.isArray(one) && (one[0] ?? "") !== "");
  return pair === -1 ? value.findLastIndex((one) => record(one)["role"] === "user") + 1 : pair;
}

/** So many of the last are enough to know turns by. */
const MOST_COMPARED = 10;

/** A chat as it was before an answer, which what comes is compared with. */
class ChatBefore {
  readonly #turns: readonly unknown[];
  /** How much was read for that, in characters. */
  compared = 0;

  constructor(turns: readonly unknown[]) {
    this.#turns = turns;
  }

  get length(): number {
    return this.#turns.length;
  }

  /** Whether a chat begins with it. */
  isBeginningOf(value: readonly unknown[]): boolean {
    const from = Math.max(0, this.length - MOST_COMPARED);
    return this.#turns.slice(from).every((one, index) => this.#wordsIn(one) === this.#wordsIn(value[from + index]));
  }

  /** Whether a chat ends with what it ended with before, and that was an answer. */
  isEndOf(value: readonly unknown[], { asked, final }: Pick<AnswerPlace, "asked" | "final">): boolean {
    // What no function wrote is no answer.
    if (value === this.#turns) return true;
    if (this.length === 0 || value.length > this.length) return false;
    const last = this.#turns.at(-1);
    const isAnswer = Array.isArray(last) ? last[1] !== null : record(last)["role"] === "assistant";
    if (!isAnswer || this.#wordsIn(last) !== this.#wordsIn(value.at(-1))) return false;
    if (!final) return true;
    // An app that keeps the last turns alone may give the same answer to another question, and to the same one.
    const question = questionIn(value);
    if (question !== questionIn(this.#turns)) return false;
    const isOneTurn = value.length === (Array.isArray(last) ? 1 : 2);
    return question !== textOf(asked) || (!isOneTurn && value.length === this.length && this.isBeginningOf(value));
  }

  #wordsIn(entry: unknown): string {
    const { role, content } = record(entry);
    const said = Array.isArray(entry) ? entry.flatMap((one: unknown) => ofContent(one, [])) : ofContent(content, []);
    const text = textsIn(said);
    this.compared += text.length + said.length;
    return `${String(role)}: ${squeezed(text)}`;
  }
}

/** The last question of a chat. */
function questionIn(chat: readonly unknown[]): string {
  const at = answeredFrom(chat);
  const pair = chat[at];
  return textOf(Array.isArray(pair) ? pair[0] : record(chat[at - 1])["content"]);
}

/** The words of what was said or asked. */
function textOf(content: unknown): string {
  return squeezed(textsIn(ofContent(content, [])));
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
