import { NoSuchModelError, QwenError } from "../errors.ts";
import { nearest, shortened } from "../nearest.ts";
import type { ModelInfo, Plugin, Provider } from "../provider.ts";
import { nameOf, namesOf, providersOf } from "./plugin.ts";
import { readRoutes, resolveRoute, type Routes, type RouteTargets } from "./routes.ts";

/** One model of one provider: what a name finally stands for. */
export interface Entry {
  readonly provider: Provider;
  readonly model: ModelInfo;
  /** Name of the plugin that registered the provider. */
  readonly plugin: string;
}

/** So many known names stand in an error. */
const MOST_NAMES = 30;

/** The names of a router and what they stand for. */
export interface Names {
  /**
   * Adds the providers of a plugin, all or none.
   *
   * Throws a `TypeError` for a second provider of the same id, for a name that is another provider's
   * `provider/model`, and for what is no plugin.
   */
  add(plugin: Plugin): void;
  /**
   * The models a name stands for, in the order they are to be tried, each once.
   *
   * A name is looked up as a route, then as a model id or alias, then as `provider/model`. Throws
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
 * Reads the names of plugins and routes.
 *
 * Throws a `TypeError` for a route in a circle or without a target, and `no_such_model` for one to
 * a name that nothing has.
 */
export function createNames(plugins: readonly Plugin[], routes: Routes): Names {
  const byProvider = new Map<string, { readonly provider: Provider; readonly plugin: string }>();
  const ids = new Set<string>();
  const byName = new Map<string, Entry[]>();
  /** `provider/model`: of one provider alone. */
  const byFullName = new Map<string, Entry>();
  const targets = readRoutes(routes);
  /** What routes lead to, as found before. */
  let found = new Map<string, readonly Entry[]>();

  function add(plugin: Plugin): void {
    const name = nameOf(plugin);
    const added = providersOf(plugin, name);
    for (const { id } of added) {
      const other = byProvider.get(id)?.plugin ?? (added.filter((one) => one.id === id).length > 1 ? name : undefined);
      if (other === undefined) continue;
      throw new TypeError(
        `Plugins "${other}" and "${name}" both register a provider "${id}". Give one of them another id.`,
      );
    }
    const entries = added.flatMap((provider) =>
      provider.models.map((model): Entry => ({ provider, model, plugin: name })),
    );
    refuseTakenNames(entries);
    for (const provider of added) {
      byProvider.set(provider.id, { provider, plugin: name });
      ids.add(provider.id);
    }
    for (const entry of entries) {
      for (const modelName of namesOf(entry.model)) {
        const sharing = byName.get(modelName);
        if (sharing === undefined) byName.set(modelName, [entry]);
        else sharing.push(entry);
        const fullName = `${entry.provider.id}/${modelName}`;
        // Of two models of one provider that share a name, the first has it.
        if (!byFullName.has(fullName)) byFullName.set(fullName, entry);
      }
    }
    found = new Map();
  }

  /** A full name belongs to its provider: nobody else's model may answer to it. */
  function refuseTakenNames(entries: readonly Entry[]): void {
    const fullNames = new Map<string, Entry>();
    for (const entry of entries)
      for (const name of namesOf(entry.model)) fullNames.set(`${entry.provider.id}/${name}`, entry);
    for (const entry of entries) {
      for (const name of namesOf(entry.model)) refuseTaken(name, entry, byFullName.get(name) ?? fullNames.get(name));
    }
    for (const [fullName, owner] of fullNames)
      for (const other of byName.get(fullName) ?? []) refuseTaken(fullName, other, owner);
  }

  /** The models of a name that is no route: those that could be meant, even if that is not clear. */
  function findAny(name: string): readonly Entry[] {
    const full = byFullName.get(name);
    return byName.get(name) ?? (full === undefined ? [] : [full]);
  }

  function findModel(name: string, route?: string): readonly Entry[] {
    const entries = findAny(name);
    const [first] = entries;
    if (first === undefined) throw noSuchModel(name, route);
    const second = entries.find(({ model }) => model.id !== first.model.id);
    if (second !== undefined) throw ambiguous(name, first, second);
    return entries;
  }

  function find(name: string): readonly Entry[] {
    if (typeof name !== "string") throw noSuchModel(name);
    if (!targets.has(name)) return findModel(name);
    const known = found.get(name) ?? resolveRoute(name, { targets, entriesOf: findModel });
    found.set(name, known);
    return known;
  }

  const noSuchModel = (name: unknown, route?: string): NoSuchModelError =>
    unknownName(name, { known: new Set([...targets.keys(), ...byName.keys()]), route });

  for (const plugin of plugins) add(plugin);
  // For the errors: names with two meanings are one only for who asks for them.
  const entriesOf = (name: string, route: string): readonly Entry[] => {
    const entries = findAny(name);
    if (entries.length === 0) throw noSuchModel(name, route);
    return entries;
  };
  /** Each after those that it leads to. */
  const routeNames = new Set<string>();
  for (const name of targets.keys()) resolveRoute(name, { targets, entriesOf, read: routeNames });

  return {
    add,
    find,
    has: (name) => typeof name === "string" && (targets.has(name) || byName.has(name) || byFullName.has(name)),
    list() {
      const all = new Map<string, readonly Entry[]>();
      for (const name of routeNames) all.set(name, resolveRoute(name, { targets, entriesOf, found: all }));
      const unclear = unclearRoutes(routeNames, targets, findAny);
      const listed = [...targets.keys()].map((name): ListedName => ({
        name,
        kind: "route",
        entries: all.get(name) ?? [],
        isAmbiguous: unclear.has(name),
      }));
      for (const [name, entries] of byName) {
        if (targets.has(name)) continue;
        const kind = entries.some(({ model }) => model.id === name) ? "model" : "alias";
        listed.push({ name, kind, entries, isAmbiguous: isUnclear(entries) });
      }
      return listed;
    },
    ids,
    get providers() {
      return [...byProvider.values()].map(({ provider }) => provider);
    },
  };
}

/** The routes that lead to a name with two meanings. Each of `routeNames` comes after those that it leads to. */
function unclearRoutes(
  routeNames: ReadonlySet<string>,
  targets: RouteTargets,
  findAny: (name: string) => readonly Entry[],
): ReadonlySet<string> {
  const unclear = new Set<string>();
  for (const name of routeNames) {
    const leads = targets.get(name) ?? [];
    if (leads.some((to) => (targets.has(to) ? unclear.has(to) : isUnclear(findAny(to))))) unclear.add(name);
  }
  return unclear;
}

/** Whether it could be one model or another. */
function isUnclear([first, ...others]: readonly Entry[]): boolean {
  return others.some(({ model }) => model.id !== first?.model.id);
}

/** Throws where a name of one provider's model is the full name of another's. */
function refuseTaken(name: string, entry: Entry, owner: Entry | undefined): void {
  if (owner === undefined || owner.provider.id === entry.provider.id) return;
  throw new TypeError(
    `The name "${shortened(name)}" of ${describe(entry)} is the full name of ${describe(owner)}. Give one of them another name.`,
  );
}

/** The error for a name that nobody has, which may be of any kind and length. */
function unknownName(
  name: unknown,
  { known, route }: { readonly known: ReadonlySet<string>; readonly route: string | undefined },
): NoSuchModelError {
  const asked = typeof name === "string" ? name : `(${name === null ? "null" : typeof name})`;
  return new NoSuchModelError(shortened(asked), {
    available: [...known].slice(0, MOST_NAMES).map(shortened),
    suggestion: nearest(asked, known),
    route,
  });
}

function ambiguous(name: string, one: Entry, other: Entry): QwenError {
  return new QwenError(
    "ambiguous_model",
    `"${name}" means ${describe(one)} and ${describe(other)}. Ask for one of them as "provider/model", or add a route "${name}" to the one you mean.`,
  );
}

function describe({ provider, model, plugin }: Entry): string {
  return `"${provider.id}/${model.id}" of plugin "${plugin}"`;
}
