import type { ModelOf, OpenAICompatibleProvider } from "../openai-compatible.ts";
import type { ModelOption } from "../options.ts";
import { presetProvider, type Preset, type PresetOptions } from "./preset.ts";
import { thinkingOfTemplate } from "./template.ts";

/** Options of `llamaCpp`. */
export interface LlamaCppOptions<
  Id extends string = string,
  Models extends readonly ModelOption[] = readonly ModelOption[],
> extends PresetOptions<Id, Models> {
  /** What it is asked for. A server of one model answers to any name. @defaultValue "local-model" */
  readonly models?: Models | undefined;
}

const MODELS = ["local-model"] as const;

/**
 * The model of a llama.cpp server (`llama-server`) on this machine; `baseURL` is where another one is. Without `apiKey` it gets no
 * key.
 *
 * Models go on behind a last message of the assistant. It sends no headers before the first token, which has two minutes: a long
 * prompt takes long where there is no GPU. Throws a `TypeError` for an option that is none.
 */
export function llamaCpp<
  const Id extends string = "llama-cpp",
  const Models extends readonly ModelOption[] = typeof MODELS,
>(options: LlamaCppOptions<Id, Models> = {}): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  return presetProvider<Id, Models>(PRESET, options);
}

// All of it tried against the real server (test/*.real.test.ts), but for tools and thought, which the model there knows nothing of.
const PRESET: Preset = {
  id: "llama-cpp",
  baseURL: "http://127.0.0.1:8080/v1",
  models: MODELS,
  dialect: {
    reasoning: thinkingOfTemplate,
    capabilities: { tools: true, json: true, prefill: true },
    timeouts: { headersMs: 120_000, firstOutputMs: 120_000 },
  },
};
