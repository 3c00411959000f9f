import { runInNewContext } from "node:vm";

import { describe, expect, it } from "vitest";

import {
  dialogueOf,
  imagesOf,
  imageSource,
  isBlob,
  promptOf,
  textOf,
  type ContentPart,
  type Message,
} from "../src/message.ts";

const say = (role: Message["role"], content: Message["content"]): Message => ({ role, content });
const image: ContentPart = { type: "image", image: new URL("data:image/png;base64,") };
const text = (words: string): ContentPart => ({ type: "text", text: words });

it("takes the text of a message from its text parts, joined as they stand", () => {
  expect(textOf(say("user", "plain"))).toBe("plain");
  expect(textOf(say("user", [text("a "), image, text("b")]))).toBe("a b");
  expect(textOf(say("user", []))).toBe("");
});

it("takes the images of a message in order", () => {
  const second = { ...image, filename: "second" };
  expect(imagesOf(say("user", [image, text("a"), second]))).toEqual([image, second]);
  expect(imagesOf(say("user", "plain"))).toEqual([]);
});

describe("an image", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const foreign = (source: string): Uint8Array => runInNewContext(source) as Uint8Array;
  it.each<[string, ContentPart & { type: "image" }]>(
    Object.entries({
      "a Uint8Array": bytes,
      "a Buffer": Buffer.from(bytes),
      "an ArrayBuffer": bytes.buffer,
      "part of a buffer": new Uint8Array(Uint8Array.of(0, 1, 2, 3, 4).buffer, 1, 3),
      "a DataView": new DataView(bytes.buffer),
      "bytes of another realm": foreign("Uint8Array.of(1, 2, 3)"),
      "a buffer of another realm": foreign("Uint8Array.of(1, 2, 3).buffer"),
    }).map(([name, given]) => [name, { type: "image", image: given }]),
  )("that is %s is bytes", (_, part) => {
    const source = imageSource(part.image);
    expect(source).toBeInstanceOf(Uint8Array);
    expect([...(source as Uint8Array)]).toEqual([1, 2, 3]);
  });

  it("is not copied", () => {
    expect((imageSource(bytes) as Uint8Array).buffer).toBe(bytes.buffer);
  });

  it("may be an address, as a URL or a string", () => {
    for (const given of ["data:,x", new URL("http://host.test/a"), "HTTPS://host.test/a"])
      expect(imageSource(given)).toBeInstanceOf(URL);
  });

  it("may be a Blob of another realm", () => {
    const other: unknown = { [Symbol.toStringTag]: "Blob", arrayBuffer: () => Promise.resolve(bytes.buffer) };
    expect(imageSource(other as Blob)).toBe(other);
    expect(isBlob({ [Symbol.toStringTag]: "Blob" })).toBe(false);
  });

  it.each([
    "x.png",
    "file:///etc/passwd",
    new URL("file:///etc/passwd"),
    "ftp://host/a",
    "",
    5,
    null,
    { [Symbol.toStringTag]: "ArrayBuffer" },
  ])("that is %s is invalid_request", (given) => {
    expect(() => imageSource(given as string)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});

describe("a dialogue", () => {
  const TABLE: readonly (readonly [
    name: string,
    messages: readonly Message[],
    expected: ReturnType<typeof dialogueOf>,
  ])[] = [
    ["nothing", [], { system: undefined, turns: [], question: "" }],
    ["a question", [say("user", "q")], { system: undefined, turns: [], question: "q" }],
    [
      "a developer, who is the system",
      [say("developer", "s"), say("user", "a")],
      { system: "s", turns: [], question: "a" },
    ],
    [
      "earlier turns",
      [say("system", "s"), say("user", "a"), say("assistant", "b"), say("user", "c")],
      { system: "s", turns: [["a", "b"]], question: "c" },
    ],
    [
      "several system messages, wherever they stand",
      [say("system", "s"), say("user", "a"), say("system", "t")],
      { system: "s\n\nt", turns: [], question: "a" },
    ],
    ["an empty system message", [say("system", ""), say("user", "a")], { system: "", turns: [], question: "a" }],
    [
      "messages of one side that follow each other",
      [
        say("user", "a"),
        say("user", "b"),
        say("assistant", "c"),
        say("assistant", "d"),
        say("user", "e"),
        say("user", "f"),
      ],
      { system: undefined, turns: [["a\n\nb", "c\n\nd"]], question: "e\n\nf" },
    ],
    [
      "an answer that nobody asked for",
      [say("assistant", "hello"), say("user", "a")],
      { system: undefined, turns: [["", "hello"]], question: "a" },
    ],
    [
      "a tool's result, which counts as said by the user",
      [say("user", "a"), say("tool", "42"), say("assistant", "b"), say("user", "c")],
      { system: undefined, turns: [["a\n\n42", "b"]], question: "c" },
    ],
    [
      "an answer last",
      [say("user", "a"), say("assistant", "b")],
      { system: undefined, turns: [["a", "b"]], question: "" },
    ],
  ];

  it.each(TABLE)("loses nothing of %s", (_, messages, expected) => {
    const before = structuredClone(messages);
    expect(dialogueOf(messages)).toEqual(expected);
    expect(messages).toEqual(before);
  });
});

describe("a prompt", () => {
  it("is a lone question as it stands", () => {
    expect(promptOf([say("user", "  just this\n")])).toBe("  just this\n");
  });

  it("puts the system prompt first, and names the speakers of earlier turns", () => {
    expect(promptOf([say("system", "s"), say("user", "a"), say("assistant", "b"), say("user", "c")])).toBe(
      "s\n\nUser: a\n\nAssistant: b\n\nUser: c",
    );
    expect(promptOf([say("system", "s"), say("user", "a")])).toBe("s\n\na");
  });

  it("does not call somebody who said nothing", () => {
    expect(promptOf([say("assistant", "hello"), say("user", "a")])).toBe("Assistant: hello\n\nUser: a");
    expect(promptOf([say("user", "a"), say("assistant", "b")])).toBe("User: a\n\nAssistant: b");
    expect(promptOf([say("system", ""), say("user", "a")])).toBe("a");
  });
});
