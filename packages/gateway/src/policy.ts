import type { RouterRequest } from "@qwen/core";
import {
  aLimitMs,
  anObject,
  aPauseMs,
  oneOf,
  readOptions,
  requireOption,
  type Rule,
  type Rules,
} from "@qwen/core/http";
import { Refusal } from "./refusal.ts";

/** When output is shown, and whether an answer that breaks off is gone on with: see `commit` of a router. */
export type CommitName = "first-output" | "buffered" | "continue";

/** How one request is to be tried, as its caller, its key or its route wishes. What is not set is the router's. */
export interface Policy {
  readonly commit?: CommitName | undefined;
  /** For all of it, what waits and is tried again included, in ms. */
  readonly timeoutMs?: number | undefined;
  /** Until the first output of a candidate, after which the next one is asked, in ms. */
  readonly firstOutputMs?: number | undefined;
  /** Leave a queue that takes longer, in ms. */
  readonly maxQueueMs?: number | undefined;
  /** Ask another candidate as well where the first is silent for so long, in ms; `false` never does. */
  readonly hedgeMs?: number | false | undefined;
}

/**
 * What nobody's wish goes beyond. One that does is cut, and `x-qwen-warnings` says so. A limit in time holds as well where
 * nobody wishes anything.
 */
export interface PolicyCaps {
  /** Those that may be wished for. @defaultValue all */
  readonly commit?: readonly CommitName[] | undefined;
  readonly timeoutMs?: number | undefined;
  readonly firstOutputMs?: number | undefined;
  readonly maxQueueMs?: number | undefined;
  /** The least: a hedge that comes sooner is one more job for nothing. `false` lets nobody hedge. */
  readonly hedgeMs?: number | false | undefined;
}

/** What holds for requests, besides what they say themselves. */
export interface PolicyOptions {
  /** For every request. @defaultValue the router's */
  readonly defaults?: Policy | undefined;
  /** For requests that ask for a name, by that name; stronger than `defaults`, weaker than those of a key. */
  readonly routes?: Readonly<Record<string, Policy>> | undefined;
  /** @defaultValue none */
  readonly caps?: PolicyCaps | undefined;
}

const COMMITS: readonly CommitName[] = ["first-output", "buffered", "continue"];

const aFiniteMsOrFalse: Rule = (value) =>
  value === false || (value !== Infinity && aPauseMs(value) === undefined)
    ? undefined
    : "a finite number of ms from 0, or false";

/** The options of a {@link Policy}. */
export const POLICY_RULES: Rules<Policy> = {
  commit: oneOf(...COMMITS),
  timeoutMs: aLimitMs,
  firstOutputMs: aLimitMs,
  maxQueueMs: aPauseMs,
  hedgeMs: aFiniteMsOrFalse,
};

/** The options of {@link PolicyCaps}. */
export const CAP_RULES: Rules<PolicyCaps> = {
  ...POLICY_RULES,
  commit: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((one) => oneOf(...COMMITS)(one) === undefined)
      ? undefined
      : `a list of ${COMMITS.join(", ")}`,
};

/** The policies of a gateway, read once. Throws a `TypeError` for an option that is none. */
export class Policies {
  readonly #defaults: Policy;
  readonly #routes: ReadonlyMap<string, Policy>;
  readonly #caps: PolicyCaps;

