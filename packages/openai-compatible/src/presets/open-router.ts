import type { ReasoningEffort } from "@qwen/core";
import type { ModelOf, OpenAICompatibleProvider } from "../openai-compatible.ts";
import type { ModelOption } from "../options.ts";
import { presetProvider, type Preset, type PresetOptionsWithModels } from "./preset.ts";

/**
 * Models of many vendors by OpenRouter, by the key of `apiKey` or of `OPENROUTER_API_KEY`.
 *
 * Who answers leaves out what it does not know: `extraBody: { provider: { require_parameters: true } }` asks only those who know
 * all. Throws a `TypeError` for an option that is none.
 */
export function openRouter<
  const Id extends string = "open-router",
  const Models extends readonly ModelOption[] = readonly ModelOption[],
>(options: PresetOptionsWithModels<Id, Models>): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  return presetProvider<Id, Models>(PRESET, options);
}

const PRESET: Preset = {
  id: "open-router",
  baseURL: "https://openrouter.ai/api/v1",
  dialect: {
    keyVariable: "OPENROUTER_API_KEY",
    reasoning,
    // Its page offers to go on behind a last message of the assistant, but what comes of it is up to who answers.
    capabilities: { tools: true, json: true },
  },
};

// openrouter.ai/docs/use-cases/reasoning-tokens, read in November 2026: from "none" to "xhigh".
function reasoning(effort: ReasoningEffort): Readonly<Record<string, unknown>> {
  return { reasoning: { effort: effort === "max" ? "xhigh" : effort } };
}
