import type { ProviderPart } from "@qwen/core";
import { describe, expect, test } from "vitest";

import { bySize, expectLinear } from "../../core/test/cost.ts";
import { FollowedAnswer } from "../../core/src/gradio/followed-output.ts";
import { SpaceReader } from "../src/answer-reader.ts";
import { words } from "./hearing.ts";

const fileUrl = (path: string): URL => new URL(`http://space.test/file=${path}`);

function reader(before?: unknown): FollowedAnswer {
  return new FollowedAnswer(new SpaceReader({ output: 0, before, fileUrl }));
}

/** What a reader tells of messages, the last of them the final one. */
function told(read: FollowedAnswer, messages: readonly (readonly unknown[])[]): readonly ProviderPart[] {
  return messages.flatMap((data, index) =>
    index === messages.length - 1 ? read.completed(data) : read.generating(data),
  );
}

const user = { role: "user", content: "?" };
const says = (content: unknown, title?: string) => ({ role: "assistant", content, metadata: { title } });

describe("an answer is read out of", () => {
  test.each<readonly [string, unknown, { readonly text: string; readonly thought?: string }]>([
    ["a text", "Hello", { text: "Hello" }],
    ["nothing", null, { text: "" }],
    ["a pair", [["?", "Hello"]], { text: "Hello" }],
    ["a pair without an answer", [["?", null]], { text: "" }],
    [
      "the last of pairs, and those without a question behind it",
      [
        ["a", "b"],
        ["?", "Hello"],
        [null, "there"],
        ["", "again"],
      ],
      { text: "Hello\n\nthere\n\nagain" },
    ],
    ["a message", says("Hello"), { text: "Hello" }],
    ["messages behind the question", [user, says("Hello"), says("there")], { text: "Hello\n\nthere" }],
    [
      "a message of parts",
      [
        user,
        says([
          { type: "text", text: "Hello" },
          { type: "text", text: "there" },
        ]),
      ],
      { text: "Hello\n\nthere" },
    ],
    ["a message that is one part", [user, says({ type: "text", text: "Hello" })], { text: "Hello" }],
    ["a thought with a title", [user, says("Hmm", "Thinking"), says("Hello")], { text: "Hello", thought: "Hmm" }],
    ["a list of messages alone", [says("Hmm", "Thinking"), says("Hello")], { text: "Hello", thought: "Hmm" }],
    ["an update of its component", { __type__: "update", value: [["?", "Hello"]] }, { text: "Hello" }],
    ["what nobody knows", { strange: [1, 2] }, { text: "" }],
  ])("%s", (_, value, expected) => {
    expect(words(told(reader(), [[value]]))).toEqual({ thought: "", ...expected });
    expect(words(told(reader(), [[value], [value]]))).toEqual({ thought: "", ...expected });
  });

  test.each([
    ["pairs", [["Hi", "Hello"]]],
    [
      "messages",
      [
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
      ],
    ],
    [
      "messages of parts",
      [
        { role: "user", content: [] },
        { role: "assistant", content: [{ type: "text", text: "Hello" }] },
      ],
    ],
  ])("no earlier turn, where the chat comes back as it went: %s", (_, chat) => {
    expect(told(reader(chat), [[chat]]).filter(({ type }) => type !== "text-delta")).toEqual([]);
    expect(words(reader(chat).generating([chat])).text).toBe("");
  });

  test.each([
    ["pairs", [["Hi", "Hello"]], [["And now?", "Hello"]]],
    [
      "messages",
      [{ role: "user", content: "Hi" }, says("Hello")],
      [{ role: "user", content: "And now?" }, says("Hello")],
    ],
  ])("the same words as the turn before, of an app that keeps the last turn alone: %s", (_, chat, now) => {
    expect(words(told(reader(chat), [[now]]))).toEqual({ text: "Hello", thought: "" });
    expect(words(told(reader(chat), [[chat], [[["replace", [], now]]], [now]]))).toEqual({
      text: "Hello",
      thought: "",
    });
  });

  test.each<readonly [string, readonly unknown[], (text: string) => unknown]>([
    ["pairs", [["Hi", "Hello"]], (text) => [null, text]],
    ["messages", [{ role: "user", content: "Hi" }, says("Hello")], (text) => says(text)],
  ])("what stands behind the turns that went, though the app does not write the question down: %s", (_, chat, add) => {
    expect(words(told(reader(chat), [[[...chat, add("And")]], [[...chat, add("And now.")]]])).text).toBe("And now.");
  });

  test("files of galleries and players, none of a kind that no header could tell", () => {
    const file = (path: string, type: string) => ({ path, mime_type: type });
    const gallery = [
      { image: file("/a.png", "image/png"), caption: "A" },
      { video: file("/b.mp4", "video/mp4\r\nx: y") },
    ];
    const value = [user, says({ component: "gallery", value: gallery })];
    expect(told(reader(), [[value]]).filter(({ type }) => type === "file")).toEqual([
      { type: "file", url: fileUrl("/a.png"), mediaType: "image/png" },
      { type: "file", url: fileUrl("/b.mp4"), mediaType: undefined },
    ]);
  });

  test("nothing that is nested deeper than a stack", () => {
    let deep: unknown = "Hello";
    for (let depth = 0; depth < 50_000; depth++) deep = [deep];
    expect(words(told(reader(), [[[user, says(deep)]], [[user, says("Hi")]]])).text).toBe("Hi");
  });

  test("no output that is not there: an app with fewer of them is another one", () => {
    expect(() => new FollowedAnswer(new SpaceReader({ output: 1, before: [], fileUrl })).completed(["Hello"])).toThrow(
      /gave 1 outputs/,
    );
  });

  test("files, each once, those of other hosts by their own address", () => {
    const files = [
      { file: { path: "/tmp/a b.png", mime_type: "image/png" } },
      { path: "https://elsewhere.test/c.pdf" },
    ];
    const parts = told(reader(), [[[user, says(files)]], [[user, says(files)]]]);
    expect(parts.map((part) => (part.type === "file" ? part.url.href : part.type))).toEqual([
      "http://space.test/file=/tmp/a%20b.png",
      "https://elsewhere.test/c.pdf",
    ]);
  });
});

