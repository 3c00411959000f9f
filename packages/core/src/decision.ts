import { disregard } from "./disregard.ts";
import { excuse } from "./error-excuse.ts";
import { field } from "./field.ts";
import { QwenError } from "./errors.ts";
import { wordsOf } from "./printable.ts";

/** What functions of a caller's threw: held by identity, since it is theirs and nobody writes on it. */
const thrownByCallers = new WeakSet<object>();

/** Whether an error came from a function that decides, and so ends its call, whoever could still be asked. */
export function isDecision(error: unknown): boolean {
  return typeof error === "object" && error !== null && thrownByCallers.has(error);
}

/**
 * Calls a function of the caller's whose value is needed at once. What it throws ends the call it was made for, and so does a
 * promise, with a `TypeError`; errors of the family are as any others, unless `failing` makes of them something else.
 */
export function decide<Value>(
  name: string,
  work: () => Value,
  failing: (name: string, thrown: unknown) => unknown = decisive,
): Exclude<Value, Promise<unknown>> {
  let value: Value;
  try {
    value = work();
  } catch (error) {
    throw failing(name, error);
  }
  if (!isThenable(value)) return value as Exclude<Value, Promise<unknown>>;
  disregard(value);
  throw decisive(name, new TypeError(`\`${name}\` must return its value at once; it returned a promise.`));
}

/** Whether somebody who awaits it waits. What only has a `then`, as a JSON Schema may, is none. */
export function isThenable(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && field(() => typeof (value as { then?: unknown }).then) === "function"
  );
}

/** Marks what a function of the caller's threw as what ends its call. Returns what to throw. */
export function decisive(name: string, thrown: unknown): unknown {
  return QwenError.isInstance(thrown) ? thrown : final(name, thrown);
}

/** As {@link decisive}, for a function that never speaks for a provider: its errors of the family count for none. */
export function excusing(name: string, thrown: unknown): unknown {
  return QwenError.isInstance(thrown) ? excuse(thrown) : final(name, thrown);
}

/** As {@link decisive}, and so are errors of the family: they are of another call, which this one says nothing of. */
export function final(name: string, thrown: unknown): unknown {
  const error =
    typeof thrown === "object" && thrown !== null
      ? thrown
      : new Error(`\`${name}\` threw ${wordsOf(thrown)}`, { cause: thrown });
  thrownByCallers.add(error);
  return error;
}
