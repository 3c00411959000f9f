import type { ModelOf, OpenAICompatibleProvider } from "../openai-compatible.ts";
import type { ModelOption } from "../options.ts";
import { presetProvider, type Preset, type PresetOptionsWithModels } from "./preset.ts";

/**
 * Models of the Hugging Face Hub by its router of Inference Providers, by the key of `apiKey` or of `HF_TOKEN`.
 *
 * Names are the Hub's, such as `Qwen/Qwen3-32B`, with `:provider`, `:fastest` or `:cheapest` behind them where it matters who
 * answers. Throws a `TypeError` for an option that is none.
 */
export function huggingFace<
  const Id extends string = "hugging-face",
  const Models extends readonly ModelOption[] = readonly ModelOption[],
>(options: PresetOptionsWithModels<Id, Models>): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  return presetProvider<Id, Models>(PRESET, options);
}

const PRESET: Preset = {
  // huggingface.co/docs/inference-providers, read in November 2026.
  id: "hugging-face",
  baseURL: "https://router.huggingface.co/v1",
  // Whether an answer is gone on with depends on who gives it.
  dialect: { keyVariable: "HF_TOKEN", capabilities: { tools: true, json: true } },
};
