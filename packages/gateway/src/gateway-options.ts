import type { Router } from "@qwen/core";
import {
  aFlag,
  aFunction,
  aLimitMs,
  anObject,
  aPauseMs,
  isGroup,
  oneOf,
  readOptions,
  type Rule,
  type Rules,
} from "@qwen/core/http";
import type { GatewayEvent } from "./accounts.ts";
import type { UrlReach } from "./attachments.ts";
import type { FrontPage } from "./front-page.ts";
import type { KeyRecord, KeyStore } from "./keys.ts";
import type { CallerLimits } from "./limits.ts";
import type { Mount } from "./mounts.ts";
import type { PolicyOptions } from "./policy.ts";
import type { GatewayState } from "./state.ts";
import type { ResponseStore } from "./store.ts";

/** Options of {@link createGateway}. */
export interface GatewayOptions {
  /** Whose models it serves. */
  readonly router: Router;
  /**
   * The keys that callers need: records that `createKey()` made, or where they are kept (`keyFile()` of `@qwen/gateway/node`).
   *
   * @defaultValue none: whoever reaches it may use it, so it is for programs of this machine only
   */
  readonly keys?: readonly KeyRecord[] | KeyStore | undefined;
  /** How much each caller may ask, where its key does not say. @defaultValue not limited */
  readonly limits?: CallerLimits | undefined;
  /** Where it is counted what callers ask. @defaultValue `memoryState()`: in this process */
  readonly state?: GatewayState | undefined;
  /** Where responses are kept that a caller may come back to. @defaultValue `memoryStore()` */
  readonly store?: ResponseStore | undefined;
  /** Hosts by which it is reached without keys, besides the loopback names with its own port. */
  readonly hosts?: readonly string[] | undefined;
  /** Origins whose pages may use it, such as "https://app.example.com"; `"*"` for all, which takes keys. @defaultValue its own */
  readonly cors?: readonly string[] | "*" | undefined;
  /**
   * What `/metrics` tells, by `@prometheus-io/client`: `true` counts from the start; `false` never, and there is no such route.
   *
   * @defaultValue it is counted from the first time that anybody asks, and nothing is loaded before
   */
  readonly metrics?: boolean | undefined;
  /**
   * Hears of each request when it comes and when it is over: see {@link GatewayEvent}. What it throws, or a promise that rejects,
   * disturbs nothing; nobody waits for it.
   */
  readonly observe?: ((event: GatewayEvent) => unknown) | undefined;
  /** How requests are tried, and what no caller goes beyond. @defaultValue as the router does */
  readonly policy?: PolicyOptions | undefined;
  /** Which URLs of images and files are fetched: those of public hosts, any, or none. @defaultValue "public" */
  readonly urls?: UrlReach | undefined;
  /** Routes of other packages, behind the same keys, limits, hosts, origins and errors. @defaultValue none */
  readonly mounts?: readonly Mount[] | undefined;
  /**
   * The page for who looks at it with a browser: it answers a `GET` of `/`, and of what is at no other path outside `/v1`. It comes
   * without a key, from this host or a link to it; what it answers is shown as it is.
   *
   * @defaultValue none: a 404 in JSON
   */
  readonly ui?: FrontPage | undefined;
  /**
   * The longest silence, in ms: a stream whose first output is later begins with a 200 and comments then, and tells its failures in
   * it. 0 waits for the first output however long that takes, and sends no comments.
   *
   * @defaultValue 15_000
   */
  readonly keepAliveMs?: number | undefined;
  /** How long a client may read nothing of its answer before the work is stopped, in ms. @defaultValue 60_000 */
  readonly idleClientMs?: number | undefined;
}

/** Options of which the times are known. */
export type KnownOptions = GatewayOptions & { readonly keepAliveMs: number; readonly idleClientMs: number };

/** Reads the options, once. Throws a `TypeError` for one that is none. */
export function readGatewayOptions(given: GatewayOptions): KnownOptions {
  const options = readOptions("options", given, RULES);
  if (options?.router === undefined)
    throw new TypeError("`options.router` must be a router of @qwen/core's createRouter().");
  const { keepAliveMs = 15_000, idleClientMs = 60_000 } = options;
  return { ...options, keepAliveMs: countable(keepAliveMs), idleClientMs: countable(idleClientMs) };
}

/** What no timer can count, some 25 days, is for ever: it would count 1 ms. */
function countable(ms: number): number {
  return ms > 2 ** 31 - 1 ? Infinity : ms;
}

const aRouter: Rule = (value) =>
  has(value, ["stream", "complete", "find", "has", "health", "observe"])
    ? undefined
    : "a router of @qwen/core's createRouter()";

function has(value: unknown, methods: readonly string[]): boolean {
  if (!isGroup(value)) return false;
  return methods.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function");
}

const aStore: Rule = (value) =>
  has(value, ["get", "put", "delete"]) ? undefined : "an object with `get()`, `put()` and `delete()`";
const aState: Rule = (value) => (has(value, ["count", "lease"]) ? undefined : "an object with `count()` and `lease()`");

/** Read where it is known. What throws when it is looked at is told here. */
const aListOrElse: Rule = (value) => void (Array.isArray(value) && [...value]);

const RULES: Rules<GatewayOptions> = {
  router: aRouter,
  keys: (value) =>
    Array.isArray(value) || has(value, ["find"])
      ? aListOrElse(value)
      : "an array of records, or a store with `find(hash)`",
  limits: anObject,
  state: aState,
  store: aStore,
  hosts: aListOrElse,
  cors: aListOrElse,
  metrics: aFlag,
  observe: aFunction,
  policy: anObject,
  mounts: aListOrElse,
  ui: aFunction,
  urls: oneOf("public", "any", "none"),
  keepAliveMs: aPauseMs,
  idleClientMs: aLimitMs,
};
