import { QwenError } from "../errors.ts";

/** What the caller asked for may leave no answer: its words, or its limit of tokens. `undefined` where it did not. */
export function emptyByReason(reason: string | undefined, provider: string): QwenError | undefined {
  const nothing = `The provider "${provider}" finished without an answer`;
  if (reason === "content-filter")
    return new QwenError("content_policy", `${nothing}: its content filter stopped it.`, { provider });
  if (reason === "length")
    return new QwenError("context_length_exceeded", `${nothing}: no tokens were left for one.`, { provider });
  return undefined;
}
