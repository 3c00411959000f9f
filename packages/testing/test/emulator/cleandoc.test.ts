import { expect, test } from "vitest";

import { cleandoc } from "../../src/emulator/cleandoc.ts";

// Expected values are those of Python 3.11's inspect.cleandoc.
test.each([
  ["", ""],
  ["  one", "one"],
  ["\n  - one\n    - two", "- one\n  - two"],
  ["\n  - one\n    - two\nthree\t x\n\n", "  - one\n    - two\nthree    x"],
  ["haha haha\n\n\n", "haha haha"],
  ["a\n   \n  b\n", "a\n \nb"],
  ["\tx\n\ty\n", "x\ny"],
  ["\n\n", ""],
  ["x\n  \n", "x\n  "],
  ["\u00A0x\n\u2003y\n\u2003z", "x\ny\nz"],
  ["\u{1F600}\tx\n y", "\u{1F600}       x\ny"],
])("cleans %j as Python does", (text, expected) => {
  expect(cleandoc(text)).toBe(expected);
});
