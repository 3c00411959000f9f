import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import type { Router } from "@qwen/core";

/** A name of a router as a model of the AI SDK. */
export class RouterModel implements LanguageModelV4 {
  readonly specificationVersion = "v4";
  /** By which the AI SDK tells the provider in telemetry and warnings, and finds its options. */
  readonly provider = "qwen";
  readonly modelId: string;
  readonly #router: Router;

  constructor(router: Router, modelId: string) {
    this.modelId = modelId;
    this.#router = router;
  }

  /** What a prompt names is fetched by core's one door, or not at all: the AI SDK is never to do it itself. */
  get supportedUrls(): Record<string, RegExp[]> {
    return { "image/*": [/^https?:\/\//i], "*/*": [/^https?:\/\//i] };
  }

  async doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult> {
    const asked = readNow(options);
    const { generated } = await import("./router-provider-calls.ts");
    return generated(this.#router, this.modelId, asked);
  }

  async doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult> {
    const asked = readNow(options);
    const { streamed } = await import("./router-provider-calls.ts");
    return streamed(this.#router, this.modelId, asked);
  }
}

/** As it is at the call: its owner may go on with the chat. What cannot be copied is no call, which is told with what is wrong. */
function readNow(options: LanguageModelV4CallOptions): LanguageModelV4CallOptions {
  // Nothing is asked, and nothing complained of, for who has left.
  if (options?.abortSignal?.aborted === true) throw options.abortSignal.reason;
  try {
    const { prompt } = options;
    return { ...options, prompt: Array.isArray(prompt) ? [...prompt] : prompt };
  } catch {
    return options;
  }
}
