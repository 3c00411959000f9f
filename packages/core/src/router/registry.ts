import { NoSuchModelError, QwenError } from "../errors.ts";
import type { ModelInfo, Plugin, Provider, Registry } from "../provider.ts";
import { nearest } from "../nearest.ts";

/** One model of one provider: what a name finally stands for. */
export interface Entry {
  readonly provider: Provider;
  readonly model: ModelInfo;
  /** Name of the plugin that registered the provider. */
  readonly plugin: string;
}

/** What a route leads to: a name, or several that are tried in order. */
export type Routes = Readonly<Record<string, string | readonly string[]>>;

/** The names of a router and what they stand for. */
export interface Names {
  /**
   * Adds the providers of a plugin, all or none.
   *
   * Throws a `TypeError` for a second provider of the same id, and for what is no plugin.
   */
  add(plugin: Plugin): void;
  /**
   * The models a name stands for, in the order they are to be tried, each once.
   *
   * A name is looked up as a route, then as a model id or alias, then as `provider/model`. Throws
   * `no_such_model` or `ambiguous_model`.
   */
  find(name: string): readonly Entry[];
  /** Whether a request may use the name, even if it has two meanings. */
  has(name: string): boolean;
  /** Routes, model ids and aliases, in the order they came; without the `provider/model` form. */
  list(): readonly ListedName[];
  readonly providers: readonly Provider[];
}

/** A name, what kind it is, and the models that could be meant by it. */
export interface ListedName {
  readonly name: string;
  readonly kind: "route" | "model" | "alias";
  readonly entries: readonly Entry[];
}

/**
 * Reads the names of plugins and routes.
 *
 * Throws a `TypeError` for a route in a circle or without a target, and `no_such_model` for one to
 * a name that nothing has.
 */
