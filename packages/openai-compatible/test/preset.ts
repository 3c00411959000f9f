import type { OpenAICompatibleProvider, PresetOptions } from "../src/index.ts";

/** Options that every preset takes. */
export type Options = PresetOptions<string, readonly string[]> & { readonly models: readonly string[] };

/** Any of the presets. */
export type Make = (options: Options) => OpenAICompatibleProvider;
