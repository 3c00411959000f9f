import { aCountFrom, anObject, aWholeNumber, readable, readOptions, type Rule, type Rules } from "@qwen/core/http";
import { CAP_RULES, POLICY_RULES, type Policy, type PolicyCaps } from "./policy.ts";
import { Refusal } from "./refusal.ts";
import { lookedUp } from "./lookup.ts";

/** What a key allows. What is not set is not limited, beyond what the gateway's own `limits` say. */
export interface KeyOptions {
  /** What it is for, in the operator's words. Shown to nobody else. */
  readonly note?: string | undefined;
  /** The names of models it may ask for: routes, aliases, model ids. @defaultValue all */
  readonly models?: readonly string[] | undefined;
  /** Requests that begin within a minute. */
  readonly requestsPerMinute?: number | undefined;
  /** Requests under way at a time. */
  readonly concurrency?: number | undefined;
  /** How its requests are tried where they do not say. @defaultValue as the route's and the gateway's policies say */
  readonly policy?: Policy | undefined;
  /** What none of its requests goes beyond, besides what holds for all. */
  readonly caps?: PolicyCaps | undefined;
  /** From then on it is unknown: a `Date`, or a date as `Date.parse()` reads it. @defaultValue never */
  readonly expires?: string | Date | undefined;
}

/** A key as it is kept: all but the key. It is JSON. */
export interface KeyRecord {
  /** How logs name it. */
  readonly id: string;
  /** SHA-256 of the key, in hexadecimal digits. */
  readonly hash: string;
  readonly note?: string | undefined;
  readonly models?: readonly string[] | undefined;
  readonly requestsPerMinute?: number | undefined;
  readonly concurrency?: number | undefined;
  readonly policy?: Policy | undefined;
  readonly caps?: PolicyCaps | undefined;
  /** As `Date.parse()` reads it. */
  readonly expires?: string | undefined;
  readonly revoked?: boolean | undefined;
}

/** Where keys are kept. */
export interface KeyStore {
  /**
   * The record whose `hash` that is, as it stands now, with what `createKey()` puts into one and nothing else. What throws, takes longer
   * than 5 s, or is no record, is answered with a 503.
   */
  find(hash: string): KeyRecord | undefined | Promise<KeyRecord | undefined>;
}

/** A key that was just made: the only time it is shown. */
export interface CreatedKey {
  /** What the caller sends as `Authorization: Bearer …`. It cannot be had again. */
  readonly key: string;
  /** What is kept of it. */
  readonly record: KeyRecord;
}

/**
 * Makes a key of 256 random bits, and the record to keep of it. Rejects with a `TypeError` for an option that is none.
 *
 * @example
 * ```ts
 * const { key, record } = await createKey({ note: "the blog", requestsPerMinute: 60 });
 * const gateway = createGateway({ router, keys: [record] });
 * ```
 */
export async function createKey(options?: KeyOptions): Promise<CreatedKey> {
  const allowed = readAllowed("options", options);
  const key = `sk-qwen-${base64Url(crypto.getRandomValues(new Uint8Array(32)))}`;
  const id = `key_${hexadecimal(crypto.getRandomValues(new Uint8Array(8)))}`;
  return {
    key,
    record: { id, hash: await hashOf(key), ...allowed },
  };
}

/** Finds the record of the key that a request came with. */
export interface Keys {
  /**
   * Rejects with a {@link Refusal}: the same 401 for a key that is missing, unknown, expired or revoked, 503 where the store
   * does not answer.
   */
  recordOf(request: Request): Promise<KeyRecord>;
}

/** Reads the option `keys`. Throws a `TypeError` for what are none. */
export function readKeys(keys: readonly KeyRecord[] | KeyStore): Keys {
  const store = isList(keys) ? keyList(keys) : keys;
  if (typeof store !== "object" || store === null || !("find" in store) || typeof store.find !== "function")
    throw new TypeError("`keys` must be an array of records that `createKey()` made, or a store with `find(hash)`.");
  return {
    async recordOf(request) {
      const key = bearerOf(request.headers);
      if (key === undefined) throw unknownKey();
      const hash = await hashOf(key);
      const record = await found(store, hash);
      if (record === undefined || !isSame(record.hash, hash) || isOver(record)) throw unknownKey();
      return record;
    },
  };
}

function isList(keys: readonly KeyRecord[] | KeyStore): keys is readonly KeyRecord[] {
  return Array.isArray(keys);
}

