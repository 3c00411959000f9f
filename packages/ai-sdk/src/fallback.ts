import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import { createHealth, createObservers, resolveTimeouts, type ModelHealth, type RouterEvent } from "@qwen/core/router";

import type { FallbackState } from "./fallback-calls.ts";
import { readFallback, type FallbackOptions } from "./fallback-options.ts";
import { sharedUrls } from "./shared-urls.ts";

/** Several models as one. */
export interface FallbackLanguageModel extends LanguageModelV4 {
  doGenerate(options: LanguageModelV4CallOptions): Promise<LanguageModelV4GenerateResult>;
  doStream(options: LanguageModelV4CallOptions): Promise<LanguageModelV4StreamResult>;
  /** How each model is doing, in their order. */
  health(): readonly ModelHealth[];
  /** Watches its work until the returned function is called. An observer that throws disturbs nothing. */
  observe(observer: (event: RouterEvent) => void): () => void;
}

/**
 * Combines models of the AI SDK into one that sends each call to the first of them able to answer it.
 *
 * `doStream` resolves with the first output (with `includeRawChunks` with the first sign of life), so that what fails before is told
 * by a rejection, or not at all where another model answers. What breaks off behind it ends with an `error` part and a `finish`
 * whose reason is `interrupted`, or `error` where the model said that it has failed, and what it left open is ended before; with
 * `commit: "buffered"` it is tried again unseen, with `"continue"` gone on with where another answer says the same. `doGenerate`
 * calls the `doGenerate` of the models. No state of a call outlives it but `health()`.
 *
 * What it throws is an `APICallError` that `ai` does not try again, with the error of the family, and its `attempts`, as `cause`;
 * an abort rejects with its signal's own reason. Who answered and what was tried stands in `providerMetadata.qwen`.
 *
 * Throws a `TypeError` for an option that is none. Options are read once: what their owner changes later changes nothing.
 *
 * @example
 * ```ts
 * const model = createFallback({ models: [openai("gpt-5"), anthropic("claude-sonnet-4-5")], commit: "buffered" });
 * const { text } = await generateText({ model, prompt: "Hi", maxRetries: 0 });
 * ```
 */
export function createFallback(options: FallbackOptions): FallbackLanguageModel {
  const { models, settings, timeouts, breaker, limits, shouldRetry, random } = readFallback(options);
  const observers = createObservers();
  const health = createHealth({
    breaker,
    limits,
    onBreakerChange: (change) => observers.tell({ type: "breaker-changed", ...change }),
  });
  // Those are listed as well that nobody has asked for yet.
  for (const { id, model } of models) health.of(id, model.modelId);
  const { totalMs, ...ofAttempt } = resolveTimeouts(timeouts);
  const modelId = [...new Set(models.map(({ model }) => model.modelId))].join(", ");
  const state: FallbackState = {
    models,
    settings,
    shouldRetry,
    random,
    modelId,
    health,
    observers,
    // A queue is where `prepare` takes its time, and the total is the call's.
    timeouts: { ...ofAttempt, queueMs: Infinity, totalMs: Infinity },
    totalMs,
  };

  return {
    specificationVersion: "v4",
    provider: "qwen.fallback",
    modelId,
    get supportedUrls() {
      return sharedUrls(models.map(({ model }) => model));
    },
    async doGenerate(callOptions): Promise<LanguageModelV4GenerateResult> {
      const asked = { ...callOptions };
      const { generated } = await import("./fallback-calls.ts");
      return generated(state, asked);
    },
    async doStream(callOptions): Promise<LanguageModelV4StreamResult> {
      const asked = { ...callOptions };
      const { streamed } = await import("./fallback-calls.ts");
      return streamed(state, asked);
    },
    health: () => health.list(),
    observe: observers.add,
  };
}
