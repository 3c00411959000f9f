import { describe, expect, test } from "vitest";

import type { CandidateHealth } from "../../src/router/health.ts";
import { chooseCandidate, type Choosable, type Strategy } from "../../src/router/strategy.ts";

interface State {
  readonly busy?: number;
  readonly latencyMs?: number;
  /** ms until its breaker lets calls through again. */
  readonly openFor?: number;
}

function candidate(provider: string, { busy = 0, latencyMs, openFor }: State = {}): Choosable {
  const breaker = {
    state: "open",
    allows: openFor === undefined,
    recoversInMs: openFor ?? 0,
    begin: () => ({ output() {}, end() {} }),
  } as const;
  const health: CandidateHealth = {
    breaker,
    limiter: undefined,
    busy,
    latencyMs,
    begin: () => ({ output() {}, end() {}, leave() {} }),
  };
  return { provider, health };
}

/** Numbers that come one after the other. */
const rolls = (...numbers: readonly number[]) => {
  let index = 0;
  return () => numbers[index++ % numbers.length] ?? 0;
};

const pick = (strategy: Strategy, candidates: readonly [Choosable, ...Choosable[]], random = rolls(0.99)) =>
  chooseCandidate(candidates, { strategy, random }).provider;

describe("choosing", () => {
  const [a, b, c] = [
    candidate("a", { busy: 2, latencyMs: 300 }),
    candidate("b", { busy: 1, latencyMs: 200 }),
    candidate("c", { busy: 1, latencyMs: 100 }),
  ];

  test("in order takes the first", () => {
    expect(pick("in-order", [a, b, c])).toBe("a");
  });

  test("in order looks no further than it must: each of a long route may be asked", () => {
    let looks = 0;
    const watched = (one: Choosable): Choosable => ({
      ...one,
      get health() {
        looks++;
        return one.health;
      },
    });
    expect(pick("in-order", [candidate("open", { openFor: 5 }), watched(a), watched(b), watched(c)])).toBe("a");
    expect(looks).toBe(1);
  });

  test("the least busy takes the first of the idlest", () => {
    expect(pick("least-busy", [a, b, c])).toBe("b");
  });

  test("the lowest latency takes the quickest, the unmeasured before all", () => {
    expect(pick("lowest-latency", [a, b, c])).toBe("c");
    expect(pick("lowest-latency", [a, b, c, candidate("new")])).toBe("new");
  });

  test("the lowest latency looks at another one call in ten", () => {
    expect(pick("lowest-latency", [a, b, c], rolls(0.09, 0))).toBe("a");
    expect(pick("lowest-latency", [a, b, c], rolls(0.1, 0))).toBe("c");
  });

  test("by weight is proportional, who is not listed weighs 1, who weighs 0 comes last", () => {
    const weighing = (weight: number, one: Choosable): Choosable => ({ ...one, weight });
    const weighed = [weighing(2, a), b, weighing(0, c)] as const;
    expect([0, 0.6, 0.7, 0.99].map((roll) => pick("weighted", weighed, rolls(roll)))).toEqual(["a", "a", "b", "b"]);
    expect(pick("weighted", [weighing(0, a), weighing(0, b), weighing(0, c)])).toBe("a");
  });

  test("leaves out whom a breaker keeps calls from; if that is all, takes who recovers first", () => {
    const open = candidate("open", { openFor: 500 });
    expect(pick("in-order", [open, a])).toBe("a");
    expect(pick("least-busy", [open, a, b])).toBe("b");
    expect(pick("in-order", [open, candidate("sooner", { openFor: 100 }), candidate("later", { openFor: 900 })])).toBe(
      "sooner",
    );
  });
});
