import { disregard } from "../disregard.ts";
import { nearest, shortened } from "../nearest.ts";
import { isGroup, unreadable } from "../options.ts";
import type { Provider } from "../provider.ts";
import { Entries, otherMeaning, shownEntry, type Entry } from "./entry.ts";
import type { RouterEvent } from "./observers.ts";
import type { Plugin, PluginObject, Registry } from "./plugin.ts";
import { readProvider } from "../read-provider.ts";
import { readTargets, type RouteTarget } from "./routes.ts";

/** What a plugin has registered. */
export interface Registered {
  /** Name of the plugin. */
  readonly name: string;
  readonly providers: readonly Provider[];
  /** The models of its providers. */
  readonly entries: readonly Entry[];
  /** Its routes, and what they lead to. */
  readonly routes: ReadonlyMap<string, readonly Entry[]>;
  readonly observers: readonly ((event: RouterEvent) => void)[];
}

/** Lets a plugin register what it has. Throws a `TypeError` for what is no plugin, and for what it registers and is none. */
export function registeredBy(plugin: Plugin): Registered {
  if (plugin === null || typeof plugin !== "object") {
    throw new TypeError(
      `A plugin is a provider or an object with a register method, not ${plugin === null || plugin === undefined ? String(plugin) : `a ${typeof plugin}`}. Was a factory passed without calling it?`,
    );
  }
  if (!isObject(plugin)) {
    const provider = readProvider(plugin, "plugins");
    const bare = new Registration(provider.id);
    bare.add(provider);
    return bare;
  }
  const { name } = plugin;
  if (typeof plugin.register !== "function" || typeof name !== "string" || name === "")
    throw new TypeError("A plugin with register needs a name, and register must be a function.");
  const registration = new Registration(name);
  registration.fill(plugin);
  return registration;
}

function isObject(plugin: Plugin): plugin is PluginObject {
  try {
    return "register" in plugin;
  } catch (cause) {
    throw unreadable("A plugin", cause);
  }
}

class Registration implements Registered {
  readonly name: string;
  readonly providers: Provider[] = [];
  readonly entries: Entry[] = [];
  readonly routes = new Map<string, readonly Entry[]>();
  readonly observers: ((event: RouterEvent) => void)[] = [];
  readonly #models = new Entries();

  constructor(name: string) {
    this.name = name;
  }

  fill(plugin: PluginObject): void {
    let isOpen = true;
    /** Each method of a registry gives the registry. */
    const open = <Values extends readonly unknown[]>(add: (...values: Values) => void) => {
      return (...values: Values): Registry<string, string> => {
        if (!isOpen) throw this.#notAtOnce("register() has returned");
        add(...values);
        return registry;
      };
    };
    const registry: Registry<string, string> = {
      provider: open((provider: Provider) => this.add(readProvider(provider, this.name))),
      route: open((name: string, targets: RouteTarget) => this.#route(name, targets)),
      observe: open((observer: (event: RouterEvent) => void) => this.#observe(observer)),
    };
    const result: unknown = plugin.register(registry as unknown as Registry);
    isOpen = false;
    if (!isGroup(result) || !("then" in result)) return;
    disregard(result);
    throw this.#notAtOnce("register() returned a promise");
  }

  /** A provider as it was read. */
  add(provider: Provider): void {
    this.providers.push(provider);
    for (const model of provider.models) {
      const entry = { provider, model, plugin: this.name };
      this.entries.push(entry);
      this.#models.add(entry);
    }
  }

  #route(name: string, targets: RouteTarget): void {
    if (typeof name !== "string" || name === "")
      throw new TypeError(`A route of plugin "${this.name}" needs a name: a string that is not empty.`);
    if (this.routes.has(name))
      throw new TypeError(
        `Plugin "${this.name}" registers two routes "${shortened(name)}". Give one of them another name.`,
      );
    const route = `The route "${shortened(name)}" of plugin "${this.name}"`;
    const found = readTargets(targets, route).flatMap((target) => this.#find(target, route));
    this.routes.set(name, [...new Set(found)]);
  }

  /** What a name stands for within this plugin: nobody else's models are its to offer. */
  #find(target: string, route: string): readonly Entry[] {
    const entries = this.routes.get(target) ?? this.#models.find(target);
    const [first] = entries;
    if (first === undefined) {
      const known = new Set([...this.routes.keys(), ...this.#models.named.keys()]);
      const meant = nearest(target, known);
      throw new TypeError(
        `${route} leads to "${shortened(target)}", which the plugin has not registered so far${meant === undefined ? "" : ` (did you mean "${shortened(meant)}"?)`}. A plugin's route leads to models of its own.`,
      );
    }
    const second = this.routes.has(target) ? undefined : otherMeaning(entries);
    if (second === undefined) return entries;
    throw new TypeError(
      `${route} leads to "${shortened(target)}", which means ${shownEntry(first)} and ${shownEntry(second)}. Lead it to one of them as "provider/model".`,
    );
  }

  #observe(observer: (event: RouterEvent) => void): void {
    if (typeof observer !== "function")
      throw new TypeError(`An observer of plugin "${this.name}" must be a function that takes an event.`);
    this.observers.push(observer);
  }

  #notAtOnce(why: string): TypeError {
    return new TypeError(`Plugin "${this.name}" must register at once what it has: ${why}.`);
  }
}
