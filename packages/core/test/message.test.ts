import { runInNewContext } from "node:vm";

import { describe, expect, it } from "vitest";

import {
  filesOf,
  fileSource,
  imagesOf,
  imageSource,
  isBlob,
  textOf,
  type ContentPart,
  type Message,
} from "../src/message.ts";

const say = (role: Message["role"], content: Message["content"]): Message => ({ role, content });
const image = { type: "image", image: new URL("data:image/png;base64,") } as const;
const text = (words: string) => ({ type: "text", text: words }) as const;

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

it("takes files and images apart, those that a tool gave as well", () => {
  const file = { type: "file", file: new Uint8Array(1), mediaType: "image/png" } as const;
  const call = { toolCallId: "1", toolName: "camera" };
  const result: ContentPart = {
    type: "tool-result",
    ...call,
    output: { type: "content", value: [image, text("a"), file] },
  };
  const message = say("tool", [result, { type: "tool-result", ...call, output: { type: "text", value: "b" } }]);
  expect(imagesOf(message)).toEqual([image]);
  expect(filesOf(message)).toEqual([file]);
  expect(filesOf(say("user", [file, image]))).toEqual([file]);
  expect(filesOf(say("user", "plain"))).toEqual([]);
});

it("reads a file as it reads an image, and calls it one", () => {
  const bytes = Uint8Array.of(1);
  expect(fileSource(bytes)).toEqual(bytes);
  expect(fileSource("data:,x")).toBeInstanceOf(URL);
  expect(() => fileSource("file:///etc/passwd")).toThrow("A file cannot be a file: URL");
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
