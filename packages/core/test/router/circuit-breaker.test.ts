import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import {
  createCircuitBreaker,
  type BreakerState,
  type CallOutcome,
  type CircuitBreaker,
} from "../../src/router/circuit-breaker.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const call = (breaker: CircuitBreaker, ...outcomes: readonly CallOutcome[]): void => {
  for (const outcome of outcomes) breaker.begin().end(outcome);
};
const opened = (): CircuitBreaker => {
  const breaker = createCircuitBreaker({ minimumCalls: 2, openMs: 1000 });
  call(breaker, "failed", "failed");
  return breaker;
};

describe("a closed breaker", () => {
  test("opens when enough calls of the window failed", () => {
    const breaker = createCircuitBreaker({ minimumCalls: 4, failureRate: 0.5 });
    call(breaker, "failed", "failed", "failed");
    expect(breaker.state).toBe("closed");
    call(breaker, "failed");
    expect(breaker.state).toBe("open");
    expect(breaker.allows).toBe(false);
  });

  test("stays closed while fewer than the failure rate fail", () => {
    const breaker = createCircuitBreaker({ minimumCalls: 3, failureRate: 0.5 });
    for (let index = 0; index < 50; index++) call(breaker, "succeeded", "succeeded", "failed");
    expect(breaker.state).toBe("closed");
  });

  test("forgets what is older than its window", () => {
    const breaker = createCircuitBreaker({ minimumCalls: 3, windowMs: 1000 });
    call(breaker, "failed", "failed");
    vi.advanceTimersByTime(1001);
    call(breaker, "failed");
    expect(breaker.state).toBe("closed");
    call(breaker, "failed", "failed");
    expect(breaker.state).toBe("open");
  });

  test("ignores neutral ends, and an end reported twice", () => {
    const breaker = createCircuitBreaker({ minimumCalls: 2 });
    call(breaker, ...Array.from({ length: 20 }, () => "neutral" as const));
    const one = breaker.begin();
    one.end("failed");
    one.end("failed");
    expect(breaker.state).toBe("closed");
  });

  test("opens for as long as a provider asks for a pause", () => {
    const breaker = createCircuitBreaker({ openMs: 10 });
    call(breaker, { pauseMs: 5000 });
    vi.advanceTimersByTime(4999);
    expect(breaker).toMatchObject({ state: "open", recoversInMs: 1 });
    vi.advanceTimersByTime(1);
    expect(breaker).toMatchObject({ state: "half-open", recoversInMs: 0, allows: true });
  });
});

describe("an open breaker", () => {
  test("lets one call probe the model once its time is over", () => {
    const breaker = opened();
    vi.advanceTimersByTime(999);
    expect(breaker.allows).toBe(false);
    vi.advanceTimersByTime(1);
    expect(breaker.allows).toBe(true);
    const probe = breaker.begin();
    expect(breaker.allows).toBe(false);
    probe.end("succeeded");
    expect(breaker).toMatchObject({ state: "closed", allows: true });
  });

  test("stays open for another time if the probe fails", () => {
    const breaker = opened();
    vi.advanceTimersByTime(1000);
    call(breaker, "failed");
    expect(breaker).toMatchObject({ state: "open", recoversInMs: 1000 });
  });

  test("takes the next call as a probe if the first told nothing", () => {
    const breaker = opened();
    vi.advanceTimersByTime(1000);
    call(breaker, "neutral");
    expect(breaker).toMatchObject({ state: "half-open", allows: true });
  });

  test("ignores calls that began before it opened", () => {
    const breaker = createCircuitBreaker({ minimumCalls: 2, openMs: 1000 });
    const old = [breaker.begin(), breaker.begin()];
    call(breaker, "failed", "failed");
    vi.advanceTimersByTime(1000);
    const probe = breaker.begin();
    old[0]?.end("succeeded");
    expect(breaker.state).toBe("half-open");
    old[1]?.end("failed");
    expect(breaker.state).toBe("half-open");
    probe.end("succeeded");
    expect(breaker.state).toBe("closed");
  });

  test("closes by a call that went although it should not, and succeeded", () => {
    const breaker = opened();
    call(breaker, "succeeded");
    expect(breaker.state).toBe("closed");
  });
});

describe("a half-open breaker", () => {
  const probing = () => {
    const breaker = opened();
    vi.advanceTimersByTime(1000);
    return { breaker, probe: breaker.begin() };
  };

  test("closes at the first output of its probe, however slowly that is read", () => {
    const { breaker, probe } = probing();
    expect(breaker.allows).toBe(false);
    probe.output();
    expect(breaker).toMatchObject({ state: "closed", allows: true, recoversInMs: 0 });
  });

  test("is on probation then: one failure opens it again, be it the probe's", () => {
    for (const which of ["probe", "next"] as const) {
      const { breaker, probe } = probing();
      probe.output();
      const next = breaker.begin();
      (which === "probe" ? probe : next).end("failed");
      expect(breaker).toMatchObject({ state: "open", recoversInMs: 1000 });
    }
  });

  test("has proved itself once a call has ended well", () => {
    const { breaker, probe } = probing();
    probe.output();
    call(breaker, "neutral");
    call(breaker, "succeeded", "failed");
    expect(breaker.state).toBe("closed");
    probe.end("failed");
    expect(breaker.state).toBe("open");
  });

  test("lets another call probe once the first was silent for openMs", () => {
    const { breaker, probe } = probing();
    vi.advanceTimersByTime(999);
    expect(breaker.allows).toBe(false);
    vi.advanceTimersByTime(1);
    expect(breaker.allows).toBe(true);
    const second = breaker.begin();
    expect(breaker.allows).toBe(false);
    probe.end("neutral");
    expect(breaker.allows).toBe(false);
    second.output();
    expect(breaker.allows).toBe(true);
  });

  test("hears nothing from calls that began before it opened", () => {
    const breaker = createCircuitBreaker({ minimumCalls: 2, openMs: 1000 });
    const old = [breaker.begin(), breaker.begin(), breaker.begin()];
    call(breaker, "failed", "failed");
    old[0]?.output();
    expect(breaker.state).toBe("open");
    vi.advanceTimersByTime(1000);
    breaker.begin().output();
    old[1]?.end("failed");
    expect(breaker.state).toBe("closed");
    old[2]?.end("succeeded");
    call(breaker, "failed");
    expect(breaker.state).toBe("open");
  });
});

test("every change of state is told when it takes effect", () => {
  const changes: BreakerState[] = [];
  const breaker = createCircuitBreaker({ minimumCalls: 1, openMs: 10 }, { onChange: (state) => changes.push(state) });
  call(breaker, "failed");
  vi.advanceTimersByTime(10);
  call(breaker, "failed");
  vi.advanceTimersByTime(10);
  call(breaker, "succeeded", "succeeded");
  expect(changes).toEqual(["open", "half-open", "open", "half-open", "closed"]);
});
