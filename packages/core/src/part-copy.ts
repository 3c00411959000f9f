import { isPlain } from "./options.ts";
import { fieldsOfPart } from "./part-rules.ts";
import { snapshotOf } from "./snapshot.ts";

/**
 * A part of one's own, each of its fields read once: who made it may go on to use it, and whoever gets it may write on it.
 *
 * Bytes, URLs and whatever else has a class are no copies; of a part that has one itself, the fields of its type are read. Text
 * stays as it is: one character may be in two parts of it, by halves. Throws what reading throws.
 */
export function copyOfPart<Part extends { readonly type: string }>(part: Part): Part {
  const copy: Record<string, unknown> = { ...part };
  if (!isPlain(part)) {
    copy["type"] = part.type;
    for (const name of fieldsOfPart(part.type)) copy[name] ??= (part as Readonly<Record<string, unknown>>)[name];
  }
  // Most parts have none: they are cheaper to copy than to look at as a structure.
  for (const name in copy) {
    const value = copy[name];
    if (typeof value === "object" && value !== null) copy[name] = snapshotOf(value);
  }
  return copy as Part;
}
