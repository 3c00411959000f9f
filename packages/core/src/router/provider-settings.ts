import { nearest, shortened } from "../nearest.ts";
import {
  aTableOf,
  entriesOf,
  isGroup,
  readable,
  readOption,
  readOptions,
  type Rule,
  type Rules,
  requireNow,
} from "../options.ts";
import type { Timeouts } from "../provider.ts";
import { readTimeouts } from "../timers.ts";
import { readLimits, type Limits } from "./limiter.ts";

/** What a router's owner sets for one provider. */
export interface ProviderSettings {
  /** Stronger than the `limits` for all, name by name. */
  readonly limits?: Limits | undefined;
  /** Stronger than those that the provider was made with, name by name, and weaker than a request's. */
  readonly timeouts?: Timeouts | undefined;
  /** How often it is asked first, in proportion to the others: from 0, where it comes last. @defaultValue 1 */
  readonly weight?: number | undefined;
}

/** The weights of several providers at once, by their ids. */
export interface Weights<Ids extends string = string> {
  readonly weights: { readonly [Id in Ids]?: number | undefined };
}

/** Settings of providers, by their ids. */
export type SettingsById<Ids extends string = string> = { readonly [Id in Ids]?: ProviderSettings | undefined };

/**
 * Reads settings, once. Throws a `TypeError` for one that is none, which it names, and for the settings of nobody where it is
 * known who there is.
 */
export function readProviderSettings(
  providers: SettingsById | undefined,
  ids?: ReadonlySet<string>,
): ReadonlyMap<string, ProviderSettings> {
  if (providers === undefined) return new Map();
  requireNow("providers", providers, settingsById);
  const read = new Map<string, ProviderSettings>();
  for (const [id, given] of entriesOf("providers", providers)) {
    if (given === undefined) continue;
    if (ids?.has(id) === false) throw noSuchProvider("providers", id, ids);
    const name = `providers.${shortened(id)}`;
    const { limits, timeouts, weight } = readOptions(name, given, SETTING_RULES) ?? {};
    read.set(id, {
      limits: readLimits(limits, `${name}.limits`),
      timeouts: readTimeouts(timeouts, `${name}.timeouts`),
      weight,
    });
  }
  return read;
}

/**
 * Takes the weights out of a strategy that is one of weights, as settings of their providers, under what those have. Throws a
 * `TypeError` for one that is none, and for that of nobody.
 */
export function withWeights<Other>(
  strategy: Other | Weights | undefined,
  settings: ReadonlyMap<string, ProviderSettings>,
  ids: ReadonlySet<string>,
): { readonly strategy: Other | "weighted" | undefined; readonly settings: ReadonlyMap<string, ProviderSettings> } {
  if (!isWeights(strategy)) return { strategy, settings };
  const { weights } = readOptions("strategy", strategy, WEIGHT_RULES) ?? { weights: {} };
  const weighted = new Map(settings);
  for (const [id, given] of entriesOf("strategy.weights", weights)) {
    const weight = readOption(`strategy.weights.${shortened(id)}`, given, aWeight);
    if (weight === undefined) continue;
    if (!ids.has(id)) throw noSuchProvider("strategy.weights", id, ids);
    weighted.set(id, { ...settings.get(id), weight: settings.get(id)?.weight ?? weight });
  }
  return { strategy: "weighted", settings: weighted };
}

function isWeights(strategy: unknown): strategy is Weights {
  return isGroup(strategy) && readable("strategy", () => "weights" in strategy);
}

const WEIGHT_RULES: Rules<Weights> = { weights: aTableOf("numbers by provider id") };

const settingsById = aTableOf("settings by provider id");

// So that no sum of them is Infinity.
const MOST_WEIGHT = 1e9;

const aWeight: Rule = (value) =>
  typeof value === "number" && value >= 0 && value <= MOST_WEIGHT ? undefined : `a number from 0 to ${MOST_WEIGHT}`;

/** Those that are groups themselves say what is wrong with them. */
const anything: Rule = () => undefined;

const SETTING_RULES: Rules<ProviderSettings> = { limits: anything, timeouts: anything, weight: aWeight };

/** So many ids stand in an error. */
const MOST_IDS = 30;

function noSuchProvider(table: string, id: string, ids: ReadonlySet<string>): TypeError {
  const meant = nearest(id, ids);
  const known = [...ids].slice(0, MOST_IDS).map(shortened).join(", ");
  return new TypeError(
    `\`${table}\` are keyed by provider id, and "${shortened(id)}" is none. ${meant === undefined ? `Providers: ${known || "none"}.` : `Did you mean "${shortened(meant)}"?`}`,
  );
}
