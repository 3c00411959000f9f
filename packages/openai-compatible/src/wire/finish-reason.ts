import type { FinishReason } from "@qwen/core";

/** What a vendor's word means. `broken`: the answer is cut; `none`: it has not ended. */
type Meaning = FinishReason | "broken" | "none";

/** The reasons that vendors give for an end, in lower case and without what joins their words. */
const REASONS: readonly (readonly [Meaning, RegExp])[] = [
  ["stop", /^(?:stop(?:ped|sequence|token)?|end(?:turn)?|eos(?:token)?|completed?|finish(?:ed)?|normal)$/],
  ["length", /^(?:length|max(?:output)?tokens(?:reached)?|tokenlimit|model(?:length|contextwindowexceeded))$/],
  ["tool-calls", /^(?:tool(?:calls?|use)|functioncall)$/],
  [
    "content-filter",
    /^(?:contentfilter[a-z]*|refusal|safety|sensitive|recitation|blocklist|prohibitedcontent|guardrailintervened)$/,
  ],
  ["none", /^(?:null|none|undefined|(?:finishreason)?unspecified|inprogress|unfinished|notfinished|generating)$/],
  [
    "broken",
    /^(?:error[a-z]*|abort(?:ed)?|cancell?ed|networkerror|timeout|insufficientsystemresource)$|malformed|unexpected/,
  ],
];

/**
 * Why an answer ended, in core's words; `broken` where the vendor says so of an answer that is not whole, and `none` where it names
 * no reason, as some do in each chunk.
 */
export function finishReasonOf(raw: string): Meaning {
  const word = raw.toLowerCase().replaceAll(/[^a-z]/g, "");
  return REASONS.find(([, words]) => words.test(word))?.[0] ?? "other";
}

/** The reason that counts of two: that an answer was cut is not taken back. */
export function lastingReason(before: string | undefined, raw: string): string | undefined {
  if (finishReasonOf(raw) === "none") return before;
  return before !== undefined && CUT.has(finishReasonOf(before)) ? before : raw;
}

const CUT: ReadonlySet<Meaning> = new Set<Meaning>(["broken", "length", "content-filter"]);
