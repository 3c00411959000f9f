/** So many holes are copied of a list. */
const MOST_HOLES = 21;

/**
 * A copy of a list of which every value must be something, its holes as `undefined`. It ends behind {@link MOST_HOLES}, as many
 * as are ever told: `new Array(4e9)` would be gigabytes of nothing.
 */
export function copyOfList<Value>(list: readonly Value[]): Value[] {
  const copy: Value[] = [];
  let holes = 0;
  for (let at = 0; at < list.length && holes < MOST_HOLES; at++) {
    const value = list[at] as Value;
    if (value === undefined) holes++;
    copy.push(value);
  }
  return copy;
}

/** Whether a value is a list of what fits. Holes are looked at as `undefined`. */
export function isListOf(value: unknown, fits: (one: unknown) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  for (let at = 0; at < value.length; at++) if (!fits(value[at])) return false;
  return true;
}
