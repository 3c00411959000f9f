import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import type { Capabilities, ModelInfo, Timeouts } from "@qwen/core";
import {
  aFunction,
  anId,
  anObject,
  isGroup,
  mustBe,
  readable,
  readOptions,
  readTimeouts,
  requireOption,
  type Rules,
} from "@qwen/core/http";
import { aModel } from "./fallback-options.ts";

/** One model of the AI SDK, or several by the names that a router is to know them by. */
export type GivenModels = LanguageModelV4 | Readonly<Record<string, LanguageModelV4>>;

/** Options of `fromLanguageModel()`. */
export interface FromLanguageModelOptions<Id extends string = string> {
  /** Of the provider. */
  readonly id: Id;
  /**
   * What the models can do, where it is known. What they are asked for and cannot do, they say themselves.
   *
   * @defaultValue images, files, tools and JSON
   */
  readonly capabilities?: Capabilities | undefined;
  /** Limits of its own, stronger than the router's and weaker than the request's. Those of connections are the model's. */
  readonly timeouts?: Timeouts | undefined;
  /**
   * Makes the options of each call; `undefined` stands for those that it was given. What it throws or rejects with ends the request,
   * whoever could still be asked.
   *
   * @defaultValue options are what the request says
   */
  readonly prepare?:
    | ((
        options: LanguageModelV4CallOptions,
        context: { readonly model: LanguageModelV4 },
      ) => LanguageModelV4CallOptions | undefined | PromiseLike<LanguageModelV4CallOptions | undefined>)
    | undefined;
}

/** What was read of the options. */
export interface ReadModels<Id extends string> extends Omit<FromLanguageModelOptions<Id>, "capabilities"> {
  readonly byName: ReadonlyMap<string, LanguageModelV4>;
  readonly models: readonly [ModelInfo, ...ModelInfo[]];
}

/** Reads models and options, once. Throws a `TypeError` for what is none, naming it and what it must be. */
export function readModels<Id extends string>(
  given: GivenModels,
  options: FromLanguageModelOptions<Id>,
): ReadModels<Id> {
  const byName = modelsIn(given);
  requireOption("options", options, anObject);
  const read = readOptions<FromLanguageModelOptions>("options", options, RULES) ?? options;
  const { capabilities = ABLE, timeouts, prepare } = read;
  const id = read.id as Id;
  requireOption("options.id", id, anId);
  const models = [...byName.keys()].map((name): ModelInfo => ({ id: name, capabilities: { ...capabilities } }));
  return {
    id,
    byName,
    models: models as unknown as readonly [ModelInfo, ...ModelInfo[]],
    timeouts: readTimeouts(timeouts, "options.timeouts"),
    prepare,
  };
}

const ABLE: Capabilities = { images: true, files: true, tools: true, json: true };

const RULES: Rules<FromLanguageModelOptions> = {
  id: anId,
  // Looked at where the provider is made.
  capabilities: anObject,
  timeouts: anObject,
  prepare: aFunction,
};

function modelsIn(given: GivenModels): ReadonlyMap<string, LanguageModelV4> {
  if (!readable("model", () => isGroup(given) && !("specificationVersion" in given) && !("doStream" in given))) {
    const model = aModel("model", given);
    return new Map([[model.modelId, model]]);
  }
  const entries = readable("model", () => Object.entries(given as Readonly<Record<string, unknown>>));
  if (entries.length === 0) throw mustBe("model", "a LanguageModelV4, or an object of at least one by its name", given);
  return new Map(entries.map(([name, model]) => [name, aModel(`model[${JSON.stringify(name)}]`, model)]));
}
