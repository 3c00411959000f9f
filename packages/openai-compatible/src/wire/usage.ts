import type { Usage } from "@qwen/core";
import { countIn, isObject, told } from "./json.ts";

/** The tokens that a response tells; what it does not is absent. */
export function usageOf(raw: unknown): Usage | undefined {
  if (!isObject(raw)) return undefined;
  const { prompt_tokens_details: input, completion_tokens_details: output } = raw;
  return told({
    inputTokens: countIn(raw, "prompt_tokens"),
    outputTokens: countIn(raw, "completion_tokens"),
    cachedInputTokens: countIn(input, "cached_tokens") ?? countIn(raw, "prompt_cache_hit_tokens"),
    reasoningTokens: countIn(output, "reasoning_tokens"),
    raw,
  });
}