  constructor(given: PolicyOptions | undefined) {
    const anything: Rule = () => undefined;
    const { defaults, routes, caps } =
      readOptions("policy", given, { defaults: anything, routes: anything, caps: anything }) ?? {};
    this.#defaults = readOptions("policy.defaults", defaults, POLICY_RULES) ?? {};
    this.#caps = readOptions("policy.caps", caps, CAP_RULES) ?? {};
    const named = routes === undefined ? {} : requireOption("policy.routes", routes, anObject);
    this.#routes = new Map(
      Object.entries(named).map(([name, own]) => [
        name,
        readOptions(`policy.routes[${JSON.stringify(name)}]`, own, POLICY_RULES) ?? {},
      ]),
    );
  }

  /** What holds for one request: each setting as the first says that does. */
  for(asked: PolicyWishes): SettledPolicy {
    const { model, wishes, key, keyCaps } = asked;
    const said = [...wishes, key, this.#routes.get(model), this.#defaults].filter((one) => one !== undefined);
    return new Settling(
      said,
      [this.#caps, keyCaps].filter((one) => one !== undefined),
    ).settled();
  }
}

/** A policy as a router is asked with it. What has passed before counts, in ms: a limit is one of the whole. */
export function asAsked(
  { policy: { commit, hedgeMs, ...wished }, caps }: SettledPolicy,
  passedMs: number,
): Pick<RouterRequest, "commit" | "maxQueueMs" | "hedge" | "timeouts" | "atMost"> {
  const hedge = typeof hedgeMs === "number" ? { delayMs: hedgeMs } : hedgeMs;
  return { commit, hedge, ...limitsOf(wished, passedMs), atMost: limitsOf(caps, passedMs) };
}

function limitsOf(
  { timeoutMs, firstOutputMs, maxQueueMs }: Limits,
  passedMs: number,
): Pick<RouterRequest, "maxQueueMs" | "timeouts"> {
  // A router's own limit is never over at once.
  const totalMs = timeoutMs === undefined ? undefined : Math.max(1, timeoutMs - passedMs);
  return { maxQueueMs, timeouts: { totalMs, firstOutputMs } };
}

/** The time for all of a request, in ms, where the gateway knows of a limit. */
export function limitOf({ policy, caps }: SettledPolicy): number {
  return policy.timeoutMs ?? caps.timeoutMs ?? Infinity;
}

/** Who has a say in the policy of a request. */
export interface PolicyWishes {
  readonly model: string;
  /** Of the request itself, the strongest first. */
  readonly wishes: readonly Policy[];
  readonly key: Policy | undefined;
  readonly keyCaps: PolicyCaps | undefined;
}

type Limits = Pick<Policy, "timeoutMs" | "firstOutputMs" | "maxQueueMs">;

/** A policy, and what of the wishes was cut: by the name of the setting on the wire, with what it became. */
export interface SettledPolicy {
  readonly policy: Policy;
  /** Beyond these neither a wish goes nor what the router does where there is none. */
  readonly caps: Limits;
  readonly cut: readonly string[];
}

class Settling {
  readonly #said: readonly Policy[];
  readonly #caps: readonly PolicyCaps[];
  readonly #cut: string[] = [];

  constructor(said: readonly Policy[], caps: readonly PolicyCaps[]) {
    this.#said = said;
    this.#caps = caps;
  }

  settled(): SettledPolicy {
    const policy = {
      commit: this.#commit(),
      timeoutMs: this.#atMost("timeoutMs"),
      firstOutputMs: this.#atMost("firstOutputMs"),
      maxQueueMs: this.#atMost("maxQueueMs"),
      hedgeMs: this.#hedge(),
    };
    const caps = {
      timeoutMs: this.#cap("timeoutMs"),
      firstOutputMs: this.#cap("firstOutputMs"),
      maxQueueMs: this.#cap("maxQueueMs"),
    };
    return { policy, caps, cut: this.#cut };
  }

  #first<Name extends keyof Policy>(name: Name): Policy[Name] {
    return this.#said.find((policy) => policy[name] !== undefined)?.[name];
  }

  #commit(): CommitName | undefined {
    const isAllowed = (commit: CommitName): boolean =>
      this.#caps.every((caps) => caps.commit === undefined || caps.commit.includes(commit));
    const wish = this.#first("commit");
    if (wish === undefined || isAllowed(wish)) return wish;
    const next = this.#said.map(({ commit }) => commit).find((commit) => commit !== undefined && isAllowed(commit));
    this.#cut.push(`x-qwen-commit=${next ?? "default"}`);
    return next;
  }

  #atMost(name: keyof Limits): number | undefined {
    const wish = this.#first(name);
    const cap = this.#cap(name);
    if (wish === undefined || cap === undefined || wish <= cap) return wish;
    this.#cut.push(`${HEADERS[name]}=${cap}`);
    return cap;
  }

  #cap(name: keyof Limits): number | undefined {
    const caps = this.#caps.map((one) => one[name]).filter((one) => one !== undefined);
    return caps.length === 0 ? undefined : Math.min(...caps);
  }

  #hedge(): number | false | undefined {
    const wish = this.#first("hedgeMs");
    if (this.#caps.some(({ hedgeMs }) => hedgeMs === false)) {
      if (typeof wish === "number") this.#cut.push(`${HEADERS.hedgeMs}=off`);
      return false;
    }
    const least = Math.max(0, ...this.#caps.map(({ hedgeMs }) => (typeof hedgeMs === "number" ? hedgeMs : 0)));
    if (typeof wish !== "number" || wish >= least) return wish;
    this.#cut.push(`${HEADERS.hedgeMs}=${least}`);
    return least;
  }
}

/** Where a caller says its wishes. */
const HEADERS = {
  commit: "x-qwen-commit",
  timeoutMs: "x-qwen-timeout-ms",
  firstOutputMs: "x-qwen-first-output-ms",
  maxQueueMs: "x-qwen-max-queue-ms",
  hedgeMs: "x-qwen-hedge-ms",
} as const satisfies Readonly<Record<keyof Policy, string>>;

/** The wishes in the headers of a request. Throws a {@link Refusal} for one that is none. */
export function policyInHeaders(headers: Headers): Policy {
  const said: Record<string, unknown> = {};
  for (const [name, header] of Object.entries(HEADERS)) {
    const value = headers.get(header)?.trim();
    if (value === undefined || value === "") continue;
    said[name] = name === "commit" ? value : numberIn(value);
  }
  return checkedWishes(said, (name) => HEADERS[name]);
}

function numberIn(value: string): unknown {
  if (value === "off" || value === "false") return false;
  return /^\d{1,15}$/.test(value) ? Number(value) : value;
}

/**
 * The wishes in the body of a request: its `qwen`, with names as of the headers (`timeout_ms`). Others are ignored, as all that
 * is unknown in a body. Throws a {@link Refusal} for one that is none.
 */
export function policyInBody(qwen: Readonly<Record<string, unknown>> | undefined): Policy {
  if (qwen === undefined) return {};
  const said: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    const value = qwen[field];
    if (value !== undefined && value !== null) said[name] = value;
  }
  return checkedWishes(said, (name) => `qwen.${FIELDS[name]}`);
}

const FIELDS = {
  commit: "commit",
  timeoutMs: "timeout_ms",
  firstOutputMs: "first_output_ms",
  maxQueueMs: "max_queue_ms",
  hedgeMs: "hedge_ms",
} as const satisfies Readonly<Record<keyof Policy, string>>;

function checkedWishes(said: Readonly<Record<string, unknown>>, paramOf: (name: keyof Policy) => string): Policy {
  for (const name of Object.keys(POLICY_RULES) as (keyof Policy)[]) {
    const expected = said[name] === undefined ? undefined : POLICY_RULES[name](said[name]);
    if (expected === undefined) continue;
    const param = paramOf(name);
    throw new Refusal({ status: 400, param, message: `\`${param}\` must be ${expected}.` });
  }
  return said;
}
