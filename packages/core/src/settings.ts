import { isGroup, isPlain } from "./options.ts";

/** Whether any settings could be read of it: a `Map` has none. */
export function holdsSettings(settings: unknown): settings is object {
  return isGroup(settings) && (isPlain(settings) || Object.keys(settings).length > 0);
}
