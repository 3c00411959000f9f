import { describe, expect, test } from "vitest";
import { ThoughtSplit, type ThoughtSplitOptions } from "../src/thought-split.ts";
import { expectLinear } from "./cost.ts";
import { chunkings } from "./emulate/reading.ts";

/** What is told of an answer that comes in these pieces, and in which order. */
function split(pieces: Iterable<string>, options?: ThoughtSplitOptions) {
  const told = { thought: "", said: "", order: "" };
  const splitting = new ThoughtSplit(
    {
      thought: (text) => {
        told.thought += text;
        told.order += text === "" ? "empty" : "t";
      },
      thoughtEnd: () => void (told.order += "|"),
      words: (text) => {
        told.said += text;
        told.order += text === "" ? "empty" : "s";
      },
    },
    options,
  );
  for (const piece of pieces) {
    const { isSpeaking } = splitting;
    const before = told.said;
    splitting.feed(piece);
    if (isSpeaking) expect(told.said).toBe(before + piece);
  }
  splitting.end();
  return { ...told, order: told.order.replaceAll(/(.)\1+/g, "$1") };
}

describe("what is thought at the beginning of an answer", () => {
  test.each<[answer: string, thought: string, said: string, order: string, options?: ThoughtSplitOptions]>([
    ["<think>\nHmm.\n</think>\n\nHello", "Hmm.", "Hello", "t|s"],
    [" \n<think>Hmm</think>", "Hmm", "", "t|"],
    ["<think>never closed ", "never closed ", "", "t|"],
    ["<think> a </thin", "a </thin", "", "t|"],
    ["<think>\n\n</think>\n\nHello", "", "Hello", "|s"],
    ["<think>\n", "", "", "|"],
    ["Not <think>here</think>", "", "Not <think>here</think>", "s"],
    ["<thinking is fun", "", "<thinking is fun", "s"],
    [" <thi", "", " <thi", "s"],
    [" \n ", "", " \n ", "s"],
    ["", "", "", ""],
    ["a </think> b", "", "a </think> b", "s"],
    ["a </think> b", "a", "b", "t|s", { open: true }],
    [" <think> a </think> b ", " <think> a </think>", " b ", "t|s", { verbatim: true }],
  ])("%j is told apart, however it is cut", (answer, thought, said, order, options) => {
    for (const pieces of [[answer], ...chunkings(answer)])
      expect(split(pieces, options), pieces.join("·")).toStrictEqual({ thought, said, order });
  });

  test("is waited for through white space of a bounded length", () => {
    expect(split([" ".repeat(5_000_000), "<think>a</think>"]).said).toHaveLength(5_000_016);
  });

  // Each piece by itself, as a stream has them.
  test.each<[what: string, first: string, piece: string, most: number]>([
    ["white space in front", "", " ", 400_000],
    ["white space in thought", "<think>a", "\n", 400_000],
    ["white space behind thought", "<think>a</think>", "\n", 400_000],
    ["brackets in thought", "<think>", "<", 400_000],
    ["beginnings of a tag behind white space", "<think>a", " </thin", 200_000],
  ])("costs no more than its length with %s", (_, first, piece, most) =>
    expectLinear((size) => split([first, ...Array.from({ length: size }, () => piece)]), most),
  );
});
