import type { SaidError } from "./said-error.ts";

const REFUSES =
  /unsupported|not (?:yet )?(?:supported|permitted|allowed|available|valid)|unknown|unrecognized|unexpected|invalid (?:parameter|field|argument|request)|extra (?:inputs?|fields?)|no such|does not (?:support|accept|allow)|cannot be used|instead/i;

/** The parameter of those that were sent that a server refuses by its name; `undefined` where it refuses something else. */
export function refusedParameter(
  { message, param, code }: SaidError,
  { status, sent }: { readonly status: number; readonly sent: readonly string[] },
): string | undefined {
  if (status !== 400 && status !== 422) return undefined;
  const says = message.slice(0, 2000);
  if (!REFUSES.test(says) && !/unsupported|unknown/i.test(code ?? "")) return undefined;
  return sent.find((name) => param === name) ?? sent.find((name) => isNamed(says, name));
}

/** A name of several words stands for itself; one that is a word needs to be marked as a name. */
function isNamed(text: string, name: string): boolean {
  // One with other characters is the caller's own, and would be read as a pattern.
  if (!/^\w+$/.test(name)) return false;
  const at = name.includes("_") ? `(?<![\\w])${name}(?![\\w])` : `["'\`]${name}["'\`]|body\\.${name}\\b`;
  return new RegExp(at).test(text);
}
