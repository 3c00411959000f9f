import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { SpaceChangedError, QwenError, StreamInterruptedError } from "../src/errors.ts";
import { excuse, isExcused } from "../src/error-excuse.ts";
import { withoutSecrets } from "../src/error-secrets.ts";
import { concealing } from "../src/secrets.ts";

const KEY = "Key-0123456789";
const shown = (error: unknown): string => `${(error as Error).stack}${inspect(error, { depth: 20, showHidden: true })}`;

describe("an error without secrets", () => {
  test("is the same one where it repeats none, whatever it is", () => {
    const circle: Error & { self?: unknown } = new Error("a circle");
    circle.self = circle;
    for (const error of [new QwenError("protocol", "no", { cause: new Error("x") }), circle, "no", null, undefined, 1])
      expect(withoutSecrets(error, [KEY])).toBe(error);
  });

  test("is a copy of its class, with its stack, its fields and what it is excused of", () => {
    const error = excuse(new SpaceChangedError(`gone: ${KEY}`, { endpoints: ["/a", `/${KEY}`], provider: KEY }));
    const bare = withoutSecrets(error, [KEY]) as SpaceChangedError;
    expect(bare).toBeInstanceOf(SpaceChangedError);
    expect(bare).toMatchObject({
      code: "space_changed",
      message: "gone: ***",
      endpoints: ["/a", "/***"],
      provider: KEY,
    });
    expect(bare.stack).toContain("error-secrets.test.ts");
    expect(isExcused(bare)).toBe(true);
    expect(error.message).toBe(`gone: ${KEY}`);
  });

  test("keeps the text of an answer", () => {
    const error = new StreamInterruptedError(KEY, { text: KEY });
    expect(withoutSecrets(error, [KEY])).toMatchObject({ message: "***", text: KEY });
  });

  test("shows none in what lies beneath, however deep, in a circle or where it cannot be looked at", () => {
    const deep = Array.from({ length: 30 }).reduce<Error>((cause, _, depth) => {
      return new Error(`level ${depth} ${KEY}`, { cause });
    }, new Error(KEY));
    const circle: Error & { again?: unknown } = new Error(KEY);
    circle.again = circle;
    const trapped = new Proxy(new Error(KEY), {
      ownKeys: () => {
        throw new Error(KEY);
      },
    });
    const many = new AggregateError([new Error(KEY), { header: `Bearer ${KEY}` }, KEY], KEY);
    for (const cause of [deep, circle, trapped, many, KEY, { key: KEY }])
      expect(shown(withoutSecrets(new QwenError("protocol", "no", { cause }), [KEY]))).not.toContain("0123");
  });
});

describe("a text without secrets", () => {
  test.each([
    [`a ${KEY.toUpperCase()} b`, "a *** b"],
    [`${KEY}${KEY}`, "******"],
    [`x${KEY.slice(0, 7)}… and ${KEY.slice(0, 7)}`, `x***… and ${KEY.slice(0, 7)}`],
    [`${KEY.slice(0, 3)}…`, `${KEY.slice(0, 3)}…`],
    [`Key-Key-0123456789`, "Key-***"],
    ["", ""],
  ])("%j", (text, expected) => {
    expect(concealing([KEY])(text)).toBe(expected);
  });

  test("is found whole where one is the beginning of another, and where it is written as JSON, a form or an address", () => {
    const conceal = concealing([KEY, `${KEY}/"more words"`]);
    const written = [JSON.stringify, encodeURIComponent, String].map((write) => write(`${KEY}/"more words"`));
    expect(conceal(written.join(" "))).toBe('"***" *** ***');
    expect(conceal(KEY)).toBe("***");
  });
});
