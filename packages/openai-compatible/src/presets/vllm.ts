import type { ModelOf, OpenAICompatibleProvider } from "../openai-compatible.ts";
import type { ModelOption } from "../options.ts";
import { thinkingOfTemplate } from "./template.ts";
import { presetProvider, type Preset, type PresetOptionsWithModels } from "./preset.ts";

/**
 * Models of a vLLM server on this machine; `baseURL` is where another one is. Without `apiKey` it gets no key.
 *
 * Models go on behind a last message of the assistant (`continue_final_message`). Tools need a server that was started with
 * `--enable-auto-tool-choice` and a parser; another one says so, and the next candidate is asked. Throws a `TypeError` for an
 * option that is none.
 */
export function vllm<
  const Id extends string = "vllm",
  const Models extends readonly ModelOption[] = readonly ModelOption[],
>(options: PresetOptionsWithModels<Id, Models>): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  return presetProvider<Id, Models>(PRESET, options);
}

const PRESET: Preset = {
  id: "vllm",
  baseURL: "http://127.0.0.1:8000/v1",
  // docs.vllm.ai/en/latest/serving/openai_compatible_server.html, read in November 2026.
  dialect: {
    prefill: "continue_final_message",
    reasoning: thinkingOfTemplate,
    capabilities: { tools: true, json: true, prefill: true },
    timeouts: { headersMs: 120_000, firstOutputMs: 120_000 },
  },
};
