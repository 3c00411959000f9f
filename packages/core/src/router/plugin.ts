import type { ModelInfo, Provider } from "../provider.ts";
import type { RouterEvent } from "./observers.ts";
import type { RouteTarget } from "./routes.ts";

/**
 * What a package registers itself with. A bare {@link Provider} is a plugin too.
 *
 * The names a plugin adds are those of the registry that `register` returns.
 */
export type Plugin = Provider | PluginObject;

/** A plugin that registers something: providers, routes to them, observers. */
export interface PluginObject {
  /** For messages about clashing names. */
  readonly name: string;
  /** Called once by each router, and done when it returns: what is registered later is a `TypeError`. */
  register(registry: Registry): Registry<string, string>;
}

/** Where a plugin puts what it has. `Names` grows with each provider and route, `Ids` with each provider. */
export interface Registry<Names extends string = never, Ids extends string = never> {
  /** Adds a provider. Throws a `TypeError` for what is none. */
  provider<const P extends Provider>(provider: P): Registry<Names | NamesOf<P>, Ids | IdsOf<P>>;
  /**
   * Adds a name for one model or for several tried in order, of those that the plugin has registered so far: it never leads to
   * anybody else's. A user's route of that name wins.
   *
   * Throws a `TypeError` for a target that the plugin has not registered. The router does for a name that another plugin's route
   * or any model has, naming both.
   */
  route<const Name extends string>(name: Name, targets: RouteTarget<Names>): Registry<Names | Name, Ids>;
  /** Watches the router's work, as long as there is a router. An observer that throws disturbs nothing. */
  observe(observer: (event: RouterEvent) => void): Registry<Names, Ids>;
  /** Never called; it keeps `Names` in the type. */
  readonly names?: (() => Names) | undefined;
  /** Never called; it keeps `Ids` in the type. */
  readonly ids?: (() => Ids) | undefined;
}

/** Every name a plugin adds to a router: model ids, aliases, and `provider/model` of each. */
export type NamesOf<P> =
  P extends Provider<infer Id, infer Model>
    ? ProviderNames<Id, Model["id"] | AliasesOf<Model>>
    : P extends { register(registry: never): Registry<infer Names, string> }
      ? Names
      : never;

/** The ids of the providers a plugin adds to a router. */
export type IdsOf<P> =
  P extends Provider<infer Id>
    ? Id
    : P extends { register(registry: never): Registry<string, infer Ids> }
      ? Ids
      : never;

// Of each model by itself: where one has none, another may have some.
type AliasesOf<Model extends ModelInfo> = Model extends { readonly aliases?: infer Aliases }
  ? Aliases extends readonly (infer Alias extends string)[]
    ? Alias
    : never
  : never;

// `string & Record<never, never>` keeps the completions of the other names; `string` alone would swallow them.
type ProviderNames<Id extends string, Name extends string> = string extends Name
  ? string & Record<never, never>
  : Name | `${Id}/${Name}`;
