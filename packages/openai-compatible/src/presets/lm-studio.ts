import type { ModelOf, OpenAICompatibleProvider } from "../openai-compatible.ts";
import type { ModelOption } from "../options.ts";
import { presetProvider, type Preset, type PresetOptionsWithModels } from "./preset.ts";

/**
 * Models of an LM Studio on this machine; `baseURL` is where another one is. Without `apiKey` it gets no key.
 *
 * Names are those of its list of models. One may have to be loaded first, so the first token has two minutes. It takes JSON with a
 * schema only. Throws a `TypeError` for an option that is none.
 */
export function lmStudio<
  const Id extends string = "lm-studio",
  const Models extends readonly ModelOption[] = readonly ModelOption[],
>(options: PresetOptionsWithModels<Id, Models>): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  return presetProvider<Id, Models>(PRESET, options);
}

const PRESET: Preset = {
  id: "lm-studio",
  baseURL: "http://127.0.0.1:1234/v1",
  // lmstudio.ai/docs/developer/openai-compat, read in November 2026. Some of its runtimes say the beginning of an answer again
  // that they go on with (lmstudio-bug-tracker, 2041).
  dialect: {
    capabilities: { tools: true, json: true },
    timeouts: { headersMs: 120_000, firstOutputMs: 120_000 },
  },
};
