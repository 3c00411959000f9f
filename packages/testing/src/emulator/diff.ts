/** One edit of Gradio's streaming format: what to do, where, and with which value. */
export type Edit = readonly ["replace" | "append" | "add" | "delete", readonly (string | number)[], unknown];

/**
 * What changed between two JSON values, as Gradio's servers put it.
 *
 * Their mistakes are kept. Edits are meant to be applied in order, and every deletion moves what stands behind it: 4.x
 * does not count that at all, so a list that shrinks by two decodes wrongly; later versions count it per list, but count
 * the deletions of nested lists again in the lists around them.
 */
export function diff(
  before: unknown,
  after: unknown,
  { shiftsDeletions }: { readonly shiftsDeletions: boolean },
): Edit[] {
  return compare(before, after, [], shiftsDeletions);
}

function compare(
  before: unknown,
  after: unknown,
  path: readonly (string | number)[],
  shiftsDeletions: boolean,
): Edit[] {
  if (Object.is(before, after)) return [];
  if (typeof before === "string" && typeof after === "string") {
    // Many times faster than `startsWith` on long strings.
    const appended = after.slice(0, before.length) === before;
    return [appended ? ["append", path, after.slice(before.length)] : ["replace", path, after]];
  }
  if (Array.isArray(before) && Array.isArray(after)) return compareLists(before, after, path, shiftsDeletions);
  if (isRecord(before) && isRecord(after)) return compareRecords(before, after, path, shiftsDeletions);
  return [["replace", path, after]];
}

function compareLists(
  before: readonly unknown[],
  after: readonly unknown[],
  path: readonly (string | number)[],
  shiftsDeletions: boolean,
): Edit[] {
  const common = Math.min(before.length, after.length);
  const edits: Edit[] = [];
  for (let index = 0; index < common; index++) {
    edits.push(...compare(before[index], after[index], [...path, index], shiftsDeletions));
  }
  for (let index = common; index < before.length; index++) edits.push(["delete", [...path, index], null]);
  for (let index = common; index < after.length; index++) edits.push(["add", [...path, index], after[index]]);
  if (!shiftsDeletions) return edits;

  let deletions = 0;
  return edits.map((edit): Edit => {
    const last = edit[1].at(-1);
    if (edit[0] !== "delete" || typeof last !== "number") return edit;
    return ["delete", [...edit[1].slice(0, -1), last - deletions++], null];
  });
}

function compareRecords(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
  path: readonly (string | number)[],
  shiftsDeletions: boolean,
): Edit[] {
  const edits: Edit[] = [];
  for (const [key, value] of Object.entries(before)) {
    if (key in after) edits.push(...compare(value, after[key], [...path, key], shiftsDeletions));
    else edits.push(["delete", [...path, key], null]);
  }
  for (const [key, value] of Object.entries(after)) {
    if (!(key in before)) edits.push(["add", [...path, key], value]);
  }
  return edits;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
