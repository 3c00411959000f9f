import type { OptionNames } from "../options.ts";
import type { Timeouts } from "../provider.ts";
import type { AttemptSettings } from "./attempt-settings.ts";
import type { HealthOptions } from "./health.ts";
import type { IdsOf, NamesOf, Plugin } from "./plugin.ts";
import type { Logger } from "./logger.ts";
import type { SettingsById, Weights } from "./provider-settings.ts";
import type { RouteTarget } from "./routes.ts";
import type { Strategy } from "./strategy.ts";

/** Every name the plugins of a list add. */
export type NamesOfAll<P extends readonly unknown[]> = { [K in keyof P]: NamesOf<P[K]> }[number];

/** The ids of all providers the plugins of a list add. */
export type IdsOfAll<P extends readonly unknown[]> = { [K in keyof P]: IdsOf<P[K]> }[number];

/** Options of `createRouter()`. */
export interface RouterOptions<
  P extends readonly Plugin[] = readonly Plugin[],
  R = Readonly<Record<string, RouteTarget>>,
>
  extends Omit<AttemptSettings, "strategy">, Omit<HealthOptions, "onBreakerChange" | "providers"> {
  /** Who can be asked. Of several that serve the same model, the first is tried first. */
  readonly plugins: P;
  /**
   * Names of your own. They win over the names of plugins, routes of theirs included, and may lead to each other.
   *
   * @defaultValue no routes
   */
  readonly routes?: { readonly [K in keyof R]: RouteTarget<NamesOfAll<P> | (keyof R & string)> } | undefined;
  /** Limits for every request; those of a provider and of a request are stronger. */
  readonly timeouts?: Timeouts | undefined;
  /**
   * Settings of one provider, by its id, over those for all. A `weight` is for the strategy `weighted`.
   *
   * @defaultValue none
   */
  readonly providers?: SettingsById<NoInfer<IdsOfAll<P>>> | undefined;
  /**
   * Where to log: a logger of pino, `console`, or whatever has `debug`, `info`, `warn` and `error`. It gets ids, names, times and
   * codes, as fields and a message, and never what anybody wrote. What it throws disturbs nothing.
   *
   * @defaultValue none; a process with `NODE_DEBUG=qwen` logs to its standard error
   */
  readonly logger?: Logger | undefined;
  /**
   * Who of the candidates is asked first. `{ weights }` is `weighted`, with the `weight` of each provider by its id.
   *
   * @defaultValue "weighted" where a provider has a `weight`, else "in-order"
   */
  readonly strategy?: Strategy | Weights<NoInfer<IdsOfAll<P>>> | undefined;
}

/** The names of a router's options, for slips of the finger. */
export const OPTION_NAMES: OptionNames<RouterOptions> = {
  plugins: true,
  routes: true,
  timeouts: true,
  retry: true,
  commit: true,
  hedge: true,
  strategy: true,
  maxQueueMs: true,
  breaker: true,
  limits: true,
  limiter: true,
  logger: true,
  providers: true,
};
