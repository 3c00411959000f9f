import { aLimitMs, aWholeNumber, readOptions, type Rules } from "@qwen/core/http";

/** Where responses are kept that a caller may come back to. What one caller keeps, no other one finds. */
export interface ResponseStore {
  get(owner: string, id: string): Promise<string | undefined>;
  /** Keeps a value in place of an earlier one. One that is too large for all there is room for is not kept: whether it was. */
  put(owner: string, id: string, value: string): Promise<boolean>;
  /** Whether there was one. */
  delete(owner: string, id: string): Promise<boolean>;
  close(): Promise<void>;
}

/** What a store keeps at most. What is too much goes, the oldest first. */
export interface StoreOptions {
  /** How long a value is kept, in ms. @defaultValue 1 hour */
  readonly ttlMs?: number | undefined;
  /**
   * A response counts once more where its model remembers it, and while it is made in the background.
   *
   * @defaultValue 10,000
   */
  readonly maxEntries?: number | undefined;
  /** Of all values, in bytes. @defaultValue 256 MiB */
  readonly maxBytes?: number | undefined;
}

/** Reads the options of a store. Throws a `TypeError` for one that is none. */
export function readStoreOptions(
  options: StoreOptions | undefined,
): Required<{ [Name in keyof StoreOptions]: number }> {
  const {
    ttlMs = 3_600_000,
    maxEntries = 10_000,
    maxBytes = 256 * 1024 * 1024,
  } = readOptions("options", options, RULES) ?? {};
  return { ttlMs, maxEntries, maxBytes };
}

const RULES: Rules<StoreOptions> = { ttlMs: aLimitMs, maxEntries: aWholeNumber, maxBytes: aWholeNumber };

/** Keeps responses in the memory of this process. Throws a `TypeError` for an option that is none. */
export function memoryStore(options?: StoreOptions): ResponseStore {
  return new MemoryStore(readStoreOptions(options));
}

/** Whether other processes may put into it as well. */
export function isShared(store: ResponseStore): boolean {
  return !(store instanceof MemoryStore);
}

interface Entry {
  readonly value: string;
  readonly bytes: number;
  readonly expiresAt: number;
}

class MemoryStore implements ResponseStore {
  readonly #limits: ReturnType<typeof readStoreOptions>;
  // In the order they came, which is that in which they expire.
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  /** Before that none expires. */
  #nextExpiry = 0;

  constructor(limits: ReturnType<typeof readStoreOptions>) {
    this.#limits = limits;
  }

  async get(owner: string, id: string): Promise<string | undefined> {
    this.#sweep();
    return this.#entries.get(keyOf(owner, id))?.value;
  }

  async put(owner: string, id: string, value: string): Promise<boolean> {
    const { ttlMs, maxBytes } = this.#limits;
    const key = keyOf(owner, id);
    this.#drop(key);
    // A string has two bytes a character, or one.
    const bytes = (value.length + key.length) * 2;
    if (bytes > maxBytes) return false;
    this.#entries.set(key, { value, bytes, expiresAt: Date.now() + ttlMs });
    this.#bytes += bytes;
    this.#sweep();
    return true;
  }

  async delete(owner: string, id: string): Promise<boolean> {
    this.#sweep();
    return this.#drop(keyOf(owner, id));
  }

  async close(): Promise<void> {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #sweep(): void {
    const { maxEntries, maxBytes } = this.#limits;
    const now = Date.now();
    const isFull = (): boolean => this.#entries.size > maxEntries || this.#bytes > maxBytes;
    // To find the oldest takes the longer the more were dropped or renewed.
    if (now < this.#nextExpiry && !isFull()) return;
    for (const [key, { expiresAt }] of this.#entries) {
      this.#nextExpiry = expiresAt;
      if (now < expiresAt && !isFull()) return;
      this.#drop(key);
    }
  }

  #drop(key: string): boolean {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    return this.#entries.delete(key);
  }
}

/** Ids of keys have no space in them. */
function keyOf(owner: string, id: string): string {
  return `${owner} ${id}`;
}
