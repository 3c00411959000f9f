import { afterEach, expect, test, vi } from "vitest";

import { shareOf } from "./share.ts";

const cases = Array.from({ length: 30 }, (_, index) => index);

afterEach(() => vi.unstubAllEnvs());

test("a share of the cases is as large as asked for, in their order, the same for the same seed", () => {
  vi.stubEnv("TEST_ALL", "");
  vi.stubEnv("TEST_SEED", "7");
  const share = shareOf(cases, 1 / 3);
  expect(share).toHaveLength(10);
  expect(share).toEqual(share.toSorted((a, b) => a - b));
  expect(shareOf(cases, 1 / 3)).toEqual(share);
  expect(shareOf(["a", "b"], 0.1)).toHaveLength(1);
});

test("each case has its turn within some weeks, and all run together in check", () => {
  vi.stubEnv("TEST_ALL", "");
  const seen = new Set<number>();
  for (let day = 20_000; day < 20_030; day++) {
    vi.stubEnv("TEST_SEED", String(day));
    for (const index of shareOf(cases, 1 / 4)) seen.add(index);
  }
  expect(seen.size).toBe(cases.length);
  vi.stubEnv("TEST_ALL", "1");
  expect(shareOf(cases, 1 / 4)).toEqual(cases);
});
