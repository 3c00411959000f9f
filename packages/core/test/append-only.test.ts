import { describe, expect, test } from "vitest";

import { createAppendOnlyText } from "../src/append-only.ts";

describe("text that only grows", () => {
  test("passes appended text on as it comes", () => {
    const text = createAppendOnlyText();
    expect([text.append("a"), text.append(" b")]).toEqual(["a", " b"]);
    text.end();
    expect(text.rewritten()).toBe(false);
  });

  test("passes on the rest of a replacement that starts with what was passed on", () => {
    const text = createAppendOnlyText();
    text.append("Hello");
    expect(text.replace("Hello world")).toBe(" world");
    expect(text.replace("Hello world")).toBe("");
    expect(text.rewritten()).toBe(false);
  });

  test("goes on after the last shared character where only white space differs, and says so", () => {
    const text = createAppendOnlyText();
    text.append("    - one\n    - two");
    expect(text.replace("- one\n- two\n- three")).toBe("\n- three");
    expect(text.append("\n- four")).toBe("\n- four");
    expect(text.rewritten()).toBe(true);
    text.end();
  });

  test("repeats no white space that was passed on at the end", () => {
    const text = createAppendOnlyText();
    text.append("  a\n");
    expect(text.replace("a\n\nb")).toBe("\nb");
    expect(text.replace("a \n b c")).toBe(" c");
  });

  test("holds while the text does not fit, and goes on when it fits again", () => {
    const text = createAppendOnlyText();
    text.append("one two");
    expect(text.replace("one")).toBe("");
    expect(text.append(" tw")).toBe("");
    expect(text.append("o three")).toBe(" three");
    expect(text.append(" four")).toBe(" four");
    text.end();
    expect(text.rewritten()).toBe(false);
  });

  test("throws text_rewritten with the exact text where it does not fit at the end", () => {
    const text = createAppendOnlyText();
    text.append("yes");
    expect(text.replace("no")).toBe("");
    expect(text.append("!")).toBe("");
    expect(() => text.end()).toThrow(expect.objectContaining({ code: "text_rewritten", text: "no!" }));
  });
});
