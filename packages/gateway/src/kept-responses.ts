import { sleep } from "@qwen/core/http";

import { Refusal } from "./refusal.ts";
import { isShared, type ResponseStore } from "./store.ts";
import { lookedUp } from "./lookup.ts";
import type { Body } from "./wire/fields.ts";
import type { Item } from "./wire/response-items.ts";

/** A response that its caller may come back to. It is JSON. */
export interface KeptResponse {
  readonly response: Body;
  /** All that was said up to its answer, which `response` holds. */
  readonly asked: readonly Item[];
  /** How much of it was said before: the rest is its own input. */
  readonly before: number;
  /** The name it was asked of. */
  readonly model: string;
}

/** What one that goes on with a response begins with. */
export function historyOf({ asked, response }: KeptResponse): readonly Item[] {
  return [...asked, ...(response["output"] as readonly Item[])];
}

/** Responses as they are kept, seen by the key that made them alone. */
export class KeptResponses {
  readonly #store: ResponseStore;
  /** Those that are on their way into the store, or out of it: who asks for one waits for it. */
  readonly #coming = new Map<string, Promise<void>>();

  constructor(store: ResponseStore) {
    this.#store = store;
  }

  /**
   * Keeps a response, and where the model's own memory of it is; one that the store does not take is not kept, and nobody's answer fails
   * for that.
   */
  keep(owner: string, id: string, kept: KeptResponse, memory?: string): void {
    this.#follow(id, this.#put(owner, id, { kept, memory }, this.#coming.get(id)));
  }

