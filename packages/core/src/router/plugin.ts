import { disregard } from "../disregard.ts";
import { shortened } from "../nearest.ts";
import { isGroup } from "../options.ts";
import type { ModelInfo, Plugin, Provider, Registry } from "../provider.ts";
import { readTimeouts } from "../timers.ts";

/** The name of a plugin. Throws a `TypeError` for what is no plugin. */
export function nameOf(plugin: Plugin): string {
  if (plugin === null || typeof plugin !== "object") {
    throw new TypeError(
      `A plugin is a provider or an object with a register method, not ${plugin === null ? "null" : `a ${typeof plugin}`}. Was a factory passed without calling it?`,
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

/** The providers a plugin registers, in its order. Throws a `TypeError` for one that is none. */
export function providersOf(plugin: Plugin, name: string): readonly Provider[] {
  const providers: Provider[] = [];
  const registry: Registry<string, string> = {
    provider(provider) {
      checkProvider(provider, name);
      providers.push(provider);
      return registry;
    },
  };
  if (!("register" in plugin)) return [plugin];
  const result: unknown = plugin.register(registry as unknown as Registry);
  if (isGroup(result) && "then" in result) {
    void disregard(result);
    throw new TypeError(`Plugin "${name}" must register its providers at once: register() returned a promise.`);
  }
  return providers;
}

/** The names of a model, each once. */
export function namesOf({ id, aliases = [] }: ModelInfo): ReadonlySet<string> {
  return new Set([id, ...aliases]);
}

// The compiler checks this for TypeScript callers; this is for the others.
function checkProvider(provider: Provider, plugin: string): void {
  const { id, models, stream, timeouts } = provider ?? {};
  const complain = (what: string): TypeError =>
    new TypeError(
      `Provider ${typeof id === "string" ? JSON.stringify(shortened(id)) : "without an id"} in ${plugin}: ${what}.`,
    );
  if (typeof id !== "string" || id === "") throw complain("`id` must be a string that is not empty");
  if (id.includes("/")) throw complain('`id` may not hold a "/"');
  if (typeof stream !== "function") throw complain("`stream` must be a function");
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
  }
  readTimeouts(timeouts);
}
