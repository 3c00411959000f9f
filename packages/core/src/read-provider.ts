import { copyOfList } from "./list-copy.ts";
import { shortened } from "./nearest.ts";
import { isGroup } from "./options.ts";
import { isOwn } from "./own-functions.ts";
import { CAPABILITY_RULES, slipIn, wrongCapability } from "./provider-rules.ts";
import type { Capabilities, ModelInfo, Provider } from "./provider.ts";
import { readTimeouts } from "./timers.ts";

/**
 * A provider as it is now, each of its fields read once, wherever it keeps them: what its owner makes of its names and limits
 * later changes nothing. `owner` is who brings it.
 *
 * Throws a `TypeError` that names the provider for what is none. The compiler checks most of it for TypeScript callers.
 */
export function readProvider(provider: Provider, owner: string): Provider {
  const read = new ProviderReader(provider, owner);
  const id = read.id();
  const models = read.models();
  const stream = read.required("stream");
  const close = read.field("close");
  if (close !== undefined && typeof close !== "function") throw read.wrong("`close` must be a function");
  return {
    id,
    models,
    timeouts: readTimeouts(read.field("timeouts")),
    // One of ours is handed on as it is, by which it is known; somebody else's is called on its owner.
    stream: isOwn(stream) ? stream : (request) => stream.call(provider, request),
    ...(close !== undefined && { close: isOwn(close) ? close : () => close.call(provider) }),
  };
}

class ProviderReader {
  readonly #provider: Partial<Provider>;
  readonly #owner: string;
  #id: string | undefined;

  constructor(provider: Provider, owner: string) {
    this.#provider = isGroup(provider) ? provider : {};
    this.#owner = owner;
  }

  id(): string {
    const id = this.field("id");
    if (typeof id !== "string" || id === "") throw this.wrong("`id` must be a string that is not empty");
    this.#id = id;
    if (id.includes("/")) throw this.wrong('`id` may not hold a "/"');
    return id;
  }

  models(): Provider["models"] {
    const given = this.field("models");
    const list = this.#read("`models`", () => (Array.isArray(given) ? copyOfList<ModelInfo>(given) : []));
    if (list.length === 0) throw this.wrong("`models` must list at least one model");
    const models = list.map((model, at) => this.#model(model, `\`models[${at}]\``));
    const ids = new Set<string>();
    for (const { id } of models) {
      if (ids.has(id)) throw this.wrong(`two of its models have the id "${shortened(id)}"`);
      ids.add(id);
    }
    return models as readonly ModelInfo[] as Provider["models"];
  }

  required(name: "stream"): Provider["stream"] {
    const value = this.field(name);
    if (typeof value !== "function") throw this.wrong(`\`${name}\` must be a function`);
    return value;
  }

  field<Name extends keyof Provider>(name: Name): Partial<Provider>[Name] {
    return this.#read(`\`${name}\``, () => this.#provider[name]);
  }

  wrong(what: string, options?: ErrorOptions): TypeError {
    const which = this.#id === undefined ? "without an id" : JSON.stringify(shortened(this.#id));
    return new TypeError(`Provider ${which} in ${this.#owner}: ${what}.`, options);
  }

  /** The words of what it throws may hold a secret: they are the cause. */
  #read<Value>(what: string, read: () => Value): Value {
    try {
      return read();
    } catch (cause) {
      throw this.wrong(`${what} cannot be read, it throws`, { cause });
    }
  }

  /** With whatever else it says of itself. */
  #model(model: ModelInfo, where: string): ModelInfo {
    const { id, aliases, label, capabilities, own } = this.#read(where, () => partsOf(model));
    if (typeof id !== "string" || id === "") throw this.wrong("every model needs an `id`");
    const shown = `of "${shortened(id)}"`;
    return {
      ...own,
      id,
      ...(label !== undefined && { label }),
      ...(aliases !== undefined && { aliases: this.#aliases(aliases, shown) }),
      ...(capabilities !== undefined && { capabilities: this.#capabilities(capabilities, shown) }),
    };
  }

  #aliases(aliases: readonly string[], shown: string): readonly string[] {
    const list = this.#read(`\`aliases\` ${shown}`, () =>
      Array.isArray(aliases) ? copyOfList<unknown>(aliases) : undefined,
    );
    if (list === undefined) throw this.wrong(`\`aliases\` ${shown} must be an array`);
    if (list.some((alias) => typeof alias !== "string" || alias === ""))
      throw this.wrong(`every alias ${shown} must be a string that is not empty`);
    return list as readonly string[];
  }

  #capabilities(given: Capabilities, shown: string): Capabilities {
    const what = `\`capabilities\` ${shown}`;
    if (!isGroup(given)) throw this.wrong(`${what} must be an object`);
    const capabilities = this.#read(what, () => capabilitiesIn(given));
    const slip = slipIn(capabilities);
    if (slip !== undefined) throw this.wrong(`${what} have no ${slip}`);
    const wrong = this.#read(`\`capabilities.settings\` ${shown}`, () => wrongCapability(capabilities));
    if (wrong !== undefined) throw this.wrong(`\`capabilities.${wrong.name}\` ${shown} must be ${wrong.expected}`);
    const { settings } = capabilities;
    return settings === undefined ? capabilities : { ...capabilities, settings: [...settings] };
  }
}

function partsOf(model: ModelInfo): Partial<ModelInfo> & { readonly own: object } {
  if (!isGroup(model)) return { own: {} };
  const own: Partial<ModelInfo> = { ...model };
  // Those of a class may stand on its prototype.
  const { id = model.id, aliases = model.aliases, label = model.label, capabilities = model.capabilities } = own;
  return { id, aliases, label, capabilities, own };
}

function capabilitiesIn(given: Capabilities): Capabilities {
  const read: Record<string, unknown> = { ...given };
  for (const name of Object.keys(CAPABILITY_RULES) as (keyof Capabilities)[]) {
    const value = name in read ? read[name] : given[name];
    if (value !== undefined) read[name] = value;
  }
  return read;
}
