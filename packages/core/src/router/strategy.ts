import { aFunction, anObject, oneOf, readOption, requireOption, type Rule } from "../options.ts";
import type { CandidateHealth } from "./health.ts";

/**
 * Who of several is asked first.
 *
 * - `in-order`: as the route lists them.
 * - `least-busy`: who has the fewest calls under way and waiting.
 * - `lowest-latency`: who was quickest to the first output lately; one call in ten goes to another,
 *   to notice when that changes.
 * - `weighted`: at random, in proportion to the `weight` of each.
 */
export type Strategy = "in-order" | "least-busy" | "lowest-latency" | "weighted";

/** What a choice looks at. */
export interface Choosable {
  readonly provider: string;
  readonly health?: CandidateHealth | undefined;
  /** How often it is asked first where the strategy is `weighted`, in proportion to the others. @defaultValue 1 */
  readonly weight?: number | undefined;
}

/** One call in so many looks whether another candidate has become quicker. */
const EXPLORE_ONE_IN = 10;

/** Reads a strategy. Throws a `TypeError` for one that is unknown. */
export function readStrategy(strategy: Strategy | undefined): Strategy | undefined {
  return readOption("strategy", strategy, aStrategy);
}

const someCandidates: Rule = (value) =>
  Array.isArray(value) && value.length > 0 ? undefined : "a list of at least one candidate";

const aStrategy = oneOf("in-order", "least-busy", "lowest-latency", "weighted");

/**
 * Chooses one of the candidates, which are at least one.
 *
 * Those that a circuit breaker keeps calls from are left out; where that is all of them, it is the
 * one that recovers first. Equals are chosen in their order. Throws a `TypeError` for an unknown strategy, and for no candidates.
 */
export function chooseCandidate<Candidate extends Choosable>(
  candidates: readonly [Candidate, ...Candidate[]],
  options: { readonly strategy: Strategy; readonly random: () => number },
): Candidate {
  const { strategy, random } = requireOption("options", options, anObject);
  requireOption("candidates", candidates, someCandidates);
  requireOption("strategy", strategy, aStrategy);
  requireOption("random", random, aFunction);
  const first = firstAllowed(candidates);
  if (strategy === "in-order" || !isAllowed(first)) return first;
  const allowed = candidates.filter(isAllowed);
  if (allowed.length === 1) return first;
  if (strategy === "least-busy") return lowest([first, ...allowed.slice(1)], ({ health }) => health?.busy ?? 0);
  if (strategy === "lowest-latency") {
    if (random() < 1 / EXPLORE_ONE_IN) return allowed[Math.floor(random() * allowed.length)] ?? first;
    // Who was never measured comes first: that is how it gets measured.
    return lowest([first, ...allowed.slice(1)], ({ health }) => health?.latencyMs ?? 0);
  }
  return byWeight([first, ...allowed.slice(1)], random);
}

/** Chooses the first of them that is not kept from calls: see {@link chooseCandidate}. */
export function firstAllowed<Candidate extends Choosable>(candidates: readonly [Candidate, ...Candidate[]]): Candidate {
  // Nobody else is looked at: each of a long route may be asked.
  return candidates.find(isAllowed) ?? lowest(candidates, recoversInMs);
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
  random: () => number,
): Candidate {
  let left = random() * candidates.reduce((sum, { weight = 1 }) => sum + weight, 0);
  for (const candidate of candidates) {
    left -= candidate.weight ?? 1;
    if (left < 0) return candidate;
  }
  return candidates[0];
}
