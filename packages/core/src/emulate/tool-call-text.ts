import { isJsonText } from "#core";

import { relaxedObject, type RelaxedObject } from "./relaxed-json.ts";

/** A call as a model wrote it. */
export interface WrittenCall {
  readonly toolName: string;
  /** JSON text. */
  readonly input: string;
}

/** What a block of a tool call holds: calls; or none, and `why` where it was meant to. */
export interface BlockReading {
  readonly calls: readonly WrittenCall[];
  /** What is wrong with it; absent where nothing in it looks like a call. */
  readonly why?: string | undefined;
}

/**
 * Reads what stands between `<tool_call>` and its end.
 *
 * Where the end tag came, it reads past a fence, a brace too few or too many, a comma too many and raw newlines in strings.
 * Without one the model may have been cut, so it must be JSON as it stands: completing it would invent a call.
 */
export function readBlock(body: string, { isWhole }: { readonly isWhole: boolean }): BlockReading {
  if (!LIKE_A_CALL.test(body)) return { calls: [] };
  const inner = withoutFence(body.trim());
  try {
    return { calls: callsIn(isWhole ? mended(inner) : strict(inner)) };
  } catch (error) {
    return { calls: [], why: error instanceof Error ? error.message : String(error) };
  }
}

function callsIn(text: string): readonly WrittenCall[] {
  const calls: WrittenCall[] = [];
  for (let start = 0; start >= 0;) {
    const object = relaxedObject(text, start);
    try {
      if (object === undefined) throw new SyntaxError("A string or a bracket in it does not end.");
      const call = callOf(object);
      if (call !== undefined) calls.push(call);
      start = text.indexOf("{", object.end);
    } catch (error) {
      // What follows a call that can be read is no reason to ask again.
      if (calls.length === 0) throw error;
      break;
    }
  }
  return calls;
}

function strict(text: string): string {
  JSON.parse(text);
  return text;
}

function callOf(object: RelaxedObject): WrittenCall | undefined {
  const value: unknown = JSON.parse(object.json);
  if (typeof value !== "object" || value === null || !("name" in value)) return undefined;
  const { name } = value;
  if (typeof name !== "string" || name === "") return undefined;
  return { toolName: name, input: inputOf(object.members.get("arguments") ?? object.members.get("parameters")) };
}

/** JSON text of the input: some models write it as a string that holds JSON, and leave it out where there is none. */
function inputOf(json: string | undefined): string {
  if (json === undefined || json === "null") return "{}";
  if (!json.startsWith('"')) return json;
  const written = String(JSON.parse(json)).trim();
  if (written === "") return "{}";
  const object = written.startsWith("{") ? relaxedObject(written, 0) : undefined;
  return object !== undefined && isJsonText(object.json) ? object.json : json;
}

function withoutFence(text: string): string {
  const inner = text.replace(/^```\w*\s*/, "");
  return inner.endsWith("```") ? inner.slice(0, -3).trimEnd() : inner;
}

/** With the brace that is missing at the beginning, without the one too many. */
function mended(text: string): string {
  return text.startsWith('"') ? `{${text}` : text.replace(/^\{\s*(?=\{)/, "");
}

const LIKE_A_CALL = /\bname\b["']?\s*:/;
