import {
  NoSuchModelError,
  type EmbeddingModelV4,
  type ImageModelV4,
  type LanguageModelV4,
  type ProviderV4,
} from "@ai-sdk/provider";
import type { Router } from "@qwen/core";
import { isGroup, mustBe, readOptions, requireOption, type Rule, type Rules } from "@qwen/core/http";
import { nearest, shortened } from "@qwen/core/router";
import { RouterModel } from "./router-provider-model.ts";

/** Options of {@link createRouterProvider}. */
export interface RouterProviderOptions<Names extends string = string> {
  /** Whose names are the ids of the models. It stays its owner's: plugins that it is given later are known as well. */
  readonly router: Router<Names>;
}

/** A router as a provider of the AI SDK: called with a name of the router, it gives the model. */
export interface RouterProvider<Names extends string = string> extends ProviderV4 {
  (modelId: Names): LanguageModelV4;
  /** A route, a model id, an alias, or `provider/model`. Throws `NoSuchModelError`, with the nearest name, for what is none. */
  languageModel(modelId: Names): LanguageModelV4;
  /** Throws `NoSuchModelError`: a router has language models only. */
  embeddingModel(modelId: string): EmbeddingModelV4;
  /** Throws `NoSuchModelError`: a router has language models only. */
  imageModel(modelId: string): ImageModelV4;
}

/**
 * A router as a provider of the AI SDK, for `generateText`, `streamText`, `createProviderRegistry` and `wrapLanguageModel`.
 *
 * The router does the retrying, so `maxRetries: 0` belongs beside it: what fails is an `APICallError` that is not to be retried,
 * with the last status and, as its `cause`, the error of core. Who answered and what was tried stands in
 * `providerMetadata.qwen`. What a call may say to the router is `providerOptions.qwen`: see {@link RouterCallOptions}.
 *
 * @example
 * ```ts
 * const qwen = createRouterProvider({ router });
 * const { text } = await generateText({ model: qwen("qwen-max"), prompt: "Hi", maxRetries: 0 });
 * ```
 */
export function createRouterProvider<Names extends string>(
  options: RouterProviderOptions<Names>,
): RouterProvider<Names> {
  if (!isGroup(options)) throw mustBe("options", "an object with `router`", options);
  const { router } = readOptions("options", options, RULES) ?? options;
  requireOption("router", router, aRouter);

  const languageModel = (modelId: Names): LanguageModelV4 => {
    if (!router.has(modelId)) throw noSuchModel("languageModel", modelId);
    return new RouterModel(router, modelId);
  };

  const noSuchModel = (
    modelType: "languageModel" | "embeddingModel" | "imageModel",
    modelId: unknown,
  ): NoSuchModelError => {
    const asked = typeof modelId === "string" ? modelId : "";
    const near = nearest(
      asked,
      router.names.map(({ name }) => name),
    );
    const fact =
      modelType === "languageModel"
        ? `The router has no model "${shortened(asked)}".`
        : `A router has language models only, and so no ${modelType} "${shortened(asked)}".`;
    const hint =
      near === undefined
        ? ""
        : modelType === "languageModel"
          ? ` Did you mean "${near}"?`
          : ` It has the language model "${near}".`;
    return new NoSuchModelError({ modelId: shortened(asked), modelType, message: `${fact}${hint}` });
  };

  const provider = (modelId: Names): LanguageModelV4 => languageModel(modelId);
  return Object.assign(provider, {
    specificationVersion: "v4" as const,
    languageModel,
    embeddingModel(modelId: string): never {
      throw noSuchModel("embeddingModel", modelId);
    },
    imageModel(modelId: string): never {
      throw noSuchModel("imageModel", modelId);
    },
  });
}

const aRouter: Rule = (value) =>
  isGroup(value) &&
  ["stream", "complete", "has"].every((name) => typeof (value as Record<string, unknown>)[name] === "function")
    ? undefined
    : "a router, as `createRouter()` makes one";

const RULES: Rules<RouterProviderOptions> = { router: aRouter };
