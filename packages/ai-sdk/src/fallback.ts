import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import {
  continues,
  createHealth,
  createObservers,
  resolveTimeouts,
  runAttempts,
  type AttemptsRun,
  type ModelHealth,
  type RouterEvent,
} from "@qwen/core/router";

import { continuing } from "./continued-answer.ts";
import { ModelCandidate } from "./fallback-candidate.ts";
import { readFallback, type FallbackOptions } from "./fallback-options.ts";
import { readerOf, type FallbackAnswer } from "./fallback-reader.ts";
import { AnswerStream } from "./fallback-stream.ts";
import { asModelError } from "./model-errors.ts";
import { GENERATED, type ModelPart } from "./parts.ts";
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
 * whose reason is `interrupted`, or `error` where the model said that it has failed; with `commit: "buffered"` it is tried again
 * unseen, with `"continue"` gone on with where another answer says the same. `doGenerate` calls the `doGenerate` of the models. No state of a call outlives it but `health()`.
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
  // A queue is where `prepare` takes its time, and the total is the call's.
  const limitsInTime = { ...ofAttempt, queueMs: Infinity, totalMs: Infinity };
  const modelId = [...new Set(models.map(({ model }) => model.modelId))].join(", ");

  function run(
    callOptions: LanguageModelV4CallOptions,
    { whole }: { readonly whole: boolean },
  ): AttemptsRun<ModelPart, FallbackAnswer> {
    const isContinued = !whole && continues(settings.commit);
    const candidates = models.map(
      (entry) =>
        new ModelCandidate(entry, {
          options: callOptions,
          comesWhole: whole,
          isHeld: whole || settings.commit === "buffered",
          isContinued,
          timeouts: limitsInTime,
          health: health.of(entry.id, entry.model.modelId),
        }),
    ) as [ModelCandidate, ...ModelCandidate[]];
    const reader = readerOf(callOptions, (start) => {
      for (const candidate of candidates) candidate.announce(start);
    });
    return runAttempts({
      ...settings,
      ...(whole && { commit: "buffered" }),
      retry: {
        ...settings.retry,
        shouldRetry:
          shouldRetry === undefined
            ? undefined
            : (outcome, attempt) => shouldRetry(outcome as Parameters<typeof shouldRetry>[0], attempt, callOptions),
      },
      model: modelId,
      candidates: () => candidates,
      reader: isContinued ? continuing(reader) : reader,
      totalMs,
      signal: callOptions.abortSignal,
      observers,
      random,
    });
  }

  return {
    specificationVersion: "v4",
    provider: "qwen.fallback",
    modelId,
    get supportedUrls() {
      return sharedUrls(models.map(({ model }) => model));
    },
    async doGenerate(callOptions): Promise<LanguageModelV4GenerateResult> {
      const asked = { ...callOptions };
      try {
        for await (const part of run(asked, { whole: true })) if (part.type === GENERATED) return part.result;
      } catch (error) {
        throw isAbort(error, asked) ? error : asModelError(error);
      }
      throw new TypeError("The attempts ended without an answer.");
    },
    async doStream(callOptions): Promise<LanguageModelV4StreamResult> {
      const asked = { ...callOptions };
      const answer = new AnswerStream({
        run: run(asked, { whole: false }),
        isAbort: (reason) => isAbort(reason, asked),
      });
      return await answer.open({ atSignOfLife: asked.includeRawChunks === true });
    },
    health: () => health.list(),
    observe: observers.add,
  };
}

/** Whether a call was ended by its caller, for a reason that is the caller's. */
function isAbort(reason: unknown, { abortSignal }: LanguageModelV4CallOptions): boolean {
  return abortSignal?.aborted === true && reason === abortSignal.reason;
}
