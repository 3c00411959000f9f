import { isGroup } from "@qwen/core/http";

/** An object as JSON has them. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a text says as JSON; `undefined` where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** As {@link parseJson}; of a list, in which some tell their errors, the first. */
export function firstIn(text: string): unknown {
  const json = parseJson(text);
  return Array.isArray(json) ? json[0] : json;
}

/** Whether a value is an object, and no list. */
export function isObject(value: unknown): value is JsonObject {
  return isGroup(value);
}

/** A copy of a value that JSON can tell. Throws for one of which anything would be left out, or told as something else. */
export function jsonCopy<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value, tellable)) as Value;
}

function tellable(_name: string, value: unknown): unknown {
  const isNone = typeof value === "number" && !Number.isFinite(value);
  const isOther = isObject(value) && (Symbol.iterator in value || "then" in value);
  if (isNone || isOther || typeof value === "function" || typeof value === "symbol")
    throw new TypeError("JSON cannot tell it.");
  return value;
}

/** How long a value is as JSON, in characters; more than anything where it is nested too deep to be written. */
export function lengthOf(value: unknown): number {
  try {
    return JSON.stringify(value).length;
  } catch {
    return Infinity;
  }
}

/** A field that is text, and not empty. */
export function textIn(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A field that counts something. */
export function countIn(object: unknown, name: string): number | undefined {
  const value = isObject(object) ? object[name] : undefined;
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** The fields that are set. */
export function told<Fields extends object>(fields: Fields): Fields {
  const set: Partial<Fields> = {};
  for (const name in fields) {
    if (fields[name] !== undefined) set[name] = fields[name];
  }
  return set as Fields;
}
