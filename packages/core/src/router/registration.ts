import { disregard } from "../disregard.ts";
import { nearest, shortened } from "../nearest.ts";
import { isGroup, isPlain } from "../options.ts";
import { isOwn } from "../own-functions.ts";
import { slipIn, wrongCapability } from "../provider-rules.ts";
import type { ModelInfo, Provider } from "../provider.ts";
import { readTimeouts } from "../timers.ts";
import { Entries, otherMeaning, shownEntry, type Entry } from "./entry.ts";
import type { RouterEvent } from "./observers.ts";
import type { Plugin, PluginObject, Registry } from "./plugin.ts";
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
  const registration = new Registration(nameOf(plugin));
  if ("register" in plugin) registration.fill(plugin);
  else registration.provider(plugin);
  return registration;
}

/** The name of a plugin. Throws a `TypeError` for what is no plugin. */
function nameOf(plugin: Plugin): string {
  if (plugin === null || typeof plugin !== "object") {
    throw new TypeError(
      `A plugin is a provider or an object with a register method, not ${plugin === null || plugin === undefined ? String(plugin) : `a ${typeof plugin}`}. Was a factory passed without calling it?`,
    );
  }
  if ("register" in plugin) {
    if (typeof plugin.register !== "function" || typeof plugin.name !== "string" || plugin.name === "")
      throw new TypeError("A plugin with register needs a name, and register must be a function.");
    return plugin.name;
  }
  checkProvider(plugin, "plugins");
  return plugin.id;
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
      provider: open((provider: Provider) => this.provider(provider)),
      route: open((name: string, targets: RouteTarget) => this.#route(name, targets)),
      observe: open((observer: (event: RouterEvent) => void) => this.#observe(observer)),
    };
    const result: unknown = plugin.register(registry as unknown as Registry);
    isOpen = false;
    if (!isGroup(result) || !("then" in result)) return;
    void disregard(result);
    throw this.#notAtOnce("register() returned a promise");
  }

  provider(provider: Provider): void {
    checkProvider(provider, this.name);
    const known = asItStands(provider);
    this.providers.push(known);
    for (const model of known.models) {
      const entry = { provider: known, model, plugin: this.name };
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

function modelAsItStands(model: ModelInfo): ModelInfo {
  const { aliases, capabilities } = model;
  // What stands on a prototype would be lost with a copy.
  if (!isPlain(model)) return model;
  return {
    ...model,
    ...(aliases !== undefined && { aliases: [...aliases] }),
    ...(capabilities !== undefined && { capabilities: { ...capabilities } }),
  };
}

/** A provider as it is now: what its owner makes of its names and limits later changes nothing. */
function asItStands(provider: Provider): Provider {
  const { id, models, timeouts, stream, close } = provider;
  return {
    id,
    models: models.map(modelAsItStands) as unknown as Provider["models"],
    timeouts: readTimeouts(timeouts),
    // One of ours is handed on as it is, by which it is known; somebody else's is called on its owner.
    stream: isOwn(stream) ? stream : (request) => provider.stream(request),
    ...(close !== undefined && { close: isOwn(close) ? close : () => close.call(provider) }),
  };
}

// The compiler checks this for TypeScript callers; this is for the others.
function checkProvider(provider: Provider, plugin: string): void {
  const { id, models, stream, timeouts, close } = provider ?? {};
  const complain = (what: string): TypeError =>
    new TypeError(
      `Provider ${typeof id === "string" ? JSON.stringify(shortened(id)) : "without an id"} in ${plugin}: ${what}.`,
    );
  if (typeof id !== "string" || id === "") throw complain("`id` must be a string that is not empty");
  if (id.includes("/")) throw complain('`id` may not hold a "/"');
  if (typeof stream !== "function") throw complain("`stream` must be a function");
  if (close !== undefined && typeof close !== "function") throw complain("`close` must be a function");
  if (!Array.isArray(models) || models.length === 0) throw complain("`models` must list at least one model");
  const ids = new Set<string>();
  for (const model of models) {
    if (typeof model?.id !== "string" || model.id === "") throw complain("every model needs an `id`");
    if (ids.has(model.id)) throw complain(`two of its models have the id "${shortened(model.id)}"`);
    ids.add(model.id);
    const { aliases = [], capabilities = {} } = model;
    if (!Array.isArray(aliases)) throw complain(`\`aliases\` of "${shortened(model.id)}" must be an array`);
    // With its holes, which are no names either.
    if (Array.from<unknown>(aliases).some((alias) => typeof alias !== "string" || alias === ""))
      throw complain(`every alias of "${shortened(model.id)}" must be a string that is not empty`);
    if (!isGroup(capabilities)) throw complain(`\`capabilities\` of "${shortened(model.id)}" must be an object`);
    const slip = slipIn(capabilities);
    if (slip !== undefined) throw complain(`\`capabilities\` of "${shortened(model.id)}" have no ${slip}`);
    const wrong = wrongCapability(capabilities);
    if (wrong !== undefined)
      throw complain(`\`capabilities.${wrong.name}\` of "${shortened(model.id)}" must be ${wrong.expected}`);
  }
  readTimeouts(timeouts);
}
