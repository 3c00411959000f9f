import { expect, test } from "vitest";

import { meaningOf, type ToldFailure } from "../../src/http/told-failure.ts";
import { bySize, expectLinear } from "../cost.ts";

test.each<[object, number | undefined, string]>([
  [{}, undefined, "space_unavailable"],
  [{ message: 5, code: 429, type: {} }, undefined, "rate_limited"],
  [{ message: null, code: null, type: null }, 500, "space_unavailable"],
  [{ message: ["rate limit"], code: ["rate_limit"] }, 400, "unsupported"],
])("what a server wrote may be of any kind: %j at %j is %s", (told, status, code) => {
  expect(meaningOf(told as ToldFailure, status)).toMatchObject({ code });
});

test("its own word for a failure costs its length, however long it is", async () => {
  const wordOf = bySize((size) => `${"context_length".repeat(size / 14)}!`);
  await expectLinear((size) => {
    const word = wordOf(size);
    return meaningOf({ message: word, code: word, type: word });
  }, 56_000);
});