test("what is appended is the delta, what is put behind it another one, and what is taken back replaces", () => {
  const read = reader();
  expect(read.generating([[user, says("He")]])).toEqual([{ type: "text-delta", text: "He" }]);
  expect(read.generating([[["append", [1, "content"], "llo"]]])).toEqual([{ type: "text-delta", text: "llo" }]);
  expect(read.generating([[]])).toEqual([]);
  expect(read.generating([[["add", [2], says("More")]]])).toEqual([{ type: "text-delta", text: "\n\nMore" }]);
  expect(read.generating([[["append", [2, "content"], "!"]]])).toEqual([{ type: "text-delta", text: "!" }]);
  expect(read.generating([[["replace", [1, "content"], "Hi"]]])).toEqual([
    { type: "text-replace", text: "Hi\n\nMore!" },
  ]);
  expect(read.completed([[user, says("Hi"), says("More!")]])).toEqual([]);
});

describe("an output that is left out means that the chat is what it was", () => {
  const update = (more: object = {}) => ({ __type__: "update", ...more });
  const chat = [user, says("a")];

  test("though it is left out by an edit of the update before", () => {
    const read = reader();
    const parts = told(read, [
      [update({ value: [user] })],
      [[["add", ["value", 1], says("a")]]],
      [[["append", ["value", 1, "content"], "b"]]],
      [[["delete", ["value"], null]]],
      [update()],
    ]);
    expect(parts).toEqual([
      { type: "text-delta", text: "a" },
      { type: "text-delta", text: "b" },
    ]);
  });

  test("and is there again later", () => {
    const parts = told(reader(), [
      [update({ value: chat })],
      [[["delete", ["value"], null]]],
      [[["add", ["value"], [user, says("ab")]]]],
      [[["append", ["value", 1, "content"], "c"]]],
      [[]],
      [update()],
    ]);
    expect(words(parts).text).toBe("abc");
  });

  test("and is there for the first time behind the first message", () => {
    const parts = told(reader(), [
      [update()],
      [[["add", ["value"], chat]]],
      [[["append", ["value", 1, "content"], "b"]]],
      [update()],
    ]);
    expect(words(parts).text).toBe("ab");
  });
});

