import { field } from "./field.ts";
import { isGroup, isPlain } from "./options.ts";
import { fieldsOfPart } from "./part-rules.ts";
import { snapshotOf } from "./snapshot.ts";

/**
 * A part of one's own, each of its fields read once: who made it may go on to use it, and whoever gets it may write on it.
 *
 * Bytes, URLs and whatever else has a class are no copies; of a part that has one itself, the fields of its type are read. Text
 * stays as it is: one character may be in two parts of it, by halves. Throws what reading throws.
 */
export function copyOfPart<Part extends { readonly type: string }>(
  part: Part,
  copyOf: (value: object) => unknown = snapshotOf,
): Part {
  const copy: Record<string, unknown> = { ...part };
  if (!isPlain(part)) {
    copy["type"] = part.type;
    for (const name of fieldsOfPart(part.type)) copy[name] ??= (part as Readonly<Record<string, unknown>>)[name];
  }
  // Most parts have none: they are cheaper to copy than to look at as a structure.
  for (const name in copy) {
    const value = copy[name];
    if (typeof value === "object" && value !== null) copy[name] = copyOf(value);
  }
  return copy as Part;
}

/** The same of what an iteration of somebody's own gave. What is no part, and a field that cannot be copied, is left to who reads it. */
export function ownPart<Part extends { readonly type: string }>(given: Part): Part {
  return isGroup(given) && typeof given.type === "string" ? copyOfPart(given, copyIfReadable) : given;
}

function copyIfReadable(value: object): unknown {
  return field(() => snapshotOf(value)) ?? value;
}
