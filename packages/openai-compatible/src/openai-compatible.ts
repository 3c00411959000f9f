import type { Capabilities, ModelInfo, Provider } from "@qwen/core";
import { createProvider, createTransport, guardedTransport } from "@qwen/core/http";
import { answer } from "./answer.ts";
import type { Dialect } from "./wire/dialect.ts";
import { Endpoint } from "./endpoint.ts";
import { listModels, type ListedModel, type ListModelsOptions } from "./model-list.ts";
import { readOpenAICompatibleOptions, type ModelOption, type OpenAICompatibleOptions } from "./options.ts";

/** What a provider says of a model that was given by its name, or as an object. */
export type ModelOf<Model extends ModelOption> = Model extends ModelInfo
  ? Model
  : { readonly id: Model & string; readonly capabilities?: Capabilities | undefined };

/** A provider of an OpenAI-compatible endpoint. */
export interface OpenAICompatibleProvider<
  Id extends string = string,
  Model extends ModelInfo = ModelInfo,
> extends Provider<Id, Model> {
  /**
   * Asks the endpoint which models it has, and gives what it says of each, in its order.
   *
   * Rejects as a call does: `authentication` before anything is sent where there is no key, with the reason of `signal`.
   */
  listModels(options?: ListModelsOptions): Promise<readonly ListedModel[]>;
  close(): Promise<void>;
}

/**
 * Any endpoint that speaks OpenAI's chat completions, paid, hosted or local, as a provider.
 *
 * A stream is always asked for, and an answer counts as whole only where the endpoint says why it ended. Where it refuses a
 * parameter by name it is asked again without it, in the same attempt and with a warning, and does not get it any more. Nothing is
 * sent yet. Throws a `TypeError` for an option that is none, naming it and what it must be.
 *
 * @example
 * ```ts
 * const local = openaiCompatible({ id: "local", baseURL: "http://127.0.0.1:8080/v1", models: ["qwen3-8b"] });
 * const router = createRouter({ plugins: [local] });
 * const { text } = await router.complete({ model: "qwen3-8b", messages: [{ role: "user", content: "Hi" }] });
 * ```
 */
export function openaiCompatible<const Id extends string, const Models extends readonly ModelOption[]>(
  options: OpenAICompatibleOptions<Id, Models>,
): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  return endpointProvider(options, {});
}

/** The provider of an endpoint that more is known of: what presets are made with. */
export function endpointProvider<const Id extends string, const Models extends readonly ModelOption[]>(
  given: OpenAICompatibleOptions<Id, Models>,
  dialect: Dialect,
): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  const options = readOpenAICompatibleOptions(given, dialect);
  const { baseURL, apiKey, models, headers, proxy, extraBody, timeouts, strictModel = false } = options;
  const transport = options.transport === undefined ? createTransport({ proxy }) : guardedTransport(options.transport);
  const id = options.id as Id;
  const endpoint = new Endpoint({ id, baseURL, transport, apiKey, keyVariable: dialect.keyVariable, headers });
  // One for all calls.
  const asking = { id, endpoint, dialect, extraBody, strictModel };
  const provider = createProvider({
    id,
    models: models as unknown as readonly [ModelOf<Models[number]>, ...ModelOf<Models[number]>[]],
    timeouts,
    answer: (call) => answer(asking, call),
  });
  return {
    ...provider,
    listModels: (asked) => listModels(endpoint, { options: asked, own: timeouts }),
    async close() {
      if (options.transport === undefined) await transport.close();
    },
  };
}
