/** A name longer than this is no slip of the finger. */
const LONGEST_NAME = 100;

/**
 * The name most like the given one, if one is close enough to be a slip of the finger.
 *
 * Names of more than 100 characters are like none, so that a long one costs nothing.
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const meant = name.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    // The distance is at least the difference in length: most names are told apart by that.
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(meant, candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/**
 * The option that a name was meant for: the only one that has all of its words (`temp` and `max_tokens` of others' APIs), or else
 * the {@link nearest}.
 */
export function meantBy(name: string, options: readonly string[]): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const words =
    name
      .replaceAll(/[A-Z]/g, " $&")
      .toLowerCase()
      .match(/[a-z0-9]+/g) ?? [];
  const all = options.filter((option) => words.every((word) => option.toLowerCase().includes(word)));
  return name.length > 2 && all.length === 1 ? all[0] : nearest(name, options);
}

/** Levenshtein's distance: how many characters to insert, delete or replace. */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      current[column] = Math.min(replaced, (above[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1);
    }
    above = current;
  }
  return above[to.length] ?? 0;
}

/** A name as messages show it: one from outside may be of any length. */
export function shortened(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME).toWellFormed()}…` : name;
}
