import { QwenError } from "../errors.ts";
import { isRecord } from "./json.ts";

/** One change to an output: what, where from its root, and with which value. */
export type Edit = readonly [
  operation: "replace" | "append" | "add" | "delete",
  path: readonly (string | number)[],
  value: unknown,
];

/** Reads the changes of one output, or `undefined` where the value is no list of edits. */
export function parseEdits(value: unknown): readonly Edit[] | undefined {
  return Array.isArray(value) && value.every(isEdit) ? value : undefined;
}

function isEdit(value: unknown): value is Edit {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [operation, path] = value as readonly unknown[];
  return (
    (operation === "append" || operation === "replace" || operation === "add" || operation === "delete") &&
    Array.isArray(path)
  );
}

/**
 * The value with one edit made. What was handed out before is never changed: the nodes on the path
 * are copies.
 *
 * Throws a `protocol` error for an edit that does not fit. Gradio itself can send such: it shifts
 * the indices of deletes in nested lists. The final value of a job is whole and right.
 */
export function applyEdit(value: unknown, [operation, path, operand]: Edit, depth = 0): unknown {
  if (depth === path.length) {
    if (operation === "replace") return operand;
    if (operation === "append") return append(value, operand);
    throw misfit(operation, path);
  }
  const key = path[depth] as string | number;
  const last = depth === path.length - 1;
  if (Array.isArray(value) && typeof key === "number") {
    if (!Number.isInteger(key) || key < 0) throw misfit(operation, path);
    const copy: unknown[] = [...value];
    if (last && operation === "add" && key <= copy.length) copy.splice(key, 0, operand);
    else if (key >= copy.length) throw misfit(operation, path);
    else if (last && operation === "delete") copy.splice(key, 1);
    else copy[key] = applyEdit(copy[key], [operation, path, operand], depth + 1);
    return copy;
  }
  if (!isRecord(value)) throw misfit(operation, path);
  const name = String(key);
  if (last && operation === "add") return withMember(value, name, operand);
  if (!Object.hasOwn(value, name)) throw misfit(operation, path);
  if (!last || operation !== "delete")
    return withMember(value, name, applyEdit(value[name], [operation, path, operand], depth + 1));
  const { [name]: _, ...rest } = value;
  return rest;
}

/** The outputs with the edits of one message made, one list of edits an output. */
export function applyEdits(outputs: readonly unknown[], changes: readonly unknown[]): readonly unknown[] {
  return changes.map((change, index) => {
    const edits = parseEdits(change);
    if (edits === undefined) throw new QwenError("protocol", `The Space sent no list of edits for output ${index}.`);
    // An output seen first in a later message is diffed against null.
    let value: unknown = index < outputs.length ? outputs[index] : null;
    for (const edit of edits) value = applyEdit(value, edit);
    return value;
  });
}

function withMember(value: Readonly<Record<string, unknown>>, name: string, member: unknown): unknown {
  // Not a spread with a computed key: "__proto__" from outside must stay a plain member.
  const copy: Record<string, unknown> = { ...value };
  Object.defineProperty(copy, name, { value: member, enumerable: true, configurable: true, writable: true });
  return copy;
}

function append(value: unknown, operand: unknown): unknown {
  if (typeof value === "string" && typeof operand === "string") return value + operand;
  if (Array.isArray(value) && Array.isArray(operand))
    return [...(value as readonly unknown[]), ...(operand as readonly unknown[])];
  throw misfit("append", []);
}

function misfit(operation: string, path: readonly (string | number)[]): QwenError {
  return new QwenError(
    "protocol",
    `The Space sent an edit that does not fit its value: ${operation} at ${JSON.stringify(path)}.`,
  );
}
