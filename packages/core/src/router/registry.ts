import { NoSuchModelError, QwenError } from "../errors.ts";
import { nearest, shortened } from "../nearest.ts";
import type { Provider } from "../provider.ts";
import { Entries, fullNameOf, namesOf, otherMeaning, shownEntry, type Entry } from "./entry.ts";
import type { Registered } from "./registration.ts";
import { readRoutes, resolveRoute, type Routes, type RouteTargets } from "./routes.ts";

/** So many known names stand in an error. */
const MOST_NAMES = 30;

/** The names of a router and what they stand for. */
export interface Names {
  /**
   * Adds the providers and routes of a plugin, all or none: none where `admit` throws, which is called with it before.
   *
   * Throws a `TypeError` for a second provider of the same id, for a name that is another provider's
   * `provider/model`, and for a route of a name that another plugin's route or a model has, unless a route of the user's has it.
   */
  add(plugin: Registered, admit?: (plugin: Registered) => void): void;
  /**
   * The models a name stands for, in the order they are to be tried, each once.
   *
   * A name is looked up as a route of the user's, as one of a plugin, as a model id or alias, then as `provider/model`. Throws
   * `no_such_model`, also for what is no string, or `ambiguous_model`.
   */
  find(name: string): readonly Entry[];
  /** Whether a request may use the name, even if it has two meanings. */
  has(name: unknown): boolean;
  /** Routes, model ids and aliases, in the order they came; without the `provider/model` form. */
  list(): readonly ListedName[];
  readonly providers: readonly Provider[];
  /** Their ids. */
  readonly ids: ReadonlySet<string>;
}

/** A name, what kind it is, and the models that could be meant by it. */
export interface ListedName {
  readonly name: string;
  readonly kind: "route" | "model" | "alias";
  readonly entries: readonly Entry[];
  /** A request for it is `ambiguous_model`. */
  readonly isAmbiguous: boolean;
}

/**
 * Reads the names of plugins and the user's routes.
 *
 * Throws a `TypeError` for a route in a circle or without a target, and `no_such_model` for one to
 * a name that nothing has.
 */
export function createNames(plugins: readonly Registered[], routes: Routes): Names {
  return new KnownNames(plugins, readRoutes(routes));
}

class KnownNames implements Names {
  readonly ids = new Set<string>();
  readonly #providers = new Map<string, { readonly provider: Provider; readonly plugin: string }>();
  readonly #models = new Entries();
  /** Routes of plugins. */
  readonly #routes = new Map<string, PluginRoute>();
  /** Routes of the user's. */
  readonly #targets: RouteTargets;
  /** Those, each after what it leads to. */
  readonly #inOrder = new Set<string>();
  /** What those lead to, as found before. */
  readonly #found = new Map<string, readonly Entry[]>();
  #isAdmitting = false;

