import { meantBy, shortened } from "./nearest.ts";
import { isSetting, SETTINGS } from "./capabilities.ts";
import { isListOf } from "./list-copy.ts";
import {
  aFlag,
  aString,
  isGroup,
  oneOf,
  readOption,
  readOptions,
  requireOption,
  type Rule,
  type Rules,
} from "./options.ts";
import type { Capabilities, ModelInfo } from "./provider.ts";

/**
 * The models of a definition, as they are. Throws a `TypeError` for what is no list of at least one, and for an alias or a
 * capability that is none. A model may say more of itself.
 */
export function requireModels<Models extends readonly ModelInfo[]>(models: Models): Models {
  requireOption("models", models, someModels);
  for (const [index, { aliases, capabilities }] of models.entries()) {
    readOption(`models[${index}].aliases`, aliases, someStrings);
    readOptions(`models[${index}].capabilities`, capabilities, CAPABILITY_RULES);
  }
  return models;
}

/** A name among capabilities that is nearly one of them, and which. A provider of a later version may have more of them. */
export function slipIn(capabilities: object): string | undefined {
  const known = Object.keys(CAPABILITY_RULES);
  const name = Object.keys(capabilities).find((one) => !known.includes(one) && meantBy(one, known) !== undefined);
  return name === undefined ? undefined : `"${shortened(name)}", but "${meantBy(name, known)}"`;
}

/** Which of the capabilities of a provider's model is none, and what it must be. A later version may know more settings. */
export function wrongCapability(
  capabilities: Capabilities,
): { readonly name: string; readonly expected: string } | undefined {
  for (const [name, rule] of Object.entries({ ...CAPABILITY_RULES, settings: someStrings })) {
    const value: unknown = capabilities[name as keyof Capabilities];
    const expected = value === undefined ? undefined : rule(value);
    if (expected !== undefined) return { name, expected };
  }
  return undefined;
}

const someModels: Rule = (value) =>
  isListOf(value, (model) => isGroup(model) && "id" in model && aString(model.id) === undefined) &&
  (value as readonly unknown[]).length > 0
    ? undefined
    : "a list of at least one model, each with an `id`";

/** Texts, one after the other. */
export const someStrings: Rule = (value) =>
  isListOf(value, (one) => typeof one === "string") ? undefined : "a list of strings";

const someSettings: Rule = (value) =>
  isListOf(value, isSetting) ? undefined : `a list of settings, each one of ${SETTINGS.join(", ")}`;

const aWay = oneOf("native", "prompt");

/** What each capability may be. */
export const CAPABILITY_RULES: Rules<Capabilities> = {
  images: aFlag,
  files: aFlag,
  system: aWay,
  history: aWay,
  conversation: aFlag,
  tools: aFlag,
  json: aFlag,
  prefill: aFlag,
  settings: someSettings,
};
