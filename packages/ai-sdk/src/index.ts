export { createFallback, type FallbackLanguageModel } from "./fallback.ts";
export {
  type FallbackModel,
  type FallbackOptions,
  type FallbackTimeouts,
  type Prepare,
  type PrepareContext,
} from "./fallback-options.ts";
export { type FallbackAnswer } from "./fallback-reader.ts";
export { type AttemptTold } from "./model-errors.ts";
export { createRouterProvider, type RouterProvider, type RouterProviderOptions } from "./router-provider.ts";
export { type RouterCallOptions } from "./router-provider-request.ts";
export { type RouterMetadata } from "./router-provider-words.ts";
export { fromLanguageModel } from "./from-model.ts";
export { type FromLanguageModelOptions, type GivenModels } from "./from-model-options.ts";