test("what changes often in a long answer is told within a few messages, and whole at the end", () => {
  const read = reader();
  const long = "x".repeat(100_000);
  const changes = Array.from({ length: 60 }, (_, index) => [[["add", [2 + index], says(`${index}`)]]]);
  const whole = [user, says(long), ...changes.map((_, index) => says(`${index}`))];
  const all = [read.generating([[user, says(long)]]), ...changes.map((data) => read.generating(data))];
  const saying = all.filter((parts) => parts.length > 0).length;
  expect(saying).toBeGreaterThan(4);
  expect(saying).toBeLessThan(30);
  const expected = [long, ...changes.map((_, index) => `${index}`)].join("\n\n");
  expect(words([...all.flat(), ...read.completed([whole])]).text).toBe(expected);
  // Also where it is left out at the end.
  const left = reader();
  const before = [left.generating([[user, says(long)]]), ...changes.map((data) => left.generating(data))];
  expect(words([...before.flat(), ...left.completed([{ __type__: "update" }])]).text).toBe(expected);
});

test("edits that do not fit are waited out: the final value is whole", () => {
  const read = reader();
  read.generating([[user, says("He")]]);
  expect(read.generating([[["append", [7, "content"], "llo"]]])).toEqual([]);
  expect(read.generating([[["append", [1, "content"], "llo"]]])).toEqual([]);
  expect(words(read.completed([[user, says("Hello")]]))).toEqual({ text: "llo", thought: "" });
});

describe("an answer eight times as long costs eight times as much", () => {
  const times = (size: number, make: (index: number) => unknown): (readonly unknown[])[] =>
    Array.from({ length: size }, (_, index) => [make(index)]);
  const streams = {
    "in a chatbot of messages": bySize((size) => [[[user, says("a")]], ...edits(size, [1, "content"])]),
    "in a chatbot of parts": bySize((size) => [
      [[user, says([{ type: "text", text: "a" }])]],
      ...edits(size, [1, "content", 0, "text"]),
    ]),
    "in pairs": bySize((size) => [[[["?", "a"]]], ...edits(size, [0, 1])]),
    "in the JSON of a ChatInterface": bySize((size) => [["a"], ...edits(size, [])]),
    "while it thinks": bySize((size) => [["<think>a"], ...edits(size, [])]),
    "by two edits in a message": bySize((size) => [
      [[user, says("a")]],
      ...times(size, () => [
        ["append", [1, "content"], "wo"],
        ["append", [1, "content"], "rd "],
      ]),
    ]),
    "beside a clock": bySize((size) => [
      [[user, says("a", "Thinking")]],
      ...times(size, (index) => [
        ["append", [1, "content"], "word "],
        ["replace", [1, "metadata", "title"], `Thinking ${index}`],
      ]),
    ]),
    "in two messages in turn": bySize((size) => [
      [[user, says("a"), says("b")]],
      ...times(size, (index) => [["append", [1 + (index % 2), "content"], "word "]]),
    ]),
    "in a message for each word": bySize((size) => [
      [[user, says("a")]],
      ...times(size, (index) => [["add", [2 + index], says("word")]]),
    ]),
    "in a part for each word": bySize((size) => [
      [[user, says([{ type: "text", text: "a" }])]],
      ...times(size, (index) => [["add", [1, "content", 1 + index], { type: "text", text: "word" }]]),
    ]),
  };

  test.each(Object.entries(streams))("%s", async (_, stream) => {
    await expectLinear((size) => {
      const read = reader();
      for (const data of stream(size)) read.generating(data);
    }, 20_000);
  });

  function edits(size: number, path: readonly (string | number)[]): (readonly unknown[])[] {
    return Array.from({ length: size }, () => [[["append", path, "word "]]]);
  }
});
