import { QwenError } from "../errors.ts";

/**
 * A value as JSON text. Half an emoji, as a cut through one leaves it, becomes U+FFFD: servers refuse it.
 *
 * Throws `invalid_request` for what JSON cannot say.
 */
export function writeJson(value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (cause) {
    throw new QwenError("invalid_request", "The inputs cannot be written as JSON.", { cause });
  }
  if (json === undefined) throw new QwenError("invalid_request", "The inputs cannot be written as JSON.");
  // JSON.stringify escapes halves, and nothing else that way but a text that says so itself.
  if (!json.includes("\\ud")) return json;
  return json.replaceAll(/\\(?:(u[dD][89a-fA-F][\da-fA-F]{2})|.)/g, (escape, half) =>
    half === undefined ? escape : "\ufffd",
  );
}

/**
 * A copy of a JSON value, however deep, and how many values are in it. Texts are shared: nobody can change one. In the place of an
 * object for which `replace` has something, there is that.
 */
export function copyOfJson<Value>(
  value: Value,
  replace?: (object: object) => unknown,
): { readonly copy: Value; readonly count: number } {
  // A list, not recursion: it may be nested deeper than the stack is.
  const open: (unknown[] | Record<string, unknown>)[] = [];
  let count = 0;

  function copyOf(member: unknown): unknown {
    count++;
    if (typeof member !== "object" || member === null) return member;
    const replacement = replace?.(member);
    if (replacement !== undefined) return replacement;
    const copy = Array.isArray(member) ? [...(member as readonly unknown[])] : { ...member };
    open.push(copy);
    return copy;
  }

  const whole = copyOf(value);
  for (let copy = open.pop(); copy !== undefined; copy = open.pop()) {
    if (Array.isArray(copy)) for (let index = 0; index < copy.length; index++) copy[index] = copyOf(copy[index]);
    // What is assigned to is there already, so "__proto__" is a member like any other.
    else for (const name of Object.keys(copy)) copy[name] = copyOf(copy[name]);
  }
  return { copy: whole as Value, count };
}

/** The value of a JSON text, `undefined` where it is none: what comes from outside may be anything. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A JSON value as a list; an empty one where it is none. */
export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
