import { QwenError } from "../errors.ts";
import { GrowingText } from "../growing-text.ts";
import { isRecord } from "./json.ts";
import { LongList } from "./long-list.ts";

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
    Array.isArray(path) &&
    path.every((step) => typeof step === "string" || typeof step === "number")
  );
}

/** Whether the data of a message are edits, and at least one. Nothing but them in a first message means that it is none. */
export function areEdits(data: readonly unknown[]): boolean {
  return data.every((change) => parseEdits(change) !== undefined) && data.some((change) => !isEmpty(change));
}

function isEmpty(change: unknown): boolean {
  return Array.isArray(change) && change.length === 0;
}

/** Whether two paths lead to the same place. */
export function isSamePath(left: Edit[1], right: Edit[1]): boolean {
  return left.length === right.length && left.every((key, index) => key === right[index]);
}

/** A text that stands in a value as any other, to edits, and knows what was appended to it. */
export class PlacedText {
  readonly #text: GrowingText;
  #appended = "";

  constructor(text: string) {
    this.#text = new GrowingText(text);
  }

  append(piece: string): void {
    this.#text.append(piece);
    this.#appended += piece;
  }

  /** Appends what is known already. */
  grow(piece: string): void {
    this.#text.append(piece);
  }

  whole(): string {
    return this.#text.whole();
  }

  /** What was appended since this was last asked. */
  takeAppended(): string {
    const appended = this.#appended;
    this.#appended = "";
    return appended;
  }
}

/**
 * The outputs with the edits of one message made, one list of edits an output. What was given is never changed, but for what
 * the same `editor` made before.
 */
export function applyEdits(
  outputs: readonly unknown[],
  changes: readonly unknown[],
  editor: Editor = new Editor(),
): readonly unknown[] {
  // Each message has a list for every output: a short one would cost what all of them cost.
  if (changes.length < outputs.length)
    throw new QwenError("protocol", `The Space sent edits for ${changes.length} of ${outputs.length} outputs.`);
  const after = [...outputs];
  for (const [index, change] of changes.entries()) {
    const edits = parseEdits(change);
    if (edits === undefined) throw new QwenError("protocol", `The Space sent no list of edits for output ${index}.`);
    // An output seen first in a later message is diffed against null.
    const before: unknown = index < outputs.length ? outputs[index] : null;
    after[index] = edits.length === 0 ? before : editor.apply(before, edits);
  }
  return after;
}

/** How much of an answer may be looked at anew for each message, in characters: else a long one that changes costs its square. */
export const LOOKED_AT = 10_000;

/** From how many edits in one message on the lists that they change are taken apart. */
const MANY_EDITS = 8;
/** Up to this many items, moving those behind a place costs nothing worth saving. */
const SHORT_LIST = 1024;
/** How many items of lists may be moved in all: so many for each edit, and so many at once. */
const MOVED = { each: SHORT_LIST, more: 10_000_000 };

type Container = unknown[] | Record<string, unknown>;

/**
 * Makes edits, and copies each object and list that they change once: what it made itself it goes on changing in its
 * place, what it was given it never does. So hand out nothing of what an editor made that has more to do.
 *
 * What an edit costs depends on its own length, not on that of the value. Only in the middle of a list it may move what stands
 * behind it: where edits without end do that to a long one, they are an error as if they did not fit.
 */
export class Editor {
  readonly #own = new WeakSet<object>();
  readonly #apart = new Map<unknown[], LongList>();
  #many = false;
  /** How many items were moved beyond what the edits allow. */
  #moved = 0;

  /**
   * The value with the edits made, in their order.
   *
   * Throws a `protocol` error for an edit that does not fit. Gradio itself can send such: it shifts
   * the indices of deletes in nested lists. The final value of a job is whole and right.
   */
  apply(value: unknown, edits: readonly Edit[]): unknown {
    this.#many = edits.length > MANY_EDITS;
    this.#moved -= MOVED.each * edits.length;
    let edited = value;
    try {
      for (const edit of edits) edited = this.#make(edited, edit);
    } finally {
      for (const [list, apart] of this.#apart) apart.writeTo(list);
      this.#apart.clear();
    }
    return edited;
  }

  // A loop: a path from outside may be longer than a stack is deep.
  #make(value: unknown, edit: Edit): unknown {
    const [operation, path, operand] = edit;
    const lastKey = path.at(-1);
    if (lastKey === undefined) return this.#changed(value, edit);
    const root = this.#ownCopy(value, edit);
    let parent = root;
    for (let depth = 0; depth < path.length - 1; depth++) {
      const key = path[depth] ?? "";
      const child = this.#ownCopy(this.#get(parent, key, edit), edit);
      this.#set(parent, key, child);
      parent = child;
    }
    if (operation === "add") this.#add(parent, lastKey, edit);
    else if (operation === "delete") this.#delete(parent, lastKey, edit);
    else if (operation === "append") this.#set(parent, lastKey, this.#changed(this.#get(parent, lastKey, edit), edit));
    else {
      this.#get(parent, lastKey, edit);
      this.#set(parent, lastKey, operand);
    }
    return root;
  }

