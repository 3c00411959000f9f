import { describe, expect, it } from "vitest";
import { AnswerReader, type AnswerLocation, type AnswerReaderOptions } from "../../src/gradio/answer.ts";
import { QwenError } from "../../src/errors.ts";
import { delta, rewrite, shown } from "./answer-parts.ts";

const CHAT: AnswerLocation = { at: [1, -1, 1] };
const TEXT: AnswerLocation = { at: [0] };

function open(location: AnswerLocation, { whole = false, check = () => undefined }: Partial<AnswerReaderOptions> = {}) {
  return new AnswerReader(location, { whole, check });
}

const chat = (...turns: readonly (readonly [string, string | null])[]): readonly unknown[] => ["", turns, "sys"];

describe("edits at the location", () => {
  it("hands an appended delta out as it came, and says nothing twice", () => {
    const reader = open(CHAT);
    expect(reader.generating(chat(["P", "ha"]))).toEqual(delta("ha"));
    expect(reader.generating([[], [["append", [0, 1], "ha"]], []])).toEqual(delta("ha"));
    expect(reader.generating([[], [["append", [0, 1], " haha\n\n\n"]], []])).toEqual(delta(" haha\n\n\n"));
    expect(reader.completed(chat(["P", "haha haha\n\n\n"]))).toBeUndefined();
    expect(reader.text()).toBe("haha haha\n\n\n");
  });

  it("hands out no append of what is no text, and the final value wins", () => {
    for (const operand of [5, null, ["x"], {}]) {
      const reader = open(CHAT);
      reader.generating(chat(["P", "ha"]));
      expect(reader.generating([[], [["append", [0, 1], operand]], []])).toBeUndefined();
      expect(reader.completed(chat(["P", "ha!"]))).toEqual(delta("!"));
    }
  });

  it("makes a delta of a replacement that only lengthens the text, and a rewrite of any other", () => {
    const reader = open(CHAT);
    reader.generating(chat(["P", "Hel"]));
    expect(reader.generating([[], [["replace", [0, 1], "Hello"]], []])).toEqual(delta("lo"));
    expect(reader.generating([[], [["replace", [0, 1], "Hallo"]], []])).toEqual(rewrite("Hallo"));
    expect(reader.generating([[], [["replace", [0, 1], "Hallo"]], []])).toBeUndefined();
    expect(reader.generating([[], [["append", [0, 1], "!"]], []])).toEqual(delta("!"));
    expect(reader.text()).toBe("Hallo!");
  });

  it("never yields an empty delta", () => {
    const reader = open(CHAT);
    expect(reader.generating(chat(["P", ""]))).toBeUndefined();
    expect(reader.generating([[], [["append", [0, 1], ""]], []])).toBeUndefined();
    expect(reader.generating([[], [], []])).toBeUndefined();
    expect(reader.generating([[], [["replace", [0, 1], "a"]], []])).toEqual(delta("a"));
  });

  it("follows an empty path: the output itself is the answer", () => {
    const reader = open(TEXT);
    expect(reader.generating(["ha"])).toEqual(delta("ha"));
    expect(reader.generating([[["append", [], "ha"]]])).toEqual(delta("ha"));
    expect(reader.generating([[["replace", [], "Oh"]]])).toEqual(rewrite("Oh"));
  });

  it("takes several edits of one message together", () => {
    const reader = open(CHAT);
    reader.generating(chat(["P", "a"]));
    const edits = [
      ["append", [0, 1], "b"],
      ["append", [0, 1], "c"],
      ["replace", [0, 0], "Q"],
    ];
    expect(reader.generating([[], edits, []])).toEqual(delta("bc"));
    expect(
      reader.generating([
        [],
        [
          ["append", [0, 1], "d"],
          ["replace", [0, 1], "x"],
        ],
        [],
      ]),
    ).toEqual(rewrite("x"));
    expect(reader.generating([[], [["append", [0, 1], "y"]], []])).toEqual(delta("y"));
  });

  it("lets edits elsewhere pass without a part", () => {
    const reader = open(CHAT);
    reader.generating(chat(["P", "a"]));
    expect(
      reader.generating([[["replace", [], "typed"]], [["replace", [0, 0], "Q"]], [["append", [], "!"]]]),
    ).toBeUndefined();
    expect(reader.generating([[], [["append", [0, 1], "b"]], []])).toEqual(delta("b"));
  });
});

