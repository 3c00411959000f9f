import type { Usage } from "@qwen/core";

/** What an answer took, where that is known: nothing is made up. */
export function wireUsage(usage: Usage | undefined): object | undefined {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, estimated } = usage ?? {};
  if (!isCount(inputTokens) || !isCount(outputTokens)) return undefined;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(isCount(cachedInputTokens) && { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
    ...(isCount(reasoningTokens) && { completion_tokens_details: { reasoning_tokens: reasoningTokens } }),
    ...(estimated === true && { estimated }),
  };
}

/** The same as responses have it, which say `null` where nothing is known. */
export function responseUsage(usage: Usage | undefined): object | null {
  const { inputTokens, outputTokens, cachedInputTokens, reasoningTokens, estimated } = usage ?? {};
  if (!isCount(inputTokens) || !isCount(outputTokens)) return null;
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: isCount(cachedInputTokens) ? cachedInputTokens : 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: isCount(reasoningTokens) ? reasoningTokens : 0 },
    total_tokens: inputTokens + outputTokens,
    ...(estimated === true && { estimated }),
  };
}

/** Whether so many tokens are a number of them: providers written without the compiler may tell anything. */
function isCount(tokens: unknown): tokens is number {
  return Number.isFinite(tokens);
}
