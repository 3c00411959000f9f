import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { createLimiting, readCallerLimits, type CallerLimits } from "../src/limits.ts";
import type { GatewayState } from "../src/state.ts";
import { refusalOf } from "./refused.ts";

beforeEach(() => void vi.useFakeTimers({ now: 1_800_000_000_000 }));
afterEach(() => void vi.useRealTimers());

describe("requests a minute", () => {
  it("are counted exactly, and what is refused is told when to come again", async () => {
    const limiting = createLimiting({ requestsPerMinute: 100 });
    await limiting.take("other");
    const places = await Promise.allSettled(Array.from({ length: 1000 }, () => limiting.take("key")));
    expect(places.filter(({ status }) => status === "fulfilled")).toHaveLength(100);
    await vi.advanceTimersByTimeAsync(20_500);
    const refusal = await refusalOf(() => limiting.take("key"));
    expect(refusal).toMatchObject({
      status: 429,
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
      headers: {
        "retry-after": "40",
        "retry-after-ms": "39500",
        "x-ratelimit-limit-requests": "100",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "39.5s",
      },
    });
    await vi.advanceTimersByTimeAsync(39_500);
    expect((await limiting.take("key")).headers["x-ratelimit-remaining-requests"]).toBe("99");
  });

  it("are each caller's own, and a key's own limit is stronger", async () => {
    const limiting = createLimiting({ requestsPerMinute: 1 });
    expect((await limiting.take("a")).headers).toEqual({
      "x-ratelimit-limit-requests": "1",
      "x-ratelimit-remaining-requests": "0",
      "x-ratelimit-reset-requests": "1m0s",
    });
    await limiting.take("b");
    await limiting.take("c", { requestsPerMinute: 2 });
    await limiting.take("c", { requestsPerMinute: 2 });
    for (const caller of ["a", "b"])
      expect(await refusalOf(() => limiting.take(caller))).toMatchObject({ status: 429 });
  });

  it("that are not limited have no headers", async () => {
    expect((await createLimiting({}).take("a")).headers).toEqual({});
  });
});

describe("a state of somebody else's", () => {
  const place = { count: async () => ({ count: 1, resetMs: 1 }), lease: async () => ({ release() {} }) };

  it.each<[string, object]>([
    ["counts what is no number", { ...place, count: async () => ({ count: Number.NaN, resetMs: 1 }) }],
    ["counts nothing", { ...place, count: async () => undefined }],
    ["gives a place that cannot be left", { ...place, lease: async () => true }],
  ])("that %s is a 503", async (_, state) => {
    const limiting = createLimiting({ concurrency: 1, requestsPerMinute: 5 }, state as GatewayState);
    await expect(limiting.take("a")).rejects.toMatchObject({ status: 503, code: "limits_unavailable" });
  });

  it("that counts less than nothing, or for ever, tells no more than there is and nobody to wait for longer than a minute", async () => {
    const state = (count: number, resetMs: number): GatewayState => ({
      ...place,
      count: async () => ({ count, resetMs }),
    });
    const less = await createLimiting({ requestsPerMinute: 5 }, state(-5.5, -1)).take("a");
    expect(less.headers).toMatchObject({
      "x-ratelimit-remaining-requests": "4",
      "x-ratelimit-reset-requests": "0ms",
    });
    const ever = await refusalOf(() => createLimiting({ requestsPerMinute: 5 }, state(1e300, 1e300)).take("a"));
    expect(ever.headers).toMatchObject({ "retry-after": "60", "x-ratelimit-reset-requests": "1m0s" });
  });

  it("disturbs nobody where a place is left badly, and may say otherwise that there is none", async () => {
    const failing = async () => {
      throw new Error("gone");
    };
    const bad = { ...place, lease: async () => ({ release: failing as () => void }) };
    const limiting = createLimiting({ concurrency: 1 }, bad);
    (await limiting.take("a")).release();
    const full = { ...place, lease: async () => null } as unknown as GatewayState;
    await expect(createLimiting({ concurrency: 1 }, full).take("a")).rejects.toMatchObject({ status: 429 });
  });
});

describe("requests at a time", () => {
  it("have a place each, which is given back once", async () => {
    const limiting = createLimiting({ concurrency: 2 });
    const first = await limiting.take("key");
    await limiting.take("key");
    expect(await refusalOf(() => limiting.take("key"))).toMatchObject({
      status: 429,
      code: "rate_limit_exceeded",
      headers: { "retry-after": "1", "retry-after-ms": "1000" },
    });
    await limiting.take("other");
    first.release();
    first.release();
    await limiting.take("key");
    expect(await refusalOf(() => limiting.take("key"))).toMatchObject({ status: 429 });
  });

  it("that find no place count for no minute, and what the minute refuses takes none", async () => {
    const limiting = createLimiting({ concurrency: 1, requestsPerMinute: 2 });
    const first = await limiting.take("key");
    for (let index = 0; index < 5; index++) await refusalOf(() => limiting.take("key"));
    first.release();
    const second = await limiting.take("key");
    expect(second.headers["x-ratelimit-remaining-requests"]).toBe("0");
    second.release();
    expect((await refusalOf(() => limiting.take("key"))).headers["x-ratelimit-limit-requests"]).toBe("2");
    await vi.advanceTimersByTimeAsync(60_000);
    await limiting.take("key");
  });
});

it.each([[{ requestsPerMinute: 0 }], [{ requestsPerMinute: "5" }], [{ concurrency: -1 }], [{ rpm: 5 }], [7]])(
  "%j are no limits, but a TypeError",
  (limits) => {
    expect(() => readCallerLimits(limits as unknown as CallerLimits)).toThrow(TypeError);
  },
);

it("A state that fails, or says nothing for 5 s, is a 503, and a place that it gives too late is given back", async () => {
  const release = vi.fn<() => void>();
  const late = Promise.withResolvers<{ release(): void }>();
  const silent: GatewayState = { count: () => new Promise(() => {}), lease: () => late.promise };
  const failing: GatewayState = {
    count: () => Promise.reject(new Error("redis://:secret@host")),
    lease: async () => ({ release }),
  };
  for (const [state, limits] of [
    [silent, { concurrency: 1 }],
    [silent, { requestsPerMinute: 1 }],
    [failing, { concurrency: 1, requestsPerMinute: 1 }],
  ] as const) {
    const refused = refusalOf(() => createLimiting(limits, state).take("key"));
    await vi.advanceTimersByTimeAsync(5000);
    expect(await refused).toMatchObject({ status: 503, code: "limits_unavailable", headers: { "retry-after": "1" } });
  }
  expect(release).toHaveBeenCalledOnce();
  late.resolve({ release });
  await vi.advanceTimersByTimeAsync(0);
  expect(release).toHaveBeenCalledTimes(2);
});
