/** What was read, or why it could not be. */
export interface Reading<Value> {
  /** `undefined` where it could not be read. */
  readonly value: Value | undefined;
  /** Gives what was read, or throws what reading threw. */
  take(): Value;
}

/**
 * Reads now what is used, or complained about, later.
 *
 * For what is asked at one time and answered at another: a stream throws nothing before it is read.
 */
export function readNow<Value>(read: () => Value): Reading<Value> {
  try {
    const value = read();
    return { value, take: () => value };
  } catch (error) {
    return {
      value: undefined,
      take() {
        throw error;
      },
    };
  }
}

/**
 * A value as it stands now: arrays and plain objects are copied, however deep, with their text well-formed.
 *
 * Bytes, Blobs, URLs and whatever else has a class stay the same object: nothing large is copied. Throws a `RangeError` for a list
 * of more than 32 Mi values, which are gigabytes though it is nothing but holes.
 */
export function snapshotOf<Value>(value: Value): Value {
  if (typeof value === "string") return value.toWellFormed() as Value;
  if (!isStructure(value)) return value;
  const copies = new Map<unknown, Structure>();
  // Copies whose members are the caller's still. A list, not recursion: it may be nested deeper than the stack is.
  const open: Structure[] = [];

  function copyOf(member: unknown): unknown {
    if (typeof member === "string") return member.toWellFormed();
    if (!isStructure(member)) return member;
    const known = copies.get(member);
    if (known !== undefined) return known;
    const copy = Array.isArray(member) ? listOf(member) : { ...member };
    copies.set(member, copy as Structure);
    open.push(copy as Structure);
    return copy;
  }

  const whole = copyOf(value);
  for (let copy = open.pop(); copy !== undefined; copy = open.pop()) {
    // By index: the names of a long list would be as many strings.
    if (Array.isArray(copy)) for (let index = 0; index < copy.length; index++) copy[index] = copyOf(copy[index]);
    else for (const name of Object.keys(copy)) copy[name] = copyOf(copy[name]);
  }
  return whole as Value;
}

const MOST_VALUES = 32 * 1024 * 1024;

function listOf(list: readonly unknown[]): readonly unknown[] {
  if (list.length > MOST_VALUES) throw new RangeError(`A list of ${list.length} values is longer than anybody reads.`);
  return Array.from(list);
}

/** An array or a plain object. */
type Structure = Record<string, unknown>;

function isStructure(value: unknown): value is Structure {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Also one of another realm, whose Object is not ours.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
