import * as fc from "fast-check";
import { expect, test } from "vitest";

import { attachmentProblem } from "../src/attachment-check.ts";
import { bySize, expectLinear } from "./cost.ts";

const problemOf = (data: string): string | undefined =>
  attachmentProblem(`data:image/png;base64,${data}`, { mayBeEmpty: true });

/** What the platform makes of it. */
function isDecodable(data: string): boolean {
  try {
    atob(data.replaceAll(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))));
    return true;
  } catch {
    return false;
  }
}

test("data of a data: URL is base64 where the platform can decode it, however it is written", () => {
  const piece = fc.constantFrom(
    "A",
    "b",
    "9",
    "+",
    "/",
    "=",
    "%3D",
    "%41",
    "%2b",
    "%4",
    "%",
    " ",
    "\n",
    "\t",
    "\u00a0",
    "-",
    "é",
    "%ff",
    "z",
    "Z",
    "@",
    "[",
    "`",
    "{",
    "\u0141",
    ":",
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 12 }), (pieces) => {
      const data = pieces.join("");
      expect([data, problemOf(data) === undefined]).toEqual([data, isDecodable(data)]);
    }),
    { numRuns: 2000 },
  );
});

test("megabytes of escapes cost a look at each", async () => {
  const data = bySize((size) => "%41AA".repeat(size));
  await expectLinear((size) => {
    expect(problemOf(data(size))).toBe(undefined);
  }, 1_000_000);
});
