import { setCause } from "./error-cause.ts";
import { excuse, isExcused } from "./error-excuse.ts";
import { setFields } from "./error-fields.ts";
import { field } from "./field.ts";
import { wordsOf } from "./printable.ts";
import { concealing } from "./secrets.ts";

type Conceal = (text: string) => string;

/**
 * The error without what was given in confidence, whoever repeats it in whichever text: message, stack, fields and causes. Where
 * nothing of it is repeated, that is the error itself, else a copy of the same class.
 *
 * The text of an answer, which an error may have in `text`, is left as it came: it is the caller's.
 */
export function withoutSecrets(error: unknown, secrets: readonly string[]): unknown {
  return secrets.length === 0 ? error : bare(error, concealing(secrets), DEEPEST);
}

/** Causes within causes are looked at this deep; what is deeper is told in words. */
const DEEPEST = 6;
/** So much that hangs together is looked at: no print of an error shows more. */
const MOST_SEEN = 500;

/** What a server cannot say, and what is an answer. */
const KEPT: ReadonlySet<string> = new Set(["name", "code", "phase", "provider", "requestId", "attempts", "text"]);

function bare(value: unknown, conceal: Conceal, depth: number): unknown {
  if (!repeats(value, conceal, new Set())) return value;
  if (value instanceof Error && depth > 0)
    return field(() => bareError(value, conceal, depth)) ?? conceal(wordsOf(value));
  if (Array.isArray(value)) return value.map((each: unknown) => bare(each, conceal, depth - 1));
  return conceal(wordsOf(value));
}

/** Whether a secret is told by a value or by anything in it; of what cannot be looked at, that is not known. */
function repeats(value: unknown, conceal: Conceal, seen: Set<unknown>): boolean {
  if (typeof value === "string") return conceal(value) !== value;
  if (typeof value !== "object" || value === null || seen.has(value) || seen.size === MOST_SEEN) return false;
  seen.add(value);
  const told = field(() => toldBy(value)) ?? [wordsOf(value)];
  return told.some((each) => repeats(each, conceal, seen));
}

function toldBy(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value instanceof Error ? tellingFields(value).map(([, own]) => own) : [wordsOf(value)];
}

function tellingFields(error: Error): readonly (readonly [string, unknown])[] {
  const names = Object.getOwnPropertyNames(error).filter((name) => !KEPT.has(name));
  return names.map((name) => [name, field(() => (error as unknown as Readonly<Record<string, unknown>>)[name])]);
}

function bareError(error: Error, conceal: Conceal, depth: number): Error {
  const copy = new Error();
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  Object.defineProperties(copy, Object.getOwnPropertyDescriptors(error));
  for (const [name, own] of tellingFields(error)) {
    const shown = bare(own, conceal, depth - 1);
    if (name === "cause") setCause(copy, shown);
    else setFields(copy, { [name]: shown }, Object.getOwnPropertyDescriptor(error, name)?.enumerable);
  }
  if (isExcused(error)) excuse(copy);
  return copy;
}
