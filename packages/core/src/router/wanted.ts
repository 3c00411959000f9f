import { isSetting } from "../capabilities.ts";
import { isListOf } from "../list-copy.ts";
import { readOptions, type Rule, type Rules, whatIsSet } from "../options.ts";
import { CAPABILITY_RULES } from "../provider-rules.ts";
import type { Capabilities, ModelInfo } from "../provider.ts";

/** Reads what a model is to be able to do, once. Throws a `TypeError` for what is no capability. */
export function readWanted(wanted: Capabilities | undefined): Capabilities {
  const { settings, ...read } = readOptions("find", wanted, WANTED_RULES) ?? {};
  return settings === undefined ? read : { ...read, settings: [...settings] };
}

/** Whether a model can do all of it. What it leaves out is the default. */
export function isWanted({ capabilities = {} }: ModelInfo, { settings = [], ...wanted }: Capabilities): boolean {
  const told = { ...DEFAULTS, ...whatIsSet(capabilities) };
  return (
    Object.entries(wanted).every(([name, value]) => told[name as keyof typeof wanted] === value) &&
    settings.every((name) => told.settings?.includes(name) === true)
  );
}

const DEFAULTS: Capabilities = {
  images: false,
  files: false,
  system: "native",
  history: "native",
  conversation: false,
  tools: false,
  json: false,
  prefill: false,
};

const settingNames: Rule = (value) =>
  isListOf(value, isSetting) ? undefined : 'an array of the names of settings, such as ["temperature"]';

const WANTED_RULES: Rules<Capabilities> = { ...CAPABILITY_RULES, settings: settingNames };