  constructor(plugins: readonly Registered[], targets: RouteTargets) {
    this.#targets = targets;
    for (const plugin of plugins) this.add(plugin);
    for (const name of targets.keys())
      resolveRoute(name, { targets, entriesOf: (to, route) => this.#someOf(to, route), read: this.#inOrder });
  }

  get providers(): readonly Provider[] {
    return [...this.#providers.values()].map(({ provider }) => provider);
  }

  add(plugin: Registered, admit?: (plugin: Registered) => void): void {
    const routes = this.#routesOf(plugin);
    this.#refuseTakenIds(plugin);
    this.#refuseTakenNames(plugin.entries);
    this.#refuseTakenRoutes(routes, plugin.entries);
    this.#admit(plugin, admit);
    for (const provider of plugin.providers) {
      this.#providers.set(provider.id, { provider, plugin: plugin.name });
      this.ids.add(provider.id);
    }
    for (const entry of plugin.entries) this.#models.add(entry);
    for (const route of routes) this.#routes.set(route.name, route);
    this.#found.clear();
  }

  /** Whoever makes a breaker or a limiter may not add anything meanwhile: what was looked at for this plugin would not hold. */
  #admit(plugin: Registered, admit: ((plugin: Registered) => void) | undefined): void {
    if (this.#isAdmitting)
      throw new TypeError(
        "`use()` cannot be called by what makes breakers and limiters: a plugin is just being added.",
      );
    this.#isAdmitting = true;
    try {
      admit?.(plugin);
    } finally {
      this.#isAdmitting = false;
    }
  }

  /** Those that no route of the user's stands before. */
  #routesOf({ name: plugin, routes }: Registered): readonly PluginRoute[] {
    const own = [...routes].filter(([name]) => !this.#targets.has(name));
    return own.map(([name, entries]) => ({ name, entries, plugin }));
  }

  find(name: string): readonly Entry[] {
    if (typeof name !== "string") throw this.#noSuchModel(name);
    const targets = this.#targets;
    if (!targets.has(name)) return this.#meantBy(name);
    const known =
      this.#found.get(name) ?? resolveRoute(name, { targets, entriesOf: (to, route) => this.#meantBy(to, route) });
    this.#found.set(name, known);
    return known;
  }

  has(name: unknown): boolean {
    return typeof name === "string" && (this.#targets.has(name) || this.#couldBe(name).length > 0);
  }

  list(): readonly ListedName[] {
    const targets = this.#targets;
    const all = new Map<string, readonly Entry[]>();
    const unclear = new Set<string>();
    for (const name of this.#inOrder) {
      all.set(name, resolveRoute(name, { targets, entriesOf: (to) => this.#couldBe(to), found: all }));
      if (targets.get(name)?.some((to) => (targets.has(to) ? unclear.has(to) : this.#isUnclear(to)))) unclear.add(name);
    }
    const ofUser = [...targets.keys()].map((name): ListedName => {
      return { name, kind: "route", entries: all.get(name) ?? [], isAmbiguous: unclear.has(name) };
    });
    const ofPlugins = [...this.#routes.values()].map(({ name, entries }): ListedName => {
      return { name, kind: "route", entries, isAmbiguous: false };
    });
    const others = [...this.#models.named].filter(([name]) => !targets.has(name));
    const ofModels = others.map(([name, entries]): ListedName => {
      const kind = entries.some(({ model }) => model.id === name) ? "model" : "alias";
      return { name, kind, entries, isAmbiguous: otherMeaning(entries) !== undefined };
    });
    return [...ofUser, ...ofPlugins, ...ofModels];
  }

  /** What a name that is no route of the user's could stand for, even if that is not clear. */
  #couldBe(name: string): readonly Entry[] {
    return this.#routes.get(name)?.entries ?? this.#models.find(name);
  }

  #isUnclear(name: string): boolean {
    return !this.#routes.has(name) && otherMeaning(this.#models.find(name)) !== undefined;
  }

  /** The same, where that is something. */
  #someOf(name: string, route?: string): readonly Entry[] {
    const entries = this.#couldBe(name);
    if (entries.length === 0) throw this.#noSuchModel(name, route);
    return entries;
  }

  /** The same, where that is clear. */
  #meantBy(name: string, route?: string): readonly Entry[] {
    const entries = this.#someOf(name, route);
    if (this.#isUnclear(name)) throw ambiguous(name, entries);
    return entries;
  }

  #refuseTakenIds({ name, providers }: Registered): void {
    const seen = new Set<string>();
    for (const { id } of providers) {
      const other = this.#providers.get(id)?.plugin ?? (seen.has(id) ? name : undefined);
      seen.add(id);
      if (other === undefined) continue;
      throw new TypeError(
        `Plugins "${other}" and "${name}" both register a provider "${id}". Give one of them another id.`,
      );
    }
  }

  /** A full name belongs to its provider: nobody else's model may answer to it. */
  #refuseTakenNames(entries: readonly Entry[]): void {
    const fullNames = new Map<string, Entry>();
    for (const entry of entries) for (const name of namesOf(entry)) fullNames.set(fullNameOf(entry, name), entry);
    for (const entry of entries) {
      for (const name of namesOf(entry)) refuseTaken(name, entry, this.#models.owner(name) ?? fullNames.get(name));
    }
    for (const [fullName, owner] of fullNames)
      for (const other of this.#models.named.get(fullName) ?? []) refuseTaken(fullName, other, owner);
  }

  /** A route of a plugin is called as nothing else is. */
  #refuseTakenRoutes(routes: readonly PluginRoute[], entries: readonly Entry[]): void {
    const added = new Entries();
    for (const entry of entries) added.add(entry);
    for (const route of routes) {
      const other = this.#routes.get(route.name);
      if (other !== undefined) {
        throw new TypeError(
          `Plugins "${other.plugin}" and "${route.plugin}" both register a route "${shortened(route.name)}". Leave one of them out, or set a route of that name yourself.`,
        );
      }
      refuseRoute(route, [...this.#models.find(route.name), ...added.find(route.name)]);
    }
    for (const route of this.#routes.values()) refuseRoute(route, added.find(route.name));
  }

  /** The error for a name that nobody has, which may be of any kind and length. */
  #noSuchModel(name: unknown, route?: string): NoSuchModelError {
    const known = new Set([...this.#targets.keys(), ...this.#routes.keys(), ...this.#models.named.keys()]);
    const asked = typeof name === "string" ? name : "";
    return new NoSuchModelError(shortened(asked), {
      available: [...known].slice(0, MOST_NAMES).map(shortened),
      suggestion: nearest(asked, known),
      route,
    });
  }
}

/** A route that a plugin brings. */
interface PluginRoute {
  readonly name: string;
  /** Name of the plugin. */
  readonly plugin: string;
  readonly entries: readonly Entry[];
}

/** Throws where a name of one provider's model is the full name of another's. */
function refuseTaken(name: string, entry: Entry, owner: Entry | undefined): void {
  if (owner === undefined || owner.provider.id === entry.provider.id) return;
  throw new TypeError(
    `The name "${shortened(name)}" of ${describe(entry)} is the full name of ${describe(owner)}. Give one of them another name.`,
  );
}

/** Throws where a model is called as a plugin's route is. */
function refuseRoute({ name, plugin }: PluginRoute, [model]: readonly Entry[]): void {
  if (model === undefined) return;
  throw new TypeError(
    `The route "${shortened(name)}" of plugin "${plugin}" is called as ${describe(model)} is. Give one of them another name, or set a route of that name yourself.`,
  );
}

function ambiguous(name: string, entries: readonly Entry[]): QwenError {
  const [one, other] = [entries[0], otherMeaning(entries)].map((entry) => (entry === undefined ? "" : describe(entry)));
  return new QwenError(
    "ambiguous_model",
    `"${name}" means ${one} and ${other}. Ask for one of them as "provider/model", or add a route "${name}" to the one you mean.`,
  );
}

function describe(entry: Entry): string {
  return `${shownEntry(entry)} of plugin "${entry.plugin}"`;
}
