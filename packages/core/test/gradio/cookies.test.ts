import { expect, it } from "vitest";
import { createCookieJar } from "../../src/gradio/cookies.ts";

const TABLE: readonly (readonly [lines: readonly string[], pairs: readonly string[]])[] = [
  [["a=1"], ["a=1"]],
  [["a=1; Path=/; HttpOnly; Secure; SameSite=none"], ["a=1"]],
  [
    ["a=1", "b=2"],
    ["a=1", "b=2"],
  ],
  [["a=1", "a=2"], ["a=2"]],
  [["a=x=y=="], ["a=x=y=="]],
  [["a="], ["a="]],
  [["  a  =  1  "], ["a=1"]],
  [['a="quoted"'], ['a="quoted"']],
  [["a=1; Max-Age=60"], ["a=1"]],
  [["a=1", "a=gone; Max-Age=0"], []],
  [["a=1", "a=gone; max-age=-1"], []],
  [["a=1", "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], []],
  [["a=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT"], ["a=1"]],
  [["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60"], ["a=1"]],
  [["a=1; Max-Age=0; Expires=Thu, 01 Jan 2099 00:00:00 GMT"], []],
  [["a=1; Max-Age=soon"], ["a=1"]],
  [["a=1; Max-Age="], ["a=1"]],
  [["a=1; Expires=never"], ["a=1"]],
  [["novalue", "=1", "", ";", "  "], []],
  [["__proto__=1"], ["__proto__=1"]],
];

it.each(TABLE)("stores %j as %j", (lines, pairs) => {
  const jar = createCookieJar();
  jar.store(lines);
  expect(jar.pairs()).toEqual(pairs);
});

it("goes on from what `toJSON` gave", () => {
  const jar = createCookieJar();
  jar.store(["a=1", "__proto__=2", "b=3; Max-Age=0"]);
  const saved = JSON.parse(JSON.stringify(jar)) as Record<string, string>;
  expect(createCookieJar(saved).pairs()).toEqual(["a=1", "__proto__=2"]);
});
