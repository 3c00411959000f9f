import type { LanguageModelV4 } from "@ai-sdk/provider";
import { createFallback as createPeer } from "ai-fallback";
import { createRetryableModel } from "ai-retry/language-model";

import { createFallback, type FallbackOptions } from "../../src/index.ts";

/** A way to make one model of two. */
export interface Subject {
  readonly name: string;
  /** The second model says what the first one does. */
  readonly hasMirror?: boolean;
  model(first: LanguageModelV4, second: LanguageModelV4, options: { readonly hedges: boolean }): LanguageModelV4;
}

/** Who says nothing for so long is silent, for those that can be told. */
export const SILENT_MS = 600;

const settings: Omit<FallbackOptions, "models"> = {
  timeouts: { firstOutputMs: SILENT_MS, idleMs: SILENT_MS, answerMs: SILENT_MS },
  retry: { baseDelayMs: 20 },
};

function ours(name: string, commit: "first-output" | "buffered" | "continue"): Subject {
  return {
    name,
    hasMirror: commit === "continue",
    model: (first, second, { hedges }) =>
      createFallback({ models: [first, second], ...settings, commit, ...(hedges && { hedge: { delayMs: 50 } }) }),
  };
}

/** The SDK with one model, those that people use, and ours. Each as its README has it. */
export const subjects: readonly Subject[] = [
  { name: "`ai` 7 alone", model: (first) => first },
  { name: "`ai-fallback` 3.0.0", model: (first, second) => createPeer({ models: [first, second] }) },
  {
    name: "`ai-retry` 2.4.0",
    model: (first, second) => createRetryableModel({ model: first, retries: [second] }),
  },
  ours("`createFallback`", "first-output"),
  ours("`createFallback`, `buffered`", "buffered"),
  ours("`createFallback`, `continue`, at a mirror", "continue"),
];