async function found(store: KeyStore, hash: string): Promise<KeyRecord | undefined> {
  return lookedUp(async () => {
    const record = await store.find(hash);
    return record === undefined || record === null ? undefined : readRecord(record);
  }, keysUnavailable);
}

function keysUnavailable(): Refusal {
  return new Refusal({
    status: 503,
    code: "keys_unavailable",
    message: "Keys cannot be looked up now. Try again.",
    headers: { "retry-after": "1" },
  });
}

/** A list of records as a store. Throws a `TypeError` for what is no list of records. */
export function keyList(records: readonly unknown[]): KeyStore {
  const known = new Map<string, KeyRecord>();
  const ids = new Set<string>();
  for (const given of records) {
    const record = readRecord(given);
    if (known.has(record.hash) || ids.has(record.id)) throw new TypeError(`The key "${record.id}" is there twice.`);
    known.set(record.hash, record);
    ids.add(record.id);
  }
  return { find: (hash) => known.get(hash) };
}

/** A record as it stands, copied. Throws a `TypeError` for what is none. */
export function readRecord(given: unknown): KeyRecord {
  if (typeof given !== "object" || given === null) throw new TypeError("A key's record must be an object.");
  const { id, hash, revoked, ...allowed } = readable("keys", (): Partial<KeyRecord> => ({ ...given }));
  if (typeof id !== "string" || !/^[\w-]{1,64}$/.test(id))
    throw new TypeError("The `id` of a key must be 1 to 64 letters, digits, _ or -.");
  if (typeof hash !== "string" || !/^[\da-f]{64}$/.test(hash))
    throw new TypeError(`The \`hash\` of the key "${id}" must be the 64 hexadecimal digits of a SHA-256.`);
  if (revoked !== undefined && typeof revoked !== "boolean")
    throw new TypeError(`\`revoked\` of the key "${id}" must be true or false.`);
  return { id, hash, ...(revoked !== undefined && { revoked }), ...readAllowed(`keys.${id}`, allowed) };
}

/** What a key allows, copied. */
function readAllowed(owner: string, given: KeyOptions | undefined): Omit<KeyRecord, "id" | "hash"> {
  const { expires, models, policy, caps, ...others } = readOptions(owner, given, RULES) ?? {};
  return {
    ...others,
    ...(models !== undefined && { models: [...models] }),
    ...(policy !== undefined && { policy: readOptions(`${owner}.policy`, policy, POLICY_RULES) }),
    ...(caps !== undefined && { caps: readOptions(`${owner}.caps`, caps, CAP_RULES) }),
    ...(expires !== undefined && { expires: new Date(expires).toISOString() }),
  };
}

/** SHA-256 of a key, in hexadecimal digits. A key has 256 random bits: nothing slower is needed. */
async function hashOf(key: string): Promise<string> {
  return hexadecimal(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key))));
}

/** Never out of the URL, which is written into logs everywhere. */
function bearerOf(headers: Headers): string | undefined {
  const match = /^bearer +([!-~]{1,512})$/i.exec(headers.get("authorization")?.trim() ?? "");
  return match?.[1];
}

/** In constant time, whatever a store calls the same. */
function isSame(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let index = 0; index < one.length; index++) difference |= one.charCodeAt(index) ^ other.charCodeAt(index);
  return difference === 0;
}

function isOver({ revoked, expires }: KeyRecord): boolean {
  return revoked === true || (expires !== undefined && Date.parse(expires) <= Date.now());
}

function unknownKey(): Refusal {
  return new Refusal({
    status: 401,
    code: "invalid_api_key",
    message: "The API key is missing or not valid. Send it as `Authorization: Bearer …`.",
    headers: { "www-authenticate": "Bearer" },
  });
}

const aNote: Rule = (value) =>
  typeof value === "string" && value.length <= 1000 ? undefined : "a string of 1,000 characters at most";
const names: Rule = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === "string" && name !== "")
    ? undefined
    : "an array of names of models";
const aDate: Rule = (value) =>
  (typeof value === "string" || value instanceof Date) && !Number.isNaN(new Date(value).getTime())
    ? undefined
    : 'a date, such as "2027-01-31"';

const RULES: Rules<KeyOptions> = {
  note: aNote,
  models: names,
  requestsPerMinute: aWholeNumber,
  concurrency: aCountFrom(1),
  policy: anObject,
  caps: anObject,
  expires: aDate,
};

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function base64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
