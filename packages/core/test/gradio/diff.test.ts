import { describe, expect, it } from "vitest";
import { applyEdits, Editor, parseEdits, type Edit } from "../../src/gradio/diff.ts";

const applyEdit = (value: unknown, edit: Edit): unknown => new Editor().apply(value, [edit]);

function freeze<Value>(value: Value): Value {
  if (typeof value === "object" && value !== null) {
    Object.freeze(value);
    for (const member of Object.values(value)) freeze(member);
  }
  return value;
}

const TABLE: readonly (readonly [name: string, before: unknown, edit: Edit, after: unknown])[] = [
  ["append to a text", "ab", ["append", [], "c"], "abc"],
  ["append to a list", [1], ["append", [], [2, 3]], [1, 2, 3]],
  ["replace the whole", "ab", ["replace", [], "x"], "x"],
  ["replace null, as for an output first seen later", null, ["replace", [], "x"], "x"],
  ["append deep inside", ["", [["q", "a"]]], ["append", [1, 0, 1], "b"], ["", [["q", "ab"]]]],
  ["append behind a key", [{ text: "a" }], ["append", [0, "text"], "b"], [{ text: "ab" }]],
  ["replace in a list", [1, 2, 3], ["replace", [1], 9], [1, 9, 3]],
  ["replace by another type", [["q", null]], ["replace", [0, 1], "a"], [["q", "a"]]],
  ["add into a list at the front", [1], ["add", [0], 0], [0, 1]],
  ["add into a list at the end", [1], ["add", [1], 2], [1, 2]],
  ["add a key", { a: 1 }, ["add", ["b"], 2], { a: 1, b: 2 }],
  ["delete from a list", [1, 2, 3], ["delete", [1], null], [1, 3]],
  ["delete a key", { a: 1, b: 2 }, ["delete", ["a"], null], { b: 2 }],
  ["a key that looks like a number", { 0: "a" }, ["append", [0], "b"], { 0: "ab" }],
];

it.each(TABLE)("makes the edit: %s", (_, before, edit, after) => {
  expect(applyEdit(freeze(structuredClone(before)), edit)).toEqual(after);
});

const MISFITS: readonly (readonly [name: string, before: unknown, edit: Edit])[] = [
  ["add to the whole", [], ["add", [], 1]],
  ["delete the whole", [], ["delete", [], null]],
  ["append a text to a list", [], ["append", [], "x"]],
  ["append a list to a text", "", ["append", [], []]],
  ["append to a number", 1, ["append", [], 1]],
  ["an index beyond the end", [1], ["replace", [1], 2]],
  ["add beyond the end", [1], ["add", [3], 2]],
  ["delete beyond the end", [1], ["delete", [1], null]],
  ["a negative index", [1, 2], ["replace", [-1], 9]],
  ["a negative index to add at", [1, 2], ["add", [-1], 9]],
  ["an index that is no whole number", [1, 2], ["replace", [0.5], 9]],
  ["an index that is no whole number to add at", [1, 2], ["add", [0.5], 9]],
  ["a key in a list", [1], ["replace", ["length"], 0]],
  ["a path through a text", "text", ["replace", [0], "x"]],
  ["a path through null", null, ["append", ["text"], "x"]],
  ["a key that is not there", { a: 1 }, ["replace", ["b"], 2]],
  ["a deleted key that is not there", { a: 1 }, ["delete", ["b"], null]],
  ["a key of Object's prototype", { a: 1 }, ["replace", ["toString"], 2]],
  ["a path through a prototype", { a: 1 }, ["replace", ["constructor", "prototype"], 2]],
  ["a path through __proto__", { a: 1 }, ["add", ["__proto__", "polluted"], 1]],
];

it.each(MISFITS)("is a protocol error where the edit does not fit: %s", (_, before, edit) => {
  expect(() => applyEdit(freeze(before), edit)).toThrow(expect.objectContaining({ code: "protocol" }));
});

