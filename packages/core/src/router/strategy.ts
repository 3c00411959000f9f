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
  | { readonly weights: Readonly<Record<string, number>> };

/** What a choice looks at. */
export interface Choosable {
  readonly provider: string;
  readonly health?: CandidateHealth | undefined;
}

/** One call in so many looks whether another candidate has become quicker. */
const EXPLORE_ONE_IN = 10;

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
  const allowed = candidates.filter(({ health }) => health?.breaker?.allows ?? true);
  const [first, second] = allowed;
  if (first === undefined) return lowest(candidates, ({ health }) => health?.breaker?.recoversInMs ?? 0);
  if (second === undefined || strategy === "in-order") return first;
  if (strategy === "least-busy") return lowest([first, ...allowed.slice(1)], ({ health }) => health?.busy ?? 0);
  if (strategy === "lowest-latency") {
    if (random() < 1 / EXPLORE_ONE_IN) return allowed[Math.floor(random() * allowed.length)] ?? first;
    // Who was never measured comes first: that is how it gets measured.
    return lowest([first, ...allowed.slice(1)], ({ health }) => health?.latencyMs ?? 0);
  }
  return byWeight([first, ...allowed.slice(1)], strategy.weights, random);
}

function lowest<T>([first, ...others]: readonly [T, ...T[]], measure: (value: T) => number): T {
  let best = first;
  for (const other of others) if (measure(other) < measure(best)) best = other;
  return best;
}

function byWeight<Candidate extends Choosable>(
  candidates: readonly [Candidate, ...Candidate[]],
  weights: Readonly<Record<string, number>>,
  random: () => number,
): Candidate {
  const weightOf = ({ provider }: Candidate): number => Math.max(0, weights[provider] ?? 1);
  let left = random() * candidates.reduce((sum, candidate) => sum + weightOf(candidate), 0);
  for (const candidate of candidates) {
    left -= weightOf(candidate);
    if (left < 0) return candidate;
  }
  return candidates[0];
}
