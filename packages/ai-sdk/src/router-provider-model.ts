import {
  InvalidPromptError,
  type LanguageModelV4,
  type LanguageModelV4CallOptions,
  type LanguageModelV4GenerateResult,
  type LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import { QwenError, type Router } from "@qwen/core";
import { asModelError } from "./model-errors.ts";
import { AnswerContent } from "./router-provider-content.ts";
import { PartWriter } from "./router-provider-parts.ts";
import { WrittenStream } from "./router-provider-stream.ts";
import { readCall, type ReadCall } from "./router-provider-request.ts";

/** A name of a router as a model of the AI SDK. */
export class RouterModel implements LanguageModelV4 {
  readonly specificationVersion = "v4";
  readonly provider: string;
  readonly modelId: string;
  readonly #router: Router;

  constructor({
    router,
    provider,
    modelId,
  }: {
    readonly router: Router;
    readonly provider: string;
    readonly modelId: string;
  }) {
    this.provider = provider;
    this.modelId = modelId;
    this.#router = router;
  }

  /** What a prompt names is fetched by core's one door, or not at all: the AI SDK is never to do it itself. */
  get supportedUrls(): Record<string, RegExp[]> {
    return { "image/*": [/^https?:\/\//i], "*/*": [/^https?:\/\//i] };
  }

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const { request, warnings } = read(options);
    const answer = new AnswerContent({ warnings });
    try {
      // Of its parts none is shown before the answer is whole, and then in their order.
      for await (const part of this.#router.stream({ ...request, model: this.modelId, commit: "buffered" }))
        answer.take(part);
      return answer.result();
    } catch (error) {
      throw failureOf(error, options);
    }
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const { request, warnings } = read(options);
    const { includeRawChunks: raw = false } = options;
    const parts = this.#router.stream({ ...request, model: this.modelId })[Symbol.asyncIterator]();
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
}

function read(options: LanguageModelV4CallOptions): ReadCall {
  // Nothing is asked, and nothing complained of, for who has left.
  if (options?.abortSignal?.aborted === true) throw options.abortSignal.reason;
  try {
    return readCall(options);
  } catch (error) {
    if (QwenError.isInstance(error) || InvalidPromptError.isInstance(error)) throw asModelError(error);
    // It is no call at all, or a getter of the caller's threw.
    throw asModelError(new QwenError("invalid_request", "The call cannot be read.", { cause: error }));
  }
}

/** A caller's abort is the caller's own. What failed before it, though it is told later, is not. */
function failureOf(error: unknown, { abortSignal }: LanguageModelV4CallOptions): unknown {
  return abortSignal?.aborted === true && error === abortSignal.reason ? error : asModelError(error);
}
