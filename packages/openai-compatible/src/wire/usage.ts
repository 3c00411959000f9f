import type { Usage } from "@qwen/core";
import { countIn, isObject, told, type JsonObject } from "./json.ts";

/** The tokens that a response tells, itself, in its choice or in what its vendor adds; what it does not is absent. */
export function usageIn({ usage, x_groq: added }: JsonObject, choice: JsonObject | undefined): Usage | undefined {
  const raw = [usage, choice?.["usage"], isObject(added) && added["usage"]].find(isObject);
  if (raw === undefined) return undefined;
  const { prompt_tokens_details: input, completion_tokens_details: output } = raw;
  return told({
    inputTokens: countIn(raw, "prompt_tokens"),
    outputTokens: countIn(raw, "completion_tokens"),
    cachedInputTokens: countIn(input, "cached_tokens") ?? countIn(raw, "prompt_cache_hit_tokens"),
    reasoningTokens: countIn(output, "reasoning_tokens"),
    raw,
  });
}
