export { createFallback, type FallbackLanguageModel } from "./fallback.ts";
export type { FallbackModel, FallbackOptions, FallbackTimeouts, Prepare, PrepareContext } from "./fallback-options.ts";
export type { FallbackAnswer } from "./fallback-reader.ts";
export type { AttemptTold } from "./model-errors.ts";
export { createRouterProvider, type RouterProvider, type RouterProviderOptions } from "./router-provider.ts";
export type { RouterCallOptions } from "./router-provider-request.ts";
export type { RouterMetadata } from "./router-provider-words.ts";
export { fromLanguageModel } from "./from-model.ts";
export type { FromLanguageModelOptions, GivenModels } from "./from-model-options.ts";
