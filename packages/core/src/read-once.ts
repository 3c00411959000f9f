import { isPlain, type OptionNames, refuseUnknown, unreadable } from "./options.ts";

/**
 * A copy of options, each of them read once, for whoever reads them next. Throws a `TypeError` that names the one that cannot be
 * read, and for a name that is none of them. `owner` begins the sentence, as in {@link refuseUnknown}.
 */
export function readOnce<Options extends object>(owner: string, given: Options, names: OptionNames<Options>): Options {
  refuseUnknown(owner, given, names);
  try {
    // Those of an instance may stand on its prototype.
    return isPlain(given) ? { ...given } : copyByName(given, names);
  } catch (cause) {
    const name = Object.keys(names).find((one) => throws(() => given[one as keyof Options]));
    throw unreadable(name === undefined ? owner : `\`${name}\``, cause);
  }
}

function copyByName<Options extends object>(given: Options, names: OptionNames<Options>): Options {
  const read = Object.keys(names).map((name) => [name, given[name as keyof Options]] as const);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined)) as Options;
}

function throws(look: () => unknown): boolean {
  try {
    look();
    return false;
  } catch {
    return true;
  }
}
