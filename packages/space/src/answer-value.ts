import type { TextPath } from "@qwen/core/gradio";

import { record } from "./page.ts";

/** A piece of what stands in an answer's output. */
export type Segment =
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly path: TextPath }
  | { readonly type: "file"; readonly path: string; readonly mediaType: string | undefined };

/** What it took to read values, in characters. */
export interface Reading {
  cost: number;
}

/** What it takes to read one of those that a value is made of. */
const VALUE = 50;

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

/** What is nested deeper is no answer, and no stack is deep enough for all that JSON can hold. */
const DEEPEST = 50;

/** What a value says that stands at this path, in order: a text, parts, a file, a component, or a message, of which only an answer counts. */
export function segmentsOf(value: unknown, path: TextPath, reading: Reading): readonly Segment[] {
  reading.cost += VALUE + path.length;
  if (path.length > DEEPEST) return [];
  if (typeof value === "string") return [{ type: "text", text: value, path }];
  // A list of parts; or, in a pair, a file by its path and what it shows.
  if (Array.isArray(value)) return value.flatMap((one: unknown, index) => segmentsOf(one, [...path, index], reading));
  const fields = record(value);
  if ("role" in fields) return ofMessage(fields, path, reading);
  // Galleries and players of a chat have a file of their kind.
  const { path: kept, mime_type: type } = record(fields["file"] ?? fields["image"] ?? fields["video"] ?? fields);
  if (typeof kept === "string") {
    const mediaType = typeof type === "string" && MEDIA_TYPE.test(type) ? type : undefined;
    return [{ type: "file", path: kept, mediaType }];
  }
  if ("component" in fields) return segmentsOf(fields["value"], [...path, "value"], reading);
  return typeof fields["text"] === "string" ? segmentsOf(fields["text"], [...path, "text"], reading) : [];
}

function ofMessage(message: Readonly<Record<string, unknown>>, path: TextPath, reading: Reading): readonly Segment[] {
  if (message["role"] !== "assistant") return [];
  const { title } = record(message["metadata"]);
  const said = segmentsOf(message["content"], [...path, "content"], reading);
  if (typeof title !== "string" || title === "") return said;
  return said.map((one) => (one.type === "text" ? { ...one, type: "reasoning" } : one));
}

/** What is said, to be compared: a thought is no other answer. */
export function textIn(said: readonly Segment[]): string {
  return said
    .map((one) => (one.type === "file" ? one.path : one.type === "text" ? one.text : `(${one.text})`))
    .join("\n");
}

/** The words of a text, as texts are compared: Gradio takes the indentation and empty lines out of what it is given. */
export function wordsIn(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim();
}
