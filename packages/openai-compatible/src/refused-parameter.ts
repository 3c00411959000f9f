import type { SaidFailure } from "@qwen/core/http";
import { refusalOf, type Body } from "./wire/body.ts";

const REFUSES =
  /unsupported|not (?:yet )?(?:supported|permitted|allowed|available|valid)|unknown|unrecognized|unexpected|invalid (?:parameter|field|argument|request)|extra (?:inputs?|fields?)|no such|does not (?:support|accept|allow)|cannot be used|\buse .{1,60} instead/i;

/** Words about how much a value is: another one would be taken. */
const OUT_OF_RANGE =
  /must (?:be|not be) (?:between|in\b|within|at|less|lower|greater|larger|more|smaller|non-?negative|positive|[<>≤≥=])|(?:at|no) (?:least|most|less|more)\b|out of range|range of|too (?:large|small|high|low|many|long)|exceed|(?:max|min)imum\b/i;

/**
 * The parameter of those that were sent that a server refuses by its name, or that with its value where it speaks of that: another
 * caller's may be taken. `undefined` where it refuses something else, such as a value that is out of range.
 */
export function refusedParameter(
  { message, param, code }: SaidFailure,
  { status, sent }: { readonly status: number; readonly sent: ReturnType<Body["optional"]> },
): string | undefined {
  if (status !== 400 && status !== 422) return undefined;
  const says = `${code} ${message.slice(0, 2000)}`;
  if (!REFUSES.test(says) || OUT_OF_RANGE.test(says)) return undefined;
  const names = Object.keys(sent);
  const name = names.find((each) => param === each) ?? names.find((each) => isNamed(says, each));
  if (name === undefined) return undefined;
  return /(?:\b|_)values?\b/i.test(says) ? refusalOf(name, sent[name]) : name;
}

/** Whether it is refused beside another one alone, as by vendors whose JSON takes no thought: another request may have it. */
export function isRefusedBeside({ message }: SaidFailure): boolean {
  return /\b(?:when|while|unless|together|combin\w+|incompatible)\b/i.test(message.slice(0, 2000));
}

/** A name of several words stands for itself; one that is a word needs to be marked as a name. */
function isNamed(text: string, name: string): boolean {
  // One with other characters is the caller's own, and would be read as a pattern.
  if (!/^\w+$/.test(name)) return false;
  const at = name.includes("_") ? `\\b${name}\\b` : `["'\`]${name}["'\`]|body\\.${name}\\b`;
  return new RegExp(at).test(text);
}
