import { historyOf, type KeptResponse, type KeptResponses, responseOf } from "./kept-responses.ts";
import { Refusal } from "./refusal.ts";
import type { Item, ItemReference } from "./wire/response-items.ts";

/** What one request may go back to, in characters. A few bytes of one name what is large, as often as they like. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** What a piece counts for at least: however short it is, a hundred thousand take their time. */
const LEAST_CHARACTERS = 640;

/**
 * Goes back to what was kept for the caller of one request. Each response is read once, however often the request names it, and all
 * that is read and named has a bound: beyond it there is a {@link Refusal}, a 413.
 */
export class Recall {
  readonly #kept: KeptResponses;
  readonly #owner: string;
  readonly #read = new Map<string, ReadonlyMap<string, Item>>();
  readonly #sizes = new Map<Item, number>();
  #left = MOST_CHARACTERS;

  constructor(kept: KeptResponses, owner: string) {
    this.#kept = kept;
    this.#owner = owner;
  }

  /** The response of an id, where one was kept. */
  async response(id: string): Promise<KeptResponse | undefined> {
    let most = 0;
    const kept = await this.#kept.find(this.#owner, id, (characters) => this.#take((most = characters)));
    if (kept !== undefined) this.#take(Math.max(0, leastOf(historyOf(kept)) - most));
    return kept;
  }

  /** The items of an input, with what was kept in place of references. One that names nothing is a {@link Refusal}, a 404. */
  async items(input: readonly (Item | ItemReference)[]): Promise<readonly Item[]> {
    const items: Item[] = [];
    // One after the other: what they read is not all held at a time.
    for (const [index, item] of input.entries())
      items.push(isReference(item) ? await this.#named(item, `input[${index}].id`) : item);
    return items;
  }

  async #named({ id }: ItemReference, param: string): Promise<Item> {
    const response = responseOf(id);
    const item = response === undefined ? undefined : (await this.#itemsOf(response)).get(id);
    if (item === undefined) {
      const message = "No such item was kept for this key: send it as it is.";
      throw new Refusal({ status: 404, code: "item_not_found", param, message });
    }
    const size = this.#sizes.get(item) ?? Math.max(JSON.stringify(item).length, leastOf([item]));
    this.#sizes.set(item, size);
    this.#take(size);
    return item;
  }

  async #itemsOf(response: string): Promise<ReadonlyMap<string, Item>> {
    const known = this.#read.get(response);
    if (known !== undefined) return known;
    const kept = await this.response(response);
    // The first of an id, as a caller may give several one.
    const items = kept === undefined ? [] : historyOf(kept).toReversed();
    const byId = new Map(items.map((item) => [item.id, item]));
    this.#read.set(response, byId);
    return byId;
  }

  #take(characters: number): void {
    this.#left -= characters;
    if (this.#left >= 0) return;
    throw new Refusal({
      status: 413,
      code: "request_too_large",
      message: `All that the request goes back to is larger than ${MOST_CHARACTERS} characters, or has too many parts.`,
    });
  }
}

/** What items count for by their pieces: themselves, and the parts that they are made of. */
function leastOf(items: readonly Item[]): number {
  let pieces = items.length;
  for (const { content, output, summary } of items)
    for (const parts of [content, output, summary]) if (Array.isArray(parts)) pieces += parts.length;
  return pieces * LEAST_CHARACTERS;
}

function isReference(item: Item | ItemReference): item is ItemReference {
  return item.type === "item_reference";
}
