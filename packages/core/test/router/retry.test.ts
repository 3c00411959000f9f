import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { ERROR_RULES, type ErrorCode } from "../../src/error-rules.ts";
import { QwenError, TimeoutError, type Attempt } from "../../src/errors.ts";
import { Plan, type Move } from "../../src/router/plan.ts";
import type { RetryOptions } from "../../src/router/retry.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const attempt: Attempt = { provider: "a", model: "m", number: 1, durationMs: 0 };
const failure = (code: ErrorCode, retryAfterMs?: number) => new QwenError(code, code, { retryAfterMs });

function plan(candidates: readonly string[], options: RetryOptions = {}): Plan<string> {
  return new Plan(candidates, { random: () => 0.5, choose: ([first]) => first, ...options });
}

/** Who is asked, one after the other, if every attempt fails with this. */
function asked(candidates: readonly string[], error: unknown, options?: RetryOptions): readonly string[] {
  const moves = plan(candidates, options);
  const order: string[] = [];
  let candidate = moves.next();
  while (candidate !== undefined) {
    order.push(candidate);
    const move: Move<string> = moves.after({ error }, candidate, attempt);
    candidate = move.type === "ask" ? move.candidate : undefined;
  }
  return order;
}

describe("the errors table", () => {
  // Written out from what each column means, not from what the code does.
  const expected = {
    never: { alone: ["a"], two: ["a", "b"] },
    once: { alone: ["a", "a"], two: ["a", "a", "b", "b"] },
    always: { alone: ["a", "a", "a"], two: ["a", "a", "b", "b"] },
  } as const;

  test.each(Object.entries(ERROR_RULES) as [ErrorCode, (typeof ERROR_RULES)[ErrorCode]][])("%s", (code, rule) => {
    const { alone, two } = expected[rule.sameProvider];
    expect(asked(["a"], failure(code))).toEqual(alone);
    // Who is full or wants a pause is left for the next at once, which is asked again with what the budget has left.
    const left = rule.breaker === "pause" && rule.sameProvider === "always" ? ["a", "b", "b", "b"] : two;
    expect(asked(["a", "b"], failure(code))).toEqual(rule.nextCandidate ? left : ["a"]);
  });

  test("a timeout of an attempt goes on to the next, also where its total time was over", () => {
    expect(asked(["a", "b"], new TimeoutError("total", 1))).toEqual(["a", "b"]);
    expect(asked(["a", "b"], new TimeoutError("idle", 1))).toEqual(["a", "b"]);
  });

  test("a code of a newer version goes on to the next", () => {
    expect(asked(["a", "b"], failure("from_the_future" as ErrorCode))).toEqual(["a", "b"]);
  });
});

describe("the budget", () => {
  test("is two more attempts than candidates, and never takes the turn of one that was not asked", () => {
    expect(asked(["a", "b", "c", "d"], failure("connection"))).toEqual(["a", "a", "b", "b", "c", "d"]);
  });

  test("is maxAttempts over all candidates", () => {
    expect(asked(["a", "b"], failure("connection"), { maxAttempts: 1 })).toEqual(["a"]);
    expect(asked(["a", "b"], failure("connection"), { maxAttempts: 2 })).toEqual(["a", "b"]);
    expect(asked(["a", "b"], failure("connection"), { maxAttempts: 6 })).toEqual(["a", "a", "b", "b", "b", "b"]);
  });

  test("is maxElapsedMs for the beginning of every attempt, its wait included", () => {
    const moves = plan(["a", "b"], { maxElapsedMs: 1000, baseDelayMs: 4000 });
    expect(moves.next()).toBe("a");
    // Half of 4,000 ms would be too late for the same provider, but not for the next.
    expect(moves.after({ error: failure("connection") }, "a", attempt)).toMatchObject({ type: "ask", candidate: "b" });
    vi.advanceTimersByTime(1001);
    expect(moves.after({ error: failure("authentication") }, "b", attempt)).toEqual({ type: "exhausted" });
  });

  test("is not used by an attempt that never began", () => {
    const moves = plan(["a", "b"], { maxAttempts: 1 });
    expect(moves.next()).toBe("a");
    moves.refund();
    expect(moves.next()).toBe("b");
  });
});

describe("the wait before asking again", () => {
  const waits = (random: number, options: RetryOptions = {}): readonly number[] => {
    const moves = new Plan(["a"], { random: () => random, choose: ([first]) => first, maxAttempts: 8, ...options });
    let candidate = moves.next();
    const delays: number[] = [];
    while (candidate !== undefined) {
      const move: Move<string> = moves.after({ error: failure("connection") }, candidate, attempt);
      candidate = move.type === "ask" ? move.candidate : undefined;
      if (move.type === "ask") delays.push(move.delayMs);
    }
    return delays;
  };

  test("is anywhere from nothing to a limit that doubles up to a cap (full jitter)", () => {
    expect(waits(0)).toEqual([0, 0, 0, 0, 0, 0, 0]);
    expect(waits(0.5)).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
    expect(waits(1, { baseDelayMs: 10, maxDelayMs: 50 })).toEqual([10, 20, 40, 50, 50, 50, 50]);
  });

  test("is what the provider asks for, and not asked again if that is too long", () => {
    const moves = plan(["a"]);
    moves.next();
    expect(moves.after({ error: failure("rate_limited", 7000) }, "a", attempt)).toMatchObject({ delayMs: 7000 });
    expect(moves.after({ error: failure("rate_limited", 30_001) }, "a", attempt)).toEqual({ type: "exhausted" });
    const patient = plan(["a"], { maxRetryAfterMs: 60_000 });
    patient.next();
    expect(patient.after({ error: failure("rate_limited", 30_001) }, "a", attempt)).toMatchObject({ delayMs: 30_001 });
  });

  test("that a provider asks for is not waited while another was not asked", () => {
    const moves = plan(["a", "b"]);
    moves.next();
    expect(moves.after({ error: failure("rate_limited", 10) }, "a", attempt)).toEqual({
      type: "ask",
      candidate: "b",
      delayMs: 0,
    });
  });
});

describe("shouldRetry", () => {
  const deciding = (verdict: "retry" | "next" | "stop" | undefined) => ({ shouldRetry: () => verdict });

  test("decides otherwise than the table, within the budget", () => {
    expect(asked(["a", "b"], failure("invalid_request"), deciding("next"))).toEqual(["a", "b"]);
    expect(asked(["a", "b"], failure("invalid_request"), deciding("retry"))).toEqual(["a", "a", "a", "a"]);
    expect(asked(["a", "b"], failure("connection"), deciding("stop"))).toEqual(["a"]);
    expect(asked(["a", "b"], failure("authentication"), deciding(undefined))).toEqual(["a", "b"]);
  });

  test("may turn a result down; without it every result is good enough", () => {
    const picky = plan(["a", "b"], { shouldRetry: ({ result }) => (result === "bad" ? "next" : undefined) });
    picky.next();
    expect(picky.after({ result: "bad" }, "a", attempt)).toMatchObject({ type: "ask", candidate: "b" });
    expect(picky.after({ result: "good" }, "b", attempt)).toEqual({ type: "stop" });
    expect(plan(["a"]).after({ result: "bad" }, "a", attempt)).toEqual({ type: "stop" });
  });
});
