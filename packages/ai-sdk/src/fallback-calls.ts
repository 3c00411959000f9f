import type {
  LanguageModelV4CallOptions,
  LanguageModelV4GenerateResult,
  LanguageModelV4StreamResult,
} from "@ai-sdk/provider";
import {
  continues,
  runAttempts,
  type AttemptsRun,
  type Health,
  type Observers,
  type ResolvedTimeouts,
} from "@qwen/core/router";

import { continuing } from "./continued-answer.ts";
import { ModelCandidate } from "./fallback-candidate.ts";
import type { ReadFallback } from "./fallback-options.ts";
import { readerOf, type FallbackAnswer } from "./fallback-reader.ts";
import { AnswerStream } from "./fallback-stream.ts";
import { asModelError, isAbort } from "./model-errors.ts";
import { GENERATED, type ModelPart } from "./parts.ts";

// What a call of a fallback takes: loaded with the first one.

/** What its calls have in common. */
export interface FallbackState extends Pick<ReadFallback, "models" | "settings" | "shouldRetry" | "random"> {
  readonly modelId: string;
  readonly health: Health;
  readonly observers: Observers;
  /** Of an attempt. */
  readonly timeouts: ResolvedTimeouts;
  /** Of a call. */
  readonly totalMs: number;
}

/** Answers a call by the `doGenerate` of the models. */
export async function generated(
  fallback: FallbackState,
  asked: LanguageModelV4CallOptions,
): Promise<LanguageModelV4GenerateResult> {
  try {
    for await (const part of run(fallback, asked, { whole: true })) if (part.type === GENERATED) return part.result;
  } catch (error) {
    throw isAbort(error, asked.abortSignal) ? error : asModelError(error);
  }
  throw new TypeError("The attempts ended without an answer.");
}

/** Answers a call by the `doStream` of the models. */
export function streamed(
  fallback: FallbackState,
  asked: LanguageModelV4CallOptions,
): Promise<LanguageModelV4StreamResult> {
  const answer = new AnswerStream({
    run: run(fallback, asked, { whole: false }),
    signal: asked.abortSignal,
  });
  return answer.open({ atSignOfLife: asked.includeRawChunks === true });
}

function run(
  { models, settings, shouldRetry, random, modelId, health, observers, timeouts, totalMs }: FallbackState,
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
        timeouts,
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
