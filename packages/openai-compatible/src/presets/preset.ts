import { readOptions, type Rule, type Rules } from "@qwen/core/http";
import { endpointProvider, type ModelOf, type OpenAICompatibleProvider } from "../openai-compatible.ts";
import { baseURLText, OPTION_RULES, type ModelOption, type OpenAICompatibleOptions } from "../options.ts";
import type { Dialect } from "../wire/dialect.ts";

/** Options of a preset: those of `openaiCompatible`, of which it knows the most. */
export interface PresetOptions<
  Id extends string = string,
  Models extends readonly ModelOption[] = readonly ModelOption[],
> extends Omit<OpenAICompatibleOptions<Id, Models>, "id" | "baseURL" | "models"> {
  /** Unique in a router; holds no "/". @defaultValue the name of the preset, in small letters with hyphens */
  readonly id?: Id | undefined;
  /**
   * Another place than the vendor's or the server's own. The key of the environment goes to the vendor's hosts alone: elsewhere
   * it is `apiKey` or none.
   */
  readonly baseURL?: string | URL | undefined;
}

/** Options of a preset that knows no models by itself. */
export interface PresetOptionsWithModels<
  Id extends string,
  Models extends readonly ModelOption[],
> extends PresetOptions<Id, Models> {
  /** What it serves, the default first: names as the endpoint has them, or objects with aliases, capabilities and a label. */
  readonly models: Models;
}

/** What a preset knows. */
export interface Preset {
  readonly id: string;
  readonly baseURL: string;
  /** Hosts of the vendor, beside that of `baseURL`, to which the key of the environment may go. */
  readonly hosts?: RegExp | undefined;
  readonly models?: readonly ModelOption[] | undefined;
  readonly dialect: Dialect;
}

/**
 * The provider of a preset, with what options say over what it knows.
 *
 * Throws a `TypeError` for an option that is none, naming it and what it must be. `choices` are options of the preset's own, which
 * are read already.
 */
export function presetProvider<Id extends string, Models extends readonly ModelOption[]>(
  preset: Preset,
  given: PresetOptions<Id, Models> & { readonly models?: Models | undefined },
  choices: Readonly<Record<string, Rule>> = {},
): OpenAICompatibleProvider<Id, ModelOf<Models[number]>> {
  const rules: Rules<typeof given> = { ...OPTION_RULES, ...choices };
  const options: Partial<typeof given> = { ...readOptions("options", given, rules) };
  for (const name of Object.keys(choices)) Reflect.deleteProperty(options, name);
  const { id = preset.id, baseURL = preset.baseURL, models = preset.models } = options;
  const all = { ...options, id, baseURL, models } as OpenAICompatibleOptions<Id, Models>;
  return endpointProvider<Id, Models>(
    all,
    isOwn(preset, baseURL) ? preset.dialect : { ...preset.dialect, keyVariable: undefined },
  );
}

/** Whether an address is the vendor's, and nobody on the way can read what is sent there. */
function isOwn({ baseURL, hosts }: Preset, given: string | URL): boolean {
  if (given === baseURL) return true;
  const url = URL.parse(baseURLText(given));
  if (url?.protocol !== "https:") return false;
  return url.host === new URL(baseURL).host || hosts?.test(url.host) === true;
}
