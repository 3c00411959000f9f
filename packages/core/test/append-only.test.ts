import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { QwenError } from "../src/errors.ts";
import { AppendOnlyText } from "../src/append-only.ts";
import { expectLinear } from "./cost.ts";

describe("text that only grows", () => {
  test("passes appended text on as it comes", () => {
    const text = new AppendOnlyText();
    expect([text.append("a"), text.append(" b")]).toEqual(["a", " b"]);
    text.end();
    expect(text.rewritten).toBe(false);
  });

  test("passes on the rest of a replacement that starts with what was passed on", () => {
    const text = new AppendOnlyText();
    text.append("Hello");
    expect(text.replace("Hello world")).toBe(" world");
    expect(text.replace("Hello world")).toBe("");
    expect(text.rewritten).toBe(false);
  });

  test("goes on after the last shared character where only white space differs, and says so", () => {
    const text = new AppendOnlyText();
    text.append("    - one\n    - two");
    expect(text.replace("- one\n- two\n- three")).toBe("\n- three");
    expect(text.append("\n- four")).toBe("\n- four");
    expect(text.rewritten).toBe(true);
    text.end();
  });

  test("repeats no white space that was passed on at the end", () => {
    const text = new AppendOnlyText();
    text.append("  a\n");
    expect(text.replace("a\n\nb")).toBe("\nb");
    expect(text.replace("a \n b c")).toBe(" c");
  });

  test("holds while the text does not fit, and goes on when it fits again", () => {
    const text = new AppendOnlyText();
    text.append("one two");
    expect(text.replace("one")).toBe("");
    expect(text.append(" tw")).toBe("");
    expect(text.append("o three")).toBe(" three");
    expect(text.append(" four")).toBe(" four");
    text.end();
    expect(text.rewritten).toBe(false);
  });

  test("throws text_rewritten with the exact text where it does not fit at the end", () => {
    const text = new AppendOnlyText();
    text.append("yes");
    expect(text.replace("no")).toBe("");
    expect(text.append("!")).toBe("");
    expect(() => text.end()).toThrow(expect.objectContaining({ code: "text_rewritten", text: "no!" }));
  });
});

describe("what may pass at the very end of what came", () => {
  test.each([
    ["U+FFFD in place of a character", "\uFFFD"],
    ["two of them", "\uFFFD\uFFFD"],
    ["half a character", "\uD83D"],
    ["a cursor", "▌"],
    ["a block", "█"],
    ["a thin block", "▍"],
    ["an underscore", "_"],
    ["a bar", "|"],
    ["a circle", "●"],
    ["a cursor behind white space", " ▌"],
    ["a cursor on a line of its own", "\n\n▋"],
  ])("is held back until a rewrite says what it is: %s", (_, end) => {
    const text = new AppendOnlyText();
    expect([text.append("Hi"), text.append(end)].join("")).toBe("Hi");
    expect(text.replace("Hi, you")).toBe(", you");
    expect(text.replace(`Hi, you and me${end}`)).toBe(" and me");
    expect(text.replace("Hi, you and me.")).toBe(".");
    expect(text.end()).toBe("");
    expect(text.rewritten).toBe(false);
  });

  test("comes with the next piece where it was text, and at the end where nothing follows", () => {
    const text = new AppendOnlyText();
    const pieces = ["| a ", "|", " b |", "\n snake_", "case", " \uD83D", "\uDE42 \uFFFD", " x", " |"];
    expect(pieces.map((piece) => text.append(piece))).toEqual([
      "| a ",
      "",
      "| b",
      " |\n snake",
      "_case",
      "",
      " 🙂",
      " \uFFFD x",
      "",
    ]);
    expect(text.end()).toBe(" |");
    expect(text.end()).toBe("");
  });

  test("is held in the middle of nothing, and only as much of it as a cursor has", () => {
    const text = new AppendOnlyText();
    expect(text.append("a_b|c▌d")).toBe("a_b|c▌d");
    expect(text.append("_".repeat(100))).toBe("_".repeat(92));
    expect(text.append("x")).toBe(`${"_".repeat(8)}x`);
    expect(text.append(" ".repeat(100))).toBe(" ".repeat(100));
  });
});

test("what is passed on is always the beginning of the exact text, or differs in white space, or it throws", () => {
  const piece = fc.stringMatching(/^[ab |_\n\uFFFD▌]{0,6}$/u);
  const change = fc.record({ rewrite: fc.boolean(), piece });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const text = new AppendOnlyText();
      let exact = "";
      let passed = "";
      for (const { rewrite, piece: by } of changes) {
        // A rewrite as apps make them: of the end.
        exact = rewrite ? exact.slice(0, Math.max(0, exact.length - 3)) + by : exact + by;
        passed += rewrite ? text.replace(exact) : text.append(by);
      }
      try {
        passed += text.end();
      } catch (error) {
        expect(error).toMatchObject({ code: "text_rewritten", text: exact });
        return;
      }
      if (text.rewritten) expect(passed.replace(/\s/gu, "")).toBe(exact.replace(/\s/gu, ""));
      else expect(passed).toBe(exact);
    }),
    { numRuns: 2000 },
  );
});

test("a long text fits wherever it differs in white space, and holds wherever it differs in more", () => {
  const long = "0123456789".repeat(400);
  for (const at of [0, 1, 1023, 1024, 1025, 2048, 3999]) {
    const text = new AppendOnlyText();
    text.append(long);
    expect(text.replace(`${long.slice(0, at)}?${long.slice(at)}`)).toBe("");
    expect(text.replace(`${long.slice(0, at)} ${long.slice(at)}!`)).toBe("!");
    expect(text.rewritten).toBe(true);
  }
});

test("a text that is told anew from its start, piece by piece, is looked at once", () =>
  expectLinear((length) => {
    const text = new AppendOnlyText();
    text.append("ab ".repeat(length));
    text.replace("ab");
    for (let step = 1; step < length; step++) text.append(" ab");
    text.append("  and more");
    expect(text.end()).toBe("");
  }, 40_000));

test("what was held back is passed on where something else than text follows, and stands", () => {
  const text = new AppendOnlyText();
  expect(text.append("a |")).toBe("a");
  expect(text.pass()).toBe(" |");
  expect(text.pass()).toBe("");
  expect(text.append(" b")).toBe(" b");
  expect(text.replace("a | b, c")).toBe(", c");
  expect(text.replace("a")).toBe("");
  expect(text.pass()).toBe("");
  expect(() => text.end()).toThrow(QwenError);
});
