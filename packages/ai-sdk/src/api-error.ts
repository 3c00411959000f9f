import { APICallError } from "@ai-sdk/provider";
import { QwenError, type Attempt } from "@qwen/core";

/** An attempt as whoever reads an answer's metadata may see it: no address, no words of a server's, nothing of the prompt. */
export interface ShownAttempt {
  readonly provider: string;
  readonly model: string;
  /** Why it failed; absent on the one that answered. */
  readonly code?: string;
  /** From its start to its end. */
  readonly ms: number;
}

/** Attempts by ids, codes and milliseconds, as `providerMetadata.qwen` has them. */
export function shownAttempts(attempts: readonly Attempt[]): ShownAttempt[] {
  return attempts.map(({ provider, model, durationMs, error }) => ({
    provider,
    model,
    ...(error !== undefined && { code: QwenError.isInstance(error) ? error.code : "unknown" }),
    ms: Math.round(durationMs),
  }));
}

/**
 * A failure as the AI SDK is to get it: not to be retried, since that was done, with the last status there was. It says codes and
 * ids only, in `data` as well; the error itself is its `cause`, which nothing enumerates.
 *
 * What is not of core's family stays as it is.
 */
export function asAPICallError(
  error: unknown,
  { url = "", attempts: known = [] }: { readonly url?: string; readonly attempts?: readonly Attempt[] } = {},
): unknown {
  if (!QwenError.isInstance(error)) return error;
  const attempts = error.attempts ?? known;
  const shown = shownAttempts(attempts);
  const told = new APICallError({
    message: messageOf(error, shown),
    url,
    requestBodyValues: {},
    ...statusOf(error, attempts),
    isRetryable: false,
    data: { code: error.code, attempts: shown },
  });
  Object.defineProperty(told, "cause", { value: error, enumerable: false, writable: true, configurable: true });
  return told;
}

/** Of these, what core says is its own words, and about what was asked; unless a server was asked and has said no. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  "invalid_request",
  "no_such_model",
  "ambiguous_model",
  "unsupported",
  "timeout",
  "empty_response",
  "conversation_expired",
  "conversation_busy",
  "text_rewritten",
]);

function messageOf(error: QwenError, attempts: readonly ShownAttempt[]): string {
  if (OWN_WORDS.has(error.code) && error.status === undefined) return `${error.message} (${error.code})`;
  const tried = attempts.slice(-MOST_TOLD).map(({ provider, model, code = "ok" }) => `${provider}/${model}: ${code}`);
  const all = tried.length === 0 ? "" : ` Attempts: ${tried.join(", ")}.`;
  return `The model did not answer: ${error.code}.${all} The \`cause\` says more.`;
}

const MOST_TOLD = 12;

/** The last status that anybody answered with. */
function statusOf(error: QwenError, attempts: readonly Attempt[]): { readonly statusCode?: number } {
  for (const one of [error, ...attempts.map((attempt) => attempt.error).toReversed()])
    if (QwenError.isInstance(one) && one.status !== undefined) return { statusCode: one.status };
  return {};
}
