import { describe, expect, it } from "vitest";
import { expectLinear } from "./cost.ts";

describe("work that is expected to be linear", () => {
  it("may be", () => expectLinear((size) => "x".repeat(size).split("").map(Number), 80_000));

  it("fails where each of its parts looks at all of them", async () => {
    const quadratic = (size: number): void => {
      const list = Array.from({ length: size }, (_, index) => index);
      for (const value of list) list.lastIndexOf(-1 - value);
    };
    await expect(expectLinear(quadratic, 4000)).rejects.toThrow(/^500 cost .* 4000 cost /u);
  });
});
