import { runInNewContext } from "node:vm";

import { expect, test } from "vitest";

import { readNow, snapshotOf } from "../src/snapshot.ts";

test("a snapshot is deep, well-formed, and leaves what has a class as it is", () => {
  const date = new Date(0);
  const bytes = new Uint8Array(1);
  const given = { list: [1, { text: "a\ud83d" }], date, bytes, none: undefined, nothing: null };
  const copy = snapshotOf(given);
  expect(copy).toEqual({ ...given, list: [1, { text: "a\ufffd" }] });
  expect(copy.list).not.toBe(given.list);
  expect(copy.date).toBe(date);
  expect(copy.bytes).toBe(bytes);
});

test("a snapshot keeps names that every object has, circles, and what is deeper than the stack", () => {
  const named = JSON.parse('{ "__proto__": { "a": [1] }, "constructor": 1 }') as object;
  expect(JSON.stringify(snapshotOf(named))).toBe('{"__proto__":{"a":[1]},"constructor":1}');
  const circle: { self?: unknown; twice?: unknown } = {};
  circle.self = circle;
  circle.twice = [circle, circle];
  const copy = snapshotOf(circle);
  expect(copy).not.toBe(circle);
  expect(copy.self).toBe(copy);
  let deep: unknown[] = [];
  for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
  // Not `toBe`, which would look inside.
  expect(snapshotOf(deep) === deep).toBe(false);
});

test("a snapshot copies what another realm made", () => {
  const foreign = runInNewContext("({ list: [1] })") as { list: number[] };
  const copy = snapshotOf(foreign);
  foreign.list.push(2);
  expect(copy.list).toEqual([1]);
});

test("what is read now throws only when it is taken", () => {
  expect(readNow(() => 1).take()).toBe(1);
  const failed = readNow(() => {
    throw new RangeError("no");
  });
  expect(failed.value).toBeUndefined();
  expect(() => failed.take()).toThrow(RangeError);
});