export function createNames(plugins: readonly Plugin[], routes: Routes): Names {
  const byProvider = new Map<string, { readonly provider: Provider; readonly plugin: string }>();
  const byName = new Map<string, Entry[]>();
  const targets = new Map(
    Object.entries(routes).map(([name, target]) => [name, typeof target === "string" ? [target] : target]),
  );

  function add(plugin: Plugin): void {
    const name = nameOf(plugin);
    const added: Provider[] = [];
    const registry: Registry<string> = {
      provider(provider) {
        checkProvider(provider, name);
        const other =
          byProvider.get(provider.id)?.plugin ?? (added.some(({ id }) => id === provider.id) ? name : undefined);
        if (other !== undefined) {
          throw new TypeError(
            `Plugins "${other}" and "${name}" both register a provider "${provider.id}". Give one of them another id.`,
          );
        }
        added.push(provider);
        return registry;
      },
    };
    if ("register" in plugin) {
      const result: unknown = plugin.register(registry as unknown as Registry);
      if (result instanceof Promise)
        throw new TypeError(`Plugin "${name}" must register its providers at once: register() returned a promise.`);
    } else {
      registry.provider(plugin);
    }

    for (const provider of added) {
      byProvider.set(provider.id, { provider, plugin: name });
      for (const model of provider.models) {
        for (const modelName of new Set([model.id, ...model.aliases])) {
          const entries = byName.get(modelName);
          const entry = { provider, model, plugin: name };
          if (entries === undefined) byName.set(modelName, [entry]);
          else entries.push(entry);
        }
      }
    }
  }

  function find(name: string, entriesOf = findModel): readonly Entry[] {
    const route = targets.get(name);
    if (route === undefined) return entriesOf(name);
    const found = new Map<string, Entry>();
    for (const target of route) {
      for (const entry of find(target, entriesOf)) {
        // A Map keeps the place of a key that is set again.
        found.set(`${entry.provider.id}/${entry.model.id}`, entry);
      }
    }
    return [...found.values()];
  }

  /** Those that could be meant, even if that is not clear. */
  function findAny(name: string): readonly Entry[] {
    return byName.get(name) ?? findInProvider(name);
  }

  function findModel(name: string): readonly Entry[] {
    const entries = findAny(name);
    const [first] = entries;
    if (first === undefined) throw noSuchModel(name);
    const second = entries.find(({ model }) => model.id !== first.model.id);
    if (second !== undefined) {
      throw new QwenError(
        "ambiguous_model",
        `"${name}" means ${describe(first)} and ${describe(second)}. Ask for one of them as "provider/model", or add a route "${name}" to the one you mean.`,
      );
    }
    return entries;
  }

  function findInProvider(name: string): readonly Entry[] {
    const slash = name.indexOf("/");
    const owner = byProvider.get(name.slice(0, slash));
    if (slash < 0 || owner === undefined) return [];
    const modelName = name.slice(slash + 1);
    return owner.provider.models
      .filter((model) => model.id === modelName || model.aliases.includes(modelName))
      .map((model) => ({ provider: owner.provider, model, plugin: owner.plugin }));
  }

  function has(name: string): boolean {
    return targets.has(name) || findAny(name).length > 0;
  }

  function noSuchModel(name: string, route?: string): NoSuchModelError {
    const available = [...new Set([...targets.keys(), ...byName.keys()])];
    return new NoSuchModelError(name, { available, suggestion: nearest(name, available), route });
  }

  function checkRoute(name: string, path: readonly string[]): void {
    if (path.includes(name))
      throw new TypeError(`The route "${name}" leads back to itself: ${[...path, name].join(" → ")}.`);
    const route = targets.get(name);
    if (route === undefined) {
      if (!has(name)) throw noSuchModel(name, path.at(-1));
      return;
    }
    if (!Array.isArray(route) || route.length === 0)
      throw new TypeError(`The route "${name}" needs at least one name to lead to.`);
    for (const target of route) checkRoute(target, [...path, name]);
  }

  for (const plugin of plugins) add(plugin);
  for (const name of targets.keys()) checkRoute(name, []);

  return {
    add,
    find: (name) => find(name),
    has,
    list() {
      const listed = [...targets.keys()].map((name): ListedName => ({
        name,
        kind: "route",
        entries: find(name, findAny),
      }));
      for (const [name, entries] of byName) {
        if (!targets.has(name))
          listed.push({ name, kind: entries.some(({ model }) => model.id === name) ? "model" : "alias", entries });
      }
      return listed;
    },
    get providers() {
      return [...byProvider.values()].map(({ provider }) => provider);
    },
  };
}

function describe({ provider, model, plugin }: Entry): string {
  return `"${provider.id}/${model.id}" of plugin "${plugin}"`;
}

function nameOf(plugin: Plugin): string {
  if (plugin === null || typeof plugin !== "object") {
    throw new TypeError(
      `A plugin is a provider or an object with a register method, not ${plugin === null ? "null" : `a ${typeof plugin}`}. Was a factory passed without calling it?`,
    );
  }
  if ("register" in plugin) {
    if (typeof plugin.register !== "function" || typeof plugin.name !== "string")
      throw new TypeError("A plugin with register needs a name, and register must be a function.");
    return plugin.name;
  }
  checkProvider(plugin, "plugins");
  return plugin.id;
}

// The compiler checks this for TypeScript callers; this is for the others.
function checkProvider(provider: Provider, plugin: string): void {
  const { id, models, stream } = provider ?? {};
  const complain = (what: string): TypeError =>
    new TypeError(`Provider ${JSON.stringify(id) ?? "without an id"} in ${plugin}: ${what}.`);
  if (typeof id !== "string" || id === "") throw complain("`id` must be a string that is not empty");
  if (id.includes("/")) throw complain('`id` may not hold a "/"');
  if (typeof stream !== "function") throw complain("`stream` must be a function");
  if (!Array.isArray(models) || models.length === 0) throw complain("`models` must list at least one model");
  for (const model of models) {
    if (typeof model?.id !== "string" || model.id === "") throw complain("every model needs an `id`");
    if (!Array.isArray(model.aliases)) throw complain(`\`aliases\` of "${model.id}" must be an array`);
    if (typeof model.capabilities !== "object" || model.capabilities === null)
      throw complain(`"${model.id}" must tell its \`capabilities\``);
  }
}
