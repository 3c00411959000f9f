import { shortened } from "../nearest.ts";
import type { ModelInfo, Provider } from "../provider.ts";

/** One model of one provider: what a name finally stands for. */
export interface Entry {
  readonly provider: Provider;
  readonly model: ModelInfo;
  /** Name of the plugin that registered the provider. */
  readonly plugin: string;
}

/** Models by their names: ids, aliases, and `provider/model` of each. */
export class Entries {
  readonly #byName = new Map<string, Entry[]>();
  /** `provider/model`: of one provider alone. */
  readonly #byFullName = new Map<string, Entry>();

  add(entry: Entry): void {
    for (const name of namesOf(entry)) {
      const sharing = this.#byName.get(name);
      if (sharing === undefined) this.#byName.set(name, [entry]);
      else sharing.push(entry);
      const fullName = fullNameOf(entry, name);
      // Of two models of one provider that share a name, the one whose id it is has it, else the first.
      if (name === entry.model.id || !this.#byFullName.has(fullName)) this.#byFullName.set(fullName, entry);
    }
  }

  /** Ids and aliases, in the order they came. */
  get named(): ReadonlyMap<string, readonly Entry[]> {
    return this.#byName;
  }

  /** Whose full name it is. */
  owner(fullName: string): Entry | undefined {
    return this.#byFullName.get(fullName);
  }

  /** Those that could be meant by a name, even if that is not clear. */
  find(name: string): readonly Entry[] {
    const full = this.#byFullName.get(name);
    return this.#byName.get(name) ?? (full === undefined ? [] : [full]);
  }
}

/** The names of a model, each once. */
export function namesOf({ model: { id, aliases = [] } }: Pick<Entry, "model">): ReadonlySet<string> {
  return new Set([id, ...aliases]);
}

/** The name of a model that no other provider has. */
export function fullNameOf({ provider }: Entry, name: string): string {
  return `${provider.id}/${name}`;
}

/** One with which a name has a second meaning, beside that of the first. */
export function otherMeaning([first, ...others]: readonly Entry[]): Entry | undefined {
  return others.find(({ model }) => model.id !== first?.model.id);
}

/** A model as messages show it. */
export function shownEntry({ provider, model }: Entry): string {
  return `"${shortened(`${provider.id}/${model.id}`)}"`;
}
