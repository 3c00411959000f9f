import { field } from "./field.ts";
import { maskSecrets, printable, wordsOf } from "./printable.ts";

/** So many lines of causes are printed with an error: with what Node and the error say itself it is half a screen. */
const MOST_LINES = 11;

/** A longer text among the fields of a cause is not printed. */
const LONGEST_FIELD = 200;

/** A longer stack is not printed either: its message may be one line that is a page. */
const LONGEST_STACK = 4000;

/** So many frames are told of a cause that is not printed. */
const MOST_FRAMES = 3;

/**
 * Gives an error its cause. One that would be printed at length, or with a secret, is there for who asks for it and is not
 * printed: the stack tells it in short. One that throws when it is looked at is left out, as it would where its error is printed.
 */
export function setCause(error: Error, cause: unknown): void {
  const shown = field(() => (cause instanceof Error ? `${cause.name}${cause.message}${cause.stack}` : ""));
  if (cause === undefined || shown === undefined) return;
  const shape = isShort(cause) ? { value: cause, writable: true } : { get: () => cause };
  Object.defineProperty(error, "cause", { ...shape, enumerable: false, configurable: true });
}

/** How the stack of an error tells a cause that is not printed. */
export function hiddenCause(error: Error): readonly string[] {
  if (Object.getOwnPropertyDescriptor(error, "cause")?.get === undefined) return [];
  const { cause } = error;
  const [name, stack] = field(() => (cause instanceof Error ? [cause.name, cause.stack] : [])) ?? [];
  const label = typeof name === "string" ? `${printable(name, 100)}: ` : "";
  const frames = typeof stack === "string" ? framesOf(stack).slice(0, MOST_FRAMES) : [];
  return [
    `    caused by ${label}${printable(wordsOf(cause), LONGEST_FIELD)}`,
    ...frames.map((line) => maskSecrets(line)),
  ];
}

/** The lines of a stack that say where. */
export function framesOf(stack: string): readonly string[] {
  return stack.split("\n", 200).filter((line) => /^\s+at /.test(line));
}

function isShort(cause: unknown): boolean {
  return field(() => linesOf(cause, MOST_LINES) <= MOST_LINES) ?? false;
}

/** How many lines Node prints of a cause and those behind it; more than `most` where it may be any number. */
function linesOf(cause: unknown, most: number): number {
  if (cause === undefined) return 0;
  if (!(cause instanceof Error)) return isPlain(cause) ? 1 : most + 1;
  const { stack, name, message } = cause;
  const fields: readonly unknown[] = Object.values(cause);
  if ("errors" in cause || typeof stack !== "string" || typeof name !== "string" || typeof message !== "string")
    return most + 1;
  if (stack.length > LONGEST_STACK || maskSecrets(stack) !== stack || !fields.every(isPlain)) return most + 1;
  const own = stack.split("\n", most + 1).length + fields.length;
  return own > most ? own : own + linesOf(cause.cause, most - own);
}

function isPlain(value: unknown): boolean {
  if (typeof value !== "string") return value === null || !["object", "function"].includes(typeof value);
  return value.length <= LONGEST_FIELD && !value.includes("\n") && maskSecrets(value) === value;
}
