import { expect, it } from "vitest";
import { CookieJar, isCookie } from "../../src/gradio/cookies.ts";

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
  [["a=1\u0000", "b=\n", "c=\u20ac", "d=\u007f"], []],
  [[`a=${"x".repeat(4094)}`], [`a=${"x".repeat(4094)}`]],
  [[`a=${"x".repeat(4095)}`], []],
];

it.each(TABLE)("stores %j as %j", (lines, pairs) => {
  const jar = new CookieJar();
  jar.store(lines);
  expect(jar.pairs()).toEqual(pairs);
});

it("goes on from what `toJSON` gave", () => {
  const jar = new CookieJar();
  jar.store(["a=1", "__proto__=2", "b=3; Max-Age=0"]);
  const saved = JSON.parse(JSON.stringify(jar)) as Record<string, string>;
  expect(new CookieJar(saved).pairs()).toEqual(["a=1", "__proto__=2"]);
});

it("holds the newest fifty", () => {
  const jar = new CookieJar();
  for (let count = 0; count < 60; count += 1) jar.store([`n${count}=1`]);
  expect(jar.pairs()).toHaveLength(50);
  expect(jar.pairs()[0]).toBe("n10=1");
});

it("of one name sends what this session was set, else what the login was, else what was saved", () => {
  const login = new CookieJar();
  login.store(["session=login", "both=login"]);
  const jar = new CookieJar({ session: "saved", both: "saved", mine: "saved" });
  jar.store(["session=set"]);
  expect(jar.pairs(login).toSorted()).toEqual(["both=login", "mine=saved", "session=set"]);
});

it.each([
  ["a", "", true],
  ["a", "x=y==", true],
  ["a", '"quoted"', true],
  ["!#$%&'*+-.^_`|~", "!#[]~", true],
  ["", "x", false],
  ["a b", "x", false],
  ["a=b", "x", false],
  ["a;b", "x", false],
  ["ä", "x", false],
  ["a", "b; admin=1", false],
  ["a", "b\r\nx: y", false],
  ["a", "b c", false],
  ["a", 'b"c', false],
  ["a", '"', false],
  ["a", "b,c", false],
  ["a", "b\\c", false],
  ["a", "ü", false],
  ["a", "x".repeat(4096), false],
])("whether %j=%j can be a cookie: %s", (name, value, expected) => {
  expect(isCookie(name, value)).toBe(expected);
});
