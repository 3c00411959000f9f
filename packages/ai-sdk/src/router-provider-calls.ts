import {
  InvalidPromptError,
  type LanguageModelV4CallOptions,
  type LanguageModelV4GenerateResult,
  type LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import { QwenError, type Router } from "@qwen/core";
import { asModelError, isAbort } from "./model-errors.ts";
import { AnswerContent } from "./router-provider-content.ts";
import { PartWriter } from "./router-provider-parts.ts";
import { WrittenStream } from "./router-provider-stream.ts";
import { readCall, type ReadCall } from "./router-provider-request.ts";

// What a call of a router's model takes: loaded with the first one.

/** Answers a call with all that the router's stream says. */
export async function generated(
  router: Router,
  model: string,
  options: LanguageModelV4CallOptions,
): Promise<LanguageModelV4GenerateResult> {
  const { request, warnings } = read(options);
  const answer = new AnswerContent({ warnings });
  try {
    // Of its parts none is shown before the answer is whole, and then in their order.
    for await (const part of router.stream({ ...request, model, commit: "buffered" })) answer.take(part);
    return answer.result();
  } catch (error) {
    throw failureOf(error, options);
  }
}

/** Answers a call with the router's stream. */
export async function streamed(
  router: Router,
  model: string,
  options: LanguageModelV4CallOptions,
): Promise<LanguageModelV4StreamResult> {
  const { request, warnings } = read(options);
  const { includeRawChunks: raw = false } = options;
  const parts = router.stream({ ...request, model })[Symbol.asyncIterator]();
  const stream = new WrittenStream(parts, new PartWriter({ warnings, raw }), options.abortSignal);
  try {
    await stream.begin({ atFirstSign: raw });
  } catch (error) {
    void parts.return?.();
    throw failureOf(error, options);
  }
  const { headers } = stream;
  return { stream: stream.readable(), ...(headers !== undefined && { response: { headers } }) };
}

function read(options: LanguageModelV4CallOptions): ReadCall {
  // It may have been left while this file was loaded.
  if (options?.abortSignal?.aborted === true) throw options.abortSignal.reason;
  try {
    return readCall(options);
  } catch (error) {
    if (QwenError.isInstance(error) || InvalidPromptError.isInstance(error)) throw asModelError(error);
    // It is no call at all, or a getter of the caller's threw.
    throw asModelError(new QwenError("invalid_request", "The call cannot be read.", { cause: error }));
  }
}

function failureOf(error: unknown, { abortSignal }: LanguageModelV4CallOptions): unknown {
  return isAbort(error, abortSignal) ? error : asModelError(error);
}
