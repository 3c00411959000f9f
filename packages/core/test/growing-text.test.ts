import { expect, it } from "vitest";
import { GrowingText } from "../src/growing-text.ts";

it.each([0, 1, 63, 64, 65, 1000])("is all of its pieces in their order: %d of them", (count) => {
  const text = new GrowingText();
  const pieces = Array.from({ length: count }, (_, index) => `${index},`);
  for (const piece of pieces) text.append(piece);
  expect(text.whole()).toBe(pieces.join(""));
});

it("is whole whenever it is asked for, and goes on growing", () => {
  const text = new GrowingText();
  let expected = "";
  for (let index = 0; index < 200; index += 1) {
    text.append(`${index},`);
    expected += `${index},`;
    if (index % 7 === 0) expect(text.whole()).toBe(expected);
  }
  expect(text.whole()).toBe(expected);
});

it("drops what came before a text that replaces it", () => {
  const text = new GrowingText();
  text.append("old");
  text.replace("new");
  text.append("er");
  expect(text.whole()).toBe("newer");
});

it("is exact whatever its pieces are: long ones between short ones, halves of an emoji, all that UTF-16 can hold", () => {
  const pieces = ["a", "\ud83d", "\ude00", "b".repeat(65), "\udc00", "", "ü\u0000", "c".repeat(5000), "\uffff"];
  const text = new GrowingText();
  let expected = "";
  for (let index = 0; index < 2000; index += 1) {
    const piece = pieces[(index * 7 + (index >> 3)) % pieces.length] ?? "";
    text.append(piece);
    expected += piece;
    expect(text.length).toBe(expected.length);
  }
  expect(text.whole()).toBe(expected);
});
