import type { FinishReason } from "@qwen/core";

/** The reasons that vendors give for an end, in lower case and without what joins their words. `broken`: the answer is cut. */
const REASONS: ReadonlyMap<string, FinishReason | "broken"> = new Map<string, FinishReason | "broken">([
  ["stop", "stop"],
  ["end", "stop"],
  ["endturn", "stop"],
  ["eos", "stop"],
  ["eostoken", "stop"],
  ["complete", "stop"],
  ["completed", "stop"],
  ["stopsequence", "stop"],
  ["length", "length"],
  ["maxtokens", "length"],
  ["maxoutputtokens", "length"],
  ["modellength", "length"],
  ["modelcontextwindowexceeded", "length"],
  ["toolcalls", "tool-calls"],
  ["toolcall", "tool-calls"],
  ["tooluse", "tool-calls"],
  ["functioncall", "tool-calls"],
  ["contentfilter", "content-filter"],
  ["contentfiltered", "content-filter"],
  ["refusal", "content-filter"],
  ["safety", "content-filter"],
  ["sensitive", "content-filter"],
  ["recitation", "content-filter"],
  ["blocklist", "content-filter"],
  ["prohibitedcontent", "content-filter"],
  ["guardrailintervened", "content-filter"],
  ["error", "broken"],
  ["abort", "broken"],
  ["aborted", "broken"],
  ["cancelled", "broken"],
  ["canceled", "broken"],
  ["networkerror", "broken"],
  ["timeout", "broken"],
  ["insufficientsystemresource", "broken"],
]);

/** Why an answer ended, in core's words; `broken` where the vendor says so of an answer that is not whole. */
export function finishReasonOf(raw: string): FinishReason | "broken" {
  return REASONS.get(raw.toLowerCase().replaceAll(/[^a-z]/g, "")) ?? "other";
}