describe("keys from outside", () => {
  it('keeps "__proto__" a plain member', () => {
    const after = applyEdit({ a: 1 }, ["add", ["__proto__"], { polluted: true }]) as object;
    expect(Object.keys(after)).toEqual(["a", "__proto__"]);
    expect(Object.getPrototypeOf(after)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('edits and deletes a member called "__proto__" like any other', () => {
    const before: unknown = JSON.parse('{"__proto__":{"text":"a"},"b":1}');
    expect(JSON.stringify(applyEdit(before, ["append", ["__proto__", "text"], "b"]))).toBe(
      '{"__proto__":{"text":"ab"},"b":1}',
    );
    expect(JSON.stringify(applyEdit(before, ["delete", ["__proto__"], null]))).toBe('{"b":1}');
    expect(JSON.stringify(applyEdit(before, ["replace", ["b"], 2]))).toBe('{"__proto__":{"text":"a"},"b":2}');
  });
});

describe("a message of edits", () => {
  it("never changes a value that was handed out, and shares what did not change", () => {
    const first = freeze([
      [
        "",
        [
          ["q", "a"],
          ["r", "b"],
        ],
      ],
      { other: [1, 2, 3] },
    ] as const);
    const second = applyEdits(first, [[["append", [1, 0, 1], "!"]], []]);
    const third = freeze(applyEdits(freeze(second), [[["delete", [1, 0], null]], [["add", ["x"], 1]]]));
    expect(first).toEqual([
      [
        "",
        [
          ["q", "a"],
          ["r", "b"],
        ],
      ],
      { other: [1, 2, 3] },
    ]);
    expect(second).toEqual([
      [
        "",
        [
          ["q", "a!"],
          ["r", "b"],
        ],
      ],
      { other: [1, 2, 3] },
    ]);
    expect(third).toEqual([["", [["r", "b"]]], { other: [1, 2, 3], x: 1 }]);
    expect(second[1]).toBe(first[1]);
  });

  it("makes several edits of one output in order", () => {
    expect(
      applyEdits(
        ["a"],
        [
          [
            ["append", [], "b"],
            ["append", [], "c"],
            ["replace", [], "d"],
          ],
        ],
      ),
    ).toEqual(["d"]);
  });

  it("diffs an output that is first seen later against null", () => {
    expect(applyEdits(["a"], [[], [["replace", [], "new"]]])).toEqual(["a", "new"]);
  });

  it("is a protocol error where an output's value is no list of edits", () => {
    for (const change of [
      "text",
      null,
      1,
      {},
      [["append", [], "x", "extra"]],
      [["move", [], "x"]],
      [["append", "path", "x"]],
    ])
      expect(() => applyEdits(["a"], [change]), JSON.stringify(change)).toThrow(
        expect.objectContaining({ code: "protocol" }),
      );
  });

  // Gradio's `diff()` shifts the indices of deletes in nested lists: recorded from 6.31.0.
  it("does not fail on the deletes that Gradio shifts in nested lists, though the value on the way is wrong", () => {
    const before = [
      [
        { role: "user", content: ["q"] },
        { role: "assistant", content: [{ text: "a" }, { text: "b" }, { text: "c" }] },
      ],
    ];
    const edits = [
      ["replace", [1, "content", 0, "text"], "final answer"],
      ["delete", [1, "content", 1], null],
      ["delete", [1, "content", 0], null],
    ];
    expect(applyEdits(before, [edits])).toEqual([
      [
        { role: "user", content: ["q"] },
        { role: "assistant", content: [{ text: "c" }] },
      ],
    ]);
  });
});

it("reads an empty list as no edits, and anything that is no list of edits as `undefined`", () => {
  expect(parseEdits([])).toEqual([]);
  for (const value of [undefined, null, "append", {}, [1], [["append"]], [["append", [], "x"], 1]])
    expect(parseEdits(value)).toBeUndefined();
});
