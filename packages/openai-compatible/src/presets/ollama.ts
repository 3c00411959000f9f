import type { ReasoningEffort } from "@qwen/core";
import type { ModelOf, OpenAICompatibleProvider } from "../openai-compatible.ts";
import type { ModelOption } from "../options.ts";
import { presetProvider, type Preset, type PresetOptionsWithModels } from "./preset.ts";

/**
 * Models of an Ollama on this machine; `baseURL` is where another one is, such as `http://gpu-box:11434/v1`.
 *
 * It needs no key. Names are those of `ollama list`. A model may have to be loaded first, so the first token has two minutes.
 * Throws a `TypeError` for an option that is none.
 */
export function ollama<
  const Id extends string = "ollama",
  const Models extends readonly ModelOption[] = readonly ModelOption[],
>(options: PresetOptionsWithModels<Id, Models>): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  return presetProvider<Id, Models>(PRESET, options);
}

const PRESET: Preset = {
  id: "ollama",
  baseURL: "http://127.0.0.1:11434/v1",
  dialect: {
    reasoning,
    // docs.ollama.com/api/openai-compatibility, read in November 2026: no `tool_choice`, and what it does not know it leaves out.
    // Whether it goes on behind a last message of the assistant is up to the model's template.
    capabilities: {
      tools: true,
      json: true,
      settings: [
        "maxOutputTokens",
        "temperature",
        "topP",
        "presencePenalty",
        "frequencyPenalty",
        "stopSequences",
        "seed",
        "reasoning",
        "responseFormat",
        "tools",
      ],
    },
    timeouts: { headersMs: 120_000, firstOutputMs: 120_000 },
  },
};

/** As it has them: "high", "medium", "low" and "none". */
function reasoning(effort: ReasoningEffort): Readonly<Record<string, unknown>> {
  return { reasoning_effort: STEPS[effort] ?? effort };
}

const STEPS: Readonly<Partial<Record<ReasoningEffort, string>>> = { minimal: "low", xhigh: "high", max: "high" };