  /**
   * Where the model's own memory of a response is, for the first alone who goes on in it, by whichever process: behind that it holds
   * what came next.
   */
  async takeMemory(owner: string, id: string): Promise<string | undefined> {
    return this.#try(async () => {
      const memory = await this.#store.get(owner, memoryOf(id));
      return typeof memory === "string" && (await this.#store.delete(owner, memoryOf(id))) ? memory : undefined;
    });
  }

  #follow(id: string, work: Promise<unknown>): void {
    const over = (): void => {
      if (this.#coming.get(id) === coming) this.#coming.delete(id);
    };
    const coming: Promise<void> = work.then(over, over);
    this.#coming.set(id, coming);
  }

  /**
   * Rejects with a {@link Refusal}, a 503, where the store does not answer; and with what `onSize`, which is told the characters of it
   * before it is read, throws.
   */
  async find(owner: string, id: string, onSize?: (characters: number) => void): Promise<KeptResponse | undefined> {
    const value = await lookedUp(async () => {
      await this.#coming.get(id);
      return this.#get(owner, id);
    }, unavailable);
    // A store of somebody else's may say otherwise that there is none.
    if (typeof value !== "string") return undefined;
    onSize?.(value.length);
    const kept = keptIn(value);
    if (kept === undefined || !isUnfinished(kept.response)) return kept;
    const said = await lookedUp(() => this.#store.get(owner, signOf(id)), unavailable);
    return Date.now() - Number(said ?? 0) > LONGEST_SILENCE_MS ? interrupted(kept) : kept;
  }

  /** Whether there is one, as far as the store says. */
  async has(owner: string, id: string): Promise<boolean> {
    return this.find(owner, id).then(
      (known) => known !== undefined,
      () => true,
    );
  }

  /**
   * Says from now on that a response is being made, so that one whose process was ended does not seem so for ever to whoever shares the
   * store. Until the returned function is called.
   */
  making(owner: string, id: string): () => void {
    const say = (): void => void this.#try(() => this.#store.put(owner, signOf(id), String(Date.now())));
    say();
    const timer = setInterval(say, SIGN_EVERY_MS);
    return () => {
      clearInterval(timer);
      void this.#try(async () => {
        // What it became is there before.
        await this.#coming.get(id);
        await this.#store.delete(owner, signOf(id));
      });
    };
  }

  /** Whether there was one. Rejects as `find()`. */
  async delete(owner: string, id: string): Promise<boolean> {
    const going = lookedUp(async () => {
      await this.#coming.get(id);
      const [wasKept] = await Promise.all([id, memoryOf(id)].map((key) => this.#store.delete(owner, key)));
      return wasKept === true;
    }, unavailable);
    this.#follow(id, going);
    return going;
  }

  /** Waits until what is on its way for an id is there, as long as a store may take for anything. */
  async arrived(id: string): Promise<void> {
    await this.#try(async () => this.#coming.get(id));
  }

  /** Waits for what is on its way, as long as a store may take for anything. */
  async close(): Promise<void> {
    await lookedUp(() => Promise.all(this.#coming.values()), unavailable).catch(() => {});
  }

  /** What another process has just answered with may be on its way still, and its caller quicker. */
  async #get(owner: string, id: string): Promise<string | undefined> {
    const value = await this.#store.get(owner, id);
    if ((value ?? undefined) !== undefined || !isShared(this.#store) || !/^resp_[\da-f]{32}$/.test(id)) return value;
    const until = performance.now() + LOOK_AGAIN_MS;
    for (let pauseMs = 5; performance.now() + pauseMs < until; pauseMs *= 2) {
      await sleep(pauseMs);
      const later = await this.#store.get(owner, id);
      if (typeof later === "string") return later;
    }
    return undefined;
  }

  async #put(
    owner: string,
    id: string,
    { kept, memory }: { readonly kept: KeptResponse; readonly memory: string | undefined },
    before: Promise<void> | undefined,
  ): Promise<void> {
    // A store may take two at once in any order, and the earlier one would stand.
    await before;
    // Not in the turn in which the answer ends: of a large one, writing it takes its time.
    await new Promise((resolve) => void setTimeout(resolve, 0));
    // The answer is the caller's all the same; whoever comes back for it is told that there is none.
    await this.#try(() => this.#store.put(owner, id, JSON.stringify(kept)));
    if (memory !== undefined) await this.#try(() => this.#store.put(owner, memoryOf(id), memory));
  }

  /** What fails is nobody's to hear: it goes on without. */
  async #try<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await lookedUp(work, unavailable);
    } catch {
      return undefined;
    }
  }
}

/** Whether a response is being made still. */
export function isUnfinished({ status }: Body): boolean {
  return UNFINISHED.has(String(status));
}

const UNFINISHED: ReadonlySet<string> = new Set(["queued", "in_progress"]);
/** How long it is looked again for what is not there, in ms. */
const LOOK_AGAIN_MS = 500;
const SIGN_EVERY_MS = 15_000;
const LONGEST_SILENCE_MS = 60_000;

/** No caller can ask for it: what is kept there is no response. */
function signOf(id: string): string {
  return `${id} is being made`;
}

/** Nor for this. */
function memoryOf(id: string): string {
  return `${id} is remembered`;
}

function interrupted(kept: KeptResponse): KeptResponse {
  const error = { code: "server_error", message: "The process that made the response has ended." };
  return { ...kept, response: { ...kept.response, status: "failed", error } };
}

/** What is no response is none: it was kept by another version, or is damaged. */
function keptIn(value: string): KeptResponse | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(value);
  } catch {
    return undefined;
  }
  const { response, asked, before, model } = (kept ?? {}) as Partial<Record<keyof KeptResponse, unknown>>;
  const isOne =
    isBody(response) &&
    typeof response["status"] === "string" &&
    isItems(response["output"]) &&
    isItems(asked) &&
    typeof before === "number" &&
    typeof model === "string";
  return isOne ? (kept as KeptResponse) : undefined;
}

function isItems(value: unknown): boolean {
  return Array.isArray(value) && value.every(isItem);
}

function isItem(item: unknown): boolean {
  if (!isBody(item) || typeof item["type"] !== "string") return false;
  if (item["type"] === "message") return isParts(item["content"]);
  const { output } = item;
  return item["type"] !== "function_call_output" || typeof output === "string" || isParts(output);
}

function isParts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isBody);
}

function isBody(value: unknown): value is Body {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function unavailable(): Refusal {
  return new Refusal({
    status: 503,
    code: "store_unavailable",
    message: "What was kept cannot be looked up now. Try again.",
    headers: { "retry-after": "1" },
  });
}

/** Ids of one response and of its items: 128 random bits, and by the id of an item the response is found that it is of. */
export class ResponseIds {
  readonly #bits = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  #items = 0;

  get id(): string {
    return `resp_${this.#bits}`;
  }

  /** The id of the next item. */
  readonly next = (prefix: string): string => `${prefix}_${this.#bits}_${this.#items++}`;
}

/** The response that an item is of, by its id. */
export function responseOf(itemId: string): string | undefined {
  const match = /^[a-z]{2,4}_([\da-f]{32})_\d{1,6}$/.exec(itemId);
  return match === null ? undefined : `resp_${match[1]}`;
}
