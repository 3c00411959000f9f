import type { FinishReason } from "@qwen/core";

/** The reasons that vendors give for an end, in lower case and without what joins their words. `broken`: the answer is cut. */
const REASONS: readonly (readonly [FinishReason | "broken", RegExp])[] = [
  ["stop", /^(?:stop(?:sequence)?|end(?:turn)?|eos(?:token)?|completed?)$/],
  ["length", /^(?:length|max(?:output)?tokens|model(?:length|contextwindowexceeded))$/],
  ["tool-calls", /^(?:tool(?:calls?|use)|functioncall)$/],
  [
    "content-filter",
    /^(?:contentfilter(?:ed)?|refusal|safety|sensitive|recitation|blocklist|prohibitedcontent|guardrailintervened)$/,
  ],
  ["broken", /^(?:error|abort(?:ed)?|cancell?ed|networkerror|timeout|insufficientsystemresource)$/],
];

/** Why an answer ended, in core's words; `broken` where the vendor says so of an answer that is not whole. */
export function finishReasonOf(raw: string): FinishReason | "broken" {
  const word = raw.toLowerCase().replaceAll(/[^a-z]/g, "");
  return REASONS.find(([, words]) => words.test(word))?.[0] ?? "other";
}
