import type { Router } from "@qwen/core";
import { aLimitMs, anObject, aPauseMs, isGroup, oneOf, readOptions, type Rule, type Rules } from "@qwen/core/http";
import type { UrlReach } from "./attachments.ts";
import type { PolicyOptions } from "./policy.ts";

/** Options of {@link createGateway}. */
export interface GatewayOptions {
  /** Whose models it serves. */
  readonly router: Router;
  /** How requests are tried, and what no caller goes beyond. @defaultValue as the router does */
  readonly policy?: PolicyOptions | undefined;
  /** Which URLs of images and files are fetched: those of public hosts, any, or none. @defaultValue "public" */
  readonly urls?: UrlReach | undefined;
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

/** Reads the options, once. Throws a `TypeError` for one that is none. */
export function readGatewayOptions(given: GatewayOptions): GatewayOptions {
  const options = readOptions("options", given, RULES);
  if (options?.router === undefined)
    throw new TypeError("`options.router` must be a router of @qwen/core's createRouter().");
  return options;
}

const aRouter: Rule = (value) =>
  isGroup(value) &&
  ["stream", "complete", "find", "health", "observe"].every(
    (name) => typeof (value as Readonly<Record<string, unknown>>)[name] === "function",
  )
    ? undefined
    : "a router of @qwen/core's createRouter()";

const RULES: Rules<GatewayOptions> = {
  router: aRouter,
  policy: anObject,
  urls: oneOf("public", "any", "none"),
  keepAliveMs: aPauseMs,
  idleClientMs: aLimitMs,
};
