import { describe, expect, test } from "vitest";
import { durationMs, waitMs } from "@qwen/core/http";
import { failureOf } from "../src/failures.ts";

const about = { host: "api.example.com" };

describe("how long a vendor asks to wait", () => {
  const now = Date.UTC(2026, 0, 1);
  test.each<[Readonly<Record<string, string>>, number | undefined]>([
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after-ms": "150", "retry-after": "1" }, 150],
    [{ "retry-after": new Date(now + 3000).toUTCString() }, 3000],
    [
      {
        "x-ratelimit-reset-requests": "1m30.5s",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-tokens": "6ms",
      },
      90_500,
    ],
    [
      { "x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "2s", "x-ratelimit-remaining-tokens": "0" },
      2000,
    ],
    [{ "x-ratelimit-reset-requests": "8s", "x-ratelimit-reset-tokens": "2s" }, 2000],
    [{ "x-ratelimit-reset": "5" }, 5000],
    [{ "x-ratelimit-reset": String((now + 7000) / 1000) }, 7000],
    [{ "x-ratelimit-reset": String(now + 7000) }, 7000],
    [{ "ratelimit-reset": "4", "ratelimit-remaining": "0" }, 4000],
    [{ "x-ratelimit-reset-tokens": new Date(now + 9000).toISOString() }, 9000],
    [{ "x-ratelimit-reset": "soon" }, undefined],
    [{}, undefined],
  ])("%j", (headers, ms) => {
    expect(waitMs((name) => headers[name], { isLimited: true, now })).toBe(ms);
  });

  test("is not read out of its limits where they are not the matter", () => {
    expect(waitMs((name) => ({ "x-ratelimit-reset": "5" })[name], { isLimited: false, now })).toBeUndefined();
  });

  test("is read out of its words where no header says it", () => {
    const limited = (message: string) =>
      failureOf({ message, code: undefined, type: undefined, param: undefined }, { ...about, status: 429 });
    expect(limited("Please try again in 6m0.5s. Visit").retryAfterMs).toBe(360_500);
    expect(limited("Please retry after 20 seconds").retryAfterMs).toBe(20_000);
    expect(limited("try again in 150ms").retryAfterMs).toBe(150);
    expect(limited("try again later").retryAfterMs).toBeUndefined();
  });

  test.each([
    ["20ms", 20],
    ["1s", 1000],
    ["6m0s", 360_000],
    ["1h2m3.5s", 3_723_500],
    ["x", undefined],
    ["", undefined],
  ])("%s is %s ms", (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });
});