  /** What stands at the end of a path, after an edit that leaves it there. */
  #changed(value: unknown, edit: Edit): unknown {
    const [operation, , operand] = edit;
    if (operation === "replace") return operand;
    if (operation !== "append") throw misfit(edit);
    if (typeof operand === "string") {
      if (typeof value === "string") return value + operand;
      if (!(value instanceof PlacedText)) throw misfit(edit);
      value.append(operand);
      return value;
    }
    if (!Array.isArray(value) || !Array.isArray(operand)) throw misfit(edit);
    const list = this.#ownCopy(value, edit) as unknown[];
    const apart = this.#apart.get(list);
    for (const item of operand as readonly unknown[]) {
      if (apart === undefined) list.push(item);
      else apart.insert(apart.length, item);
    }
    return list;
  }

  #ownCopy(value: unknown, edit: Edit): Container {
    const isObject = isRecord(value) && !(value instanceof PlacedText);
    if (!Array.isArray(value) && !isObject) throw misfit(edit);
    if (this.#own.has(value)) return value as Container;
    const copy: Container = Array.isArray(value) ? [...(value as readonly unknown[])] : { ...value };
    this.#own.add(copy);
    return copy;
  }

  #get(parent: Container, key: string | number, edit: Edit): unknown {
    if (!Array.isArray(parent)) {
      if (!Object.hasOwn(parent, key)) throw misfit(edit);
      return parent[key];
    }
    const apart = this.#apart.get(parent);
    const index = indexIn(key, (apart ?? parent).length, edit);
    return apart === undefined ? parent[index] : apart.get(index);
  }

  /** Replaces what is there. */
  #set(parent: Container, key: string | number, value: unknown): void {
    if (!Array.isArray(parent)) defineMember(parent, key, value);
    else {
      const apart = this.#apart.get(parent);
      if (apart === undefined) parent[Number(key)] = value;
      else apart.set(Number(key), value);
    }
  }

  #add(parent: Container, key: string | number, edit: Edit): void {
    const [, , operand] = edit;
    if (!Array.isArray(parent)) {
      defineMember(parent, key, operand);
      return;
    }
    const { length } = this.#apart.get(parent) ?? parent;
    const index = indexIn(key, length + 1, edit);
    const apart = this.#takenApart(parent, length - index, edit);
    if (apart === undefined) parent.splice(index, 0, operand);
    else apart.insert(index, operand);
  }

  #delete(parent: Container, key: string | number, edit: Edit): void {
    if (!Array.isArray(parent)) {
      if (!Object.hasOwn(parent, key)) throw misfit(edit);
      delete parent[key];
      return;
    }
    const { length } = this.#apart.get(parent) ?? parent;
    const index = indexIn(key, length, edit);
    const apart = this.#takenApart(parent, length - 1 - index, edit);
    if (apart === undefined) parent.splice(index, 1);
    else apart.remove(index);
  }

  /** The list as one that many changes in its middle may be made to, if they are worth it. */
  #takenApart(list: unknown[], behind: number, edit: Edit): LongList | undefined {
    const apart = this.#apart.get(list);
    if (apart !== undefined || behind <= SHORT_LIST) return apart;
    // Taken apart and put together, each item is moved by hand.
    this.#moved += this.#many ? 8 * list.length : behind;
    if (this.#moved > MOVED.more) throw misfit(edit);
    if (!this.#many) return undefined;
    const taken = new LongList(list);
    this.#apart.set(list, taken);
    return taken;
  }
}

/** Not an assignment: "__proto__" from outside must stay a plain member. */
function defineMember(object: Record<string, unknown>, name: string | number, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function indexIn(key: string | number, length: number, edit: Edit): number {
  if (typeof key !== "number" || !Number.isInteger(key) || key < 0 || key >= length) throw misfit(edit);
  return key;
}

function misfit([operation, path]: Edit): QwenError {
  // A path from outside may be of any length.
  const shown = path.slice(0, 8).map((step) => (typeof step === "string" ? step.slice(0, 40) : step));
  const more = path.length > shown.length ? " and deeper" : "";
  return new QwenError(
    "protocol",
    `The Space sent an edit that does not fit its value: ${operation} at ${JSON.stringify(shown)}${more}.`,
  );
}
