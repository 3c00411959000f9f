import { describe, expect, test } from "vitest";
import { failureOf } from "../src/failures.ts";
import { failureInText } from "@qwen/core/http";

const about = { host: "api.example.com" };

describe("what a vendor says of a failure", () => {
  test.each<[string, number | undefined]>([
    ["Please try again in 20s.", 20_000],
    ["Please retry after 20 seconds.", 20_000],
    ["Please try again in 500 milliseconds.", 500],
    ["Please try again in 7m12.5s.", 432_500],
    ["Try again in 5 minutes.", 300_000],
    ["Try again in 2 months.", undefined],
    ["Try again in 3 days.", undefined],
  ])("names a wait: %s", (message, retryAfterMs) => {
    expect(failureOf(failureInText(JSON.stringify({ error: { message } })), { ...about, status: 429 })).toMatchObject({
      retryAfterMs,
    });
  });

  test("tells of the limits of whom it asked, as OpenRouter does", () => {
    const headers = { "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": String(Date.now() + 3_600_000), none: {} };
    const error = { message: "Rate limit exceeded: free-models-per-day.", code: 429, metadata: { headers } };
    for (const status of [429, undefined]) {
      const failure = failureOf(failureInText(JSON.stringify({ error })), { ...about, status });
      expect(failure).toMatchObject({ code: "rate_limited" });
      expect(Math.abs((failure.retryAfterMs ?? 0) - 3_600_000)).toBeLessThan(60_000);
    }
    const odd = { ...error, metadata: { headers: { "x-ratelimit-reset": { toString: 1 } } } };
    expect(failureOf(failureInText(JSON.stringify({ error: odd })), about).retryAfterMs).toBeUndefined();
  });

  test("and a wait until a quota begins anew", () => {
    const message = "You exceeded your current quota, please check your plan. Please retry in 34.5s.";
    expect(failureOf(failureInText(JSON.stringify({ error: { message } })), { ...about, status: 429 })).toMatchObject({
      code: "quota_exceeded",
      retryAfterMs: 34_500,
    });
  });
});
