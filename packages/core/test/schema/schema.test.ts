import { describe, expect, expectTypeOf, test } from "vitest";

import * as schema from "../../src/schema/index.ts";
import type { OutputOf, Schema } from "../../src/schema/index.ts";

const { array, boolean, literal, nullable, nullish, number, object, string, tuple, union, unknown } = schema;

function accepts(of: Schema, value: unknown): boolean {
  return of["~standard"].validate(value).issues === undefined;
}

describe("a schema", () => {
  test.each<[string, Schema, unknown[], unknown[]]>([
    ["unknown", unknown(), [undefined, null, "", {}], []],
    ["string", string(), ["", "a"], [null, undefined, 1, {}]],
    ["number", number(), [0, -1.5], [Number.NaN, Number.POSITIVE_INFINITY, "1", null]],
    ["boolean", boolean(), [true, false], [0, "true", null]],
    ["literal", literal(false), [false], [true, 0, null]],
    ["nullable", nullable(string()), ["", null], [undefined, 1]],
    ["nullish", nullish(string()), ["", null, undefined], [1]],
    ["array", array(string()), [[], ["a", "b"]], [["a", 1], "ab", {}, null]],
    ["tuple", tuple([string(), unknown()]), [["a", 1]], [["a"], ["a", 1, 2], [1, 1], {}]],
    ["object", object({ text: nullish(string()) }), [{}, { text: "a", more: 1 }], [{ text: 1 }, null, "text"]],
    ["union", union([string(), literal(false)]), ["", false], [true, 1]],
  ])("of %s accepts what it says and nothing else", (_, of, good, bad) => {
    for (const value of good) expect.soft(accepts(of, value), JSON.stringify(value)).toBe(true);
    for (const value of bad) expect.soft(accepts(of, value), JSON.stringify(value)).toBe(false);
  });

  test("says where something is wrong", () => {
    const { issues } = tuple([array(nullable(string()))])["~standard"].validate([["a", 5]]);
    expect(issues).toEqual([expect.objectContaining({ path: [0, 1], message: expect.any(String) })]);
  });

  test("inside of another is one of ours, and a stranger is told so when it is made", () => {
    const stranger: Schema = { "~standard": { version: 1, vendor: "stranger", validate: (value) => ({ value }) } };
    for (const make of [array, nullable, nullish, (of: Schema) => tuple([string(), of]), (of: Schema) => union([of])]) {
      expect(() => make(stranger)).toThrow(TypeError);
    }
    expect(() => object({ stranger })).toThrow("must be one of @qwen/core/schema");
  });

  test("is typed by what it accepts", () => {
    const chat = object({
      pairs: array(tuple([string(), nullable(string())])),
      queue: nullish(boolean()),
      name: union([string(), literal(false)]),
    });
    expectTypeOf<OutputOf<typeof chat>>().toEqualTypeOf<{
      pairs: [string, string | null][];
      queue: boolean | null | undefined;
      name: string | false;
    }>();
    const { value } = chat["~standard"].validate({ pairs: [["a", null]], name: false }) as { value: unknown };
    expect(value).toEqual({ pairs: [["a", null]], name: false });
  });
});
