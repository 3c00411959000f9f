import { shortened } from "../nearest.ts";
import { isGroup, mustBe, readOption, type Rule } from "../options.ts";
import type { CandidateHealth } from "./health.ts";

/**
 * Who of several is asked first.
 *
 * - `in-order`: as the route lists them.
 * - `least-busy`: who has the fewest calls under way and waiting.
 * - `lowest-latency`: who was quickest to the first output lately; one call in ten goes to another,
 *   to notice when that changes.
 * - weights: at random, by weight. The key is a provider's id; who is not listed weighs 1.
 */
export type Strategy =
  | "in-order"
  | "least-busy"
  | "lowest-latency"
  | { readonly weights: Readonly<Record<string, number | undefined>> };

/** What a choice looks at. */
export interface Choosable {
  readonly provider: string;
  readonly health?: CandidateHealth | undefined;
}

/** One call in so many looks whether another candidate has become quicker. */
const EXPLORE_ONE_IN = 10;

/** Reads a strategy, once. Throws a `TypeError` for one that is unknown, and for a weight that is none. */
export function readStrategy(strategy: Strategy | undefined): Strategy | undefined {
  if (strategy === undefined || (typeof strategy === "string" && NAMED.has(strategy))) return strategy;
  const weights: unknown = isGroup(strategy) && "weights" in strategy ? strategy.weights : undefined;
  if (!isGroup(weights))
    throw mustBe("strategy", `${[...NAMED].map((name) => JSON.stringify(name)).join(", ")} or { weights }`, strategy);
  const entries = Object.entries(weights);
  for (const [provider, weight] of entries)
    readOption(`strategy.weights[${JSON.stringify(shortened(provider))}]`, weight, aWeight);
  return { weights: Object.fromEntries(entries) };
}

const NAMED: ReadonlySet<string> = new Set(["in-order", "least-busy", "lowest-latency"]);

// So that no sum of them is Infinity.
const MOST_WEIGHT = 1e9;

const aWeight: Rule = (value) =>
  typeof value === "number" && value >= 0 && value <= MOST_WEIGHT ? undefined : `a number from 0 to ${MOST_WEIGHT}`;

/**
 * Chooses one of the candidates, which are at least one.
 *
 * Those that a circuit breaker keeps calls from are left out; where that is all of them, it is the
 * one that recovers first. Equals are chosen in their order.
 */
export function choose<Candidate extends Choosable>(
  candidates: readonly [Candidate, ...Candidate[]],
  { strategy, random }: { readonly strategy: Strategy; readonly random: () => number },
): Candidate {
  // Nobody else is looked at: each of a long route may be asked.
  const first = candidates.find(isAllowed);
  if (first === undefined) return lowest(candidates, recoversInMs);
  if (strategy === "in-order") return first;
  const allowed = candidates.filter(isAllowed);
  if (allowed.length === 1) return first;
  if (strategy === "least-busy") return lowest([first, ...allowed.slice(1)], ({ health }) => health?.busy ?? 0);
  if (strategy === "lowest-latency") {
    if (random() < 1 / EXPLORE_ONE_IN) return allowed[Math.floor(random() * allowed.length)] ?? first;
    // Who was never measured comes first: that is how it gets measured.
    return lowest([first, ...allowed.slice(1)], ({ health }) => health?.latencyMs ?? 0);
  }
  return byWeight([first, ...allowed.slice(1)], strategy.weights, random);
}

/** How long a circuit breaker keeps calls from it, in ms. */
export function recoversInMs({ health }: Pick<Choosable, "health">): number {
  return health?.breaker?.recoversInMs ?? 0;
}

function isAllowed({ health }: Choosable): boolean {
  return health?.breaker?.allows ?? true;
}

function lowest<T>([first, ...others]: readonly [T, ...T[]], measure: (value: T) => number): T {
  return others.reduce((best, other) => (measure(other) < measure(best) ? other : best), first);
}

function byWeight<Candidate extends Choosable>(
  candidates: readonly [Candidate, ...Candidate[]],
  weights: Readonly<Record<string, number | undefined>>,
  random: () => number,
): Candidate {
  // A provider may be called like what every object has.
  const weightOf = ({ provider }: Candidate): number =>
    Object.hasOwn(weights, provider) ? (weights[provider] ?? 1) : 1;
  let left = random() * candidates.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  for (const candidate of candidates) {
    left -= weightOf(candidate);
    if (left < 0) return candidate;
  }
  return candidates[0];
}
