import { copyOf } from "../error-copy.ts";
import { setFields } from "../error-fields.ts";
import { QwenError, StreamInterruptedError } from "../errors.ts";
import { wordsOf } from "../printable.ts";
import { MOST_HELD } from "./held-parts.ts";

/** An answer of nothing, where its reader knows no better reason. */
export function emptyAnswer(provider: string): QwenError {
  return new QwenError("empty_response", `The provider "${provider}" finished without an answer.`, { provider });
}

/** More came before the commit point than may be held. */
export function tooMuchHeld(provider: string): QwenError {
  const fact = `The provider "${provider}" sent more than ${MOST_HELD / 1024 / 1024} MiB before any of it could be shown.`;
  return new QwenError("protocol", fact, { provider });
}

/** The queue is longer than the caller waits. */
export function queueTooLong(
  provider: string,
  { etaMs, maxQueueMs }: { etaMs: number; maxQueueMs: number },
): QwenError {
  const fact = `The queue of "${provider}" would take ${Math.round(etaMs)} ms, more than the ${maxQueueMs} ms of maxQueueMs.`;
  return new QwenError("queue_full", fact, { provider });
}

/** An iteration that returned without a `finish`: a source that was cut, and a swallowed error, look just like it. */
export function endedWithoutFinish(provider: string, text: string): StreamInterruptedError {
  const fact = `The stream of "${provider}" ended without a \`finish\`, so the answer may be cut off. A provider whose answer is whole yields { type: "finish", reason: "stop" } last.`;
  return new StreamInterruptedError(fact, { text, provider });
}

/** Errors that have the answer, as far as it came. */
const WITH_ANSWER: ReadonlySet<string> = new Set(["stream_interrupted", "invalid_output"]);

/** An error as the caller gets it: one of the family, that names the provider. `text` is what there was of the answer, if any. */
export function asOwnError(
  error: unknown,
  { provider, text, requestId }: { provider: string; text: string | undefined; requestId: string },
): QwenError {
  if (QwenError.isInstance(error)) {
    const own = copyOf(error, { provider, requestId });
    // One of the base class tells nothing of the answer.
    if (WITH_ANSWER.has(error.code) && !("text" in error)) setFields(own, { text }, false);
    return own;
  }
  const about = { provider, requestId, cause: error };
  if (text !== undefined)
    return new StreamInterruptedError(`The stream of "${provider}" ended before the answer did.`, { text, ...about });
  return new QwenError(
    "protocol",
    `The provider "${provider}" failed with an error of its own: ${wordsOf(error)}`,
    about,
  );
}