describe("negative indices", () => {
  it("follow the last turn when the list grows", () => {
    const reader = open(CHAT);
    reader.generating(chat(["P", "one"]));
    expect(reader.generating([[], [["add", [1], ["Q", "two"]]], []])).toEqual(rewrite("two"));
    expect(reader.generating([[], [["append", [1, 1], "!"]], []])).toEqual(delta("!"));
    expect(reader.generating([[], [["append", [0, 1], "?"]], []])).toBeUndefined();
  });

  it("follow it when earlier turns are taken out", () => {
    const reader = open(CHAT);
    reader.generating(chat(["O", "zero"], ["P", "one"]));
    expect(reader.generating([[], [["delete", [0], null]], []])).toBeUndefined();
    expect(reader.generating([[], [["append", [0, 1], "!"]], []])).toEqual(delta("!"));
  });

  it("wait for a turn where the list is empty at first", () => {
    const reader = open(CHAT);
    expect(reader.generating(chat())).toBeUndefined();
    expect(reader.generating([[], [["add", [0], ["P", null]]], []])).toBeUndefined();
    expect(reader.generating([[], [["replace", [0, 1], "a"]], []])).toEqual(delta("a"));
    expect(reader.generating([[], [["append", [0, 1], "b"]], []])).toEqual(delta("b"));
  });

  it("count the outputs from the end too", () => {
    const reader = open({ at: [-1, "text"] });
    expect(reader.generating([1, 2, { text: "a" }])).toEqual(delta("a"));
    expect(reader.generating([[], [], [["append", ["text"], "b"]]])).toEqual(delta("b"));
  });
});

describe("the final value", () => {
  it("always wins", () => {
    const reader = open(CHAT);
    reader.generating(chat(["P", "wrong"]));
    expect(reader.completed(chat(["P", "right"]))).toEqual(rewrite("right"));
    expect(reader.text()).toBe("right");
  });

  it("is the answer where the first message was an edit already", () => {
    const reader = open(CHAT, {
      check: (outputs) =>
        Array.isArray(outputs[1]) && Array.isArray(outputs[1][0]) && outputs[1][0].length === 2 ? undefined : "no chat",
    });
    expect(reader.generating([[], [["append", [0, 1], "b"]], []])).toBeUndefined();
    expect(reader.generating([[], [["append", [0, 1], "c"]], []])).toBeUndefined();
    expect(reader.completed(chat(["P", "abc"]))).toEqual(delta("abc"));
  });

  it("is waited for after an edit that does not fit, and mends what the edits got wrong", () => {
    const reader = open(CHAT);
    const parts = [
      reader.generating(chat(["P", "a"])),
      reader.generating([[], [["append", [5, 1], "b"]], []]),
      reader.generating([[], [["append", [0, 1], "c"]], []]),
      reader.completed(chat(["P", "abc"])),
    ];
    expect(parts).toEqual([delta("a"), undefined, undefined, delta("bc")]);
  });

  it("mends Gradio's shifted deletes in a nested list", () => {
    const at: AnswerLocation = { at: [0, -1, "content", -1, "text"] };
    const message = (...texts: string[]) => [[{ role: "assistant", content: texts.map((text) => ({ text })) }]];
    const reader = open(at);
    const parts = [
      reader.generating(message("a", "b", "c")),
      reader.generating([
        [
          ["replace", [0, "content", 0, "text"], "final"],
          ["delete", [0, "content", 1], null],
          ["delete", [0, "content", 0], null],
        ],
      ]),
      reader.completed(message("final")),
    ];
    expect(shown(parts)).toBe("final");
  });

  it("of another shape than expected is a protocol error that says what is wrong", () => {
    const reader = open(CHAT, { check: () => "expected a list" });
    expect(() => reader.completed(["x"])).toThrow(
      expect.objectContaining({ code: "protocol", message: expect.stringContaining("expected a list") }),
    );
  });

  it("that is not text at the location is a protocol error", () => {
    expect(() => open(TEXT).completed([{ not: "text" }])).toThrow(expect.objectContaining({ code: "protocol" }));
  });

  it("without anything at the location is an empty answer", () => {
    const reader = open(CHAT);
    expect(reader.completed(["", [], ""])).toBeUndefined();
    expect(reader.text()).toBe("");
  });
});

