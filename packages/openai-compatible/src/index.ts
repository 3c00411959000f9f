export { openaiCompatible, type ModelOf, type OpenAICompatibleProvider } from "./openai-compatible.ts";
export type { ModelOption, OpenAICompatibleOptions } from "./options.ts";
export type { ListedModel, ListModelsOptions } from "./model-list.ts";