describe("whole values", () => {
  it("become deltas where they grow, and rewrites where not", () => {
    const reader = open(TEXT, { whole: true });
    expect(["a", "ab", "ab", "abc", "x", "xy"].map((text) => reader.generating([text]))).toEqual([
      delta("a"),
      delta("b"),
      undefined,
      delta("c"),
      rewrite("x"),
      delta("y"),
    ]);
  });

  it("that do not have the expected shape are passed over, and the next is read", () => {
    const reader = open(TEXT, { whole: true, check: ([first]) => (typeof first === "string" ? undefined : "no text") });
    expect([null, "a", 1, "ab"].map((value) => reader.generating([value]))).toEqual([
      undefined,
      delta("a"),
      undefined,
      delta("b"),
    ]);
  });
});

describe("`read`", () => {
  // As qwen1M cuts its answers.
  const read = (raw: string): string | { progress: string } =>
    raw === "Thinking..." ? { progress: raw } : (raw.split("\n<summary>")[0] ?? "");

  it("says what the text means: a sign of life is a progress part, what is cut off is not shown", () => {
    const reader = open({ at: [0], read });
    const parts = [
      reader.generating([""]),
      reader.generating([[["append", [], "Thinking..."]]]),
      reader.generating([[["replace", [], "The quick\n<summary>2 pieces</summary>"]]]),
      reader.generating([[["replace", [], "The quick brown\n<summary>3 pieces</summary>"]]]),
      reader.generating([[["append", [], " and more"]]]),
      reader.completed(["The quick brown fox\n<summary>Done</summary>"]),
    ];
    expect(parts).toEqual([
      undefined,
      { type: "progress", message: "Thinking..." },
      delta("The quick"),
      delta(" brown"),
      undefined,
      delta(" fox"),
    ]);
    expect(reader.text()).toBe("The quick brown fox");
  });

  it("that gives no text, or a promise of one, is a TypeError; what it throws is thrown", () => {
    for (const given of [undefined, 1, Promise.resolve("a"), {}]) {
      const reader = open({ at: [0], read: () => given as string });
      expect(() => reader.generating(["a"])).toThrow(TypeError);
    }
    const thrown = new QwenError("protocol", "mine");
    const reader = open({
      at: [0],
      read(text) {
        if (text === "ab") throw thrown;
        return text;
      },
    });
    reader.generating(["a"]);
    expect(() => reader.generating([[["append", [], "b"]]])).toThrow(thrown);
  });

  it("sees appended text as a part of the whole", () => {
    const reader = open({ at: [0], read: (raw) => raw.toUpperCase() });
    expect([reader.generating(["a"]), reader.generating([[["append", [], "b"]]])]).toEqual([delta("A"), delta("B")]);
  });
});

it("hands out 100,000 appended characters and rewrites in between whole, exact and once", () => {
  const reader = open(CHAT);
  let expected = "";
  const parts = [reader.generating(chat(["P", ""]))];
  for (let step = 0; step < 10_000; step += 1) {
    const piece = `${"ha".repeat(step % 3)} 日🙂\n\n\n`.slice(0, 10);
    expected += piece;
    parts.push(reader.generating([[], [["append", [0, 1], piece]], []]));
    if (step % 2500 === 2499) {
      expected = `rewritten ${step}: ${expected.trim()}`;
      parts.push(reader.generating([[], [["replace", [0, 1], expected]], []]));
    }
  }
  parts.push(reader.completed(chat(["P", expected])));
  expect(shown(parts)).toBe(expected);
  expect(reader.text()).toBe(expected);
  expect(parts.filter((part) => part?.type === "text-replace")).toHaveLength(4);
});
