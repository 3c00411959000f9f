import { runInNewContext } from "node:vm";
import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { bytesInDataUrl, dataUrl } from "../../src/http/data-url.ts";
import { bySize, expectLinear } from "../cost.ts";

const decoded = (url: string, maxBytes = 1000): string =>
  new TextDecoder("latin1").decode(bytesInDataUrl(new URL(url), { maxBytes }));

it.each([
  ["data:,Hello%2C%20World", "Hello, World"],
  ["data:text/plain;base64,SGVsbG8=", "Hello"],
  ["data:;base64,SGVsbG8", "Hello"],
  ["data:image/png;charset=x; BASE64 ,SGVs%62G8%3D", "Hello"],
  ["data:;base64,SGVs bG8=", "Hello"],
  ["data:,a%2", "a%2"],
  ["data:,a%zz%41", "a%zzA"],
  ["data:,100%", "100%"],
  ["data:,a#b", "a"],
  ["data:,%c3%BC", "Ã¼"],
  ["data:,a;base64,b", "a;base64,b"],
  ["data:,", ""],
])("%s holds %j", (url, text) => {
  expect(decoded(url)).toBe(text);
});

it("decodes as the platform does", async () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(bytes, fc.boolean(), fc.string({ unit: "binary", maxLength: 30 }), async (raw, base64, text) => {
      const url = URL.parse(base64 ? `data:;base64,${Buffer.from(raw).toString("base64")}` : `data:,${text}`);
      if (url === null) return;
      const expected = await (await fetch(url)).bytes();
      expect(bytesInDataUrl(url, { maxBytes: 1000 })).toEqual(expected);
    }),
    { numRuns: 30 },
  );
});

it.each([undefined, Number.NaN, -1, "5"])("takes no limit that is none: %o", (maxBytes) => {
  expect(() => bytesInDataUrl(new URL("data:,x"), { maxBytes: maxBytes as number })).toThrow(
    /`maxBytes` must be a whole/,
  );
});

describe("bytes become a data: URL", () => {
  test.each([
    "image/png",
    "text/plain; charset=utf-8",
    "text/plain,Bye",
    "a/b#c",
    "a/b\n",
    "é/ü\ud83d",
    "",
    ";base64,",
  ])("that holds them, whatever their type is: %j", (mediaType) => {
    const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at * 7);
    const url = dataUrl(bytes, mediaType);
    expect(Buffer.from(bytesInDataUrl(new URL(url), { maxBytes: 100_000 })).equals(bytes)).toBe(true);
  });

  test("of another realm too, as a test environment has them", () => {
    const bytes = runInNewContext("new Uint8Array([1, 2, 3])") as Uint8Array;
    expect(dataUrl(bytes, "a/b")).toBe("data:a/b;base64,AQID");
  });

  test("with their type as it is, where it is one", () => {
    expect(dataUrl(new Uint8Array([1, 2, 3]), "text/plain; charset=utf-8")).toBe(
      "data:text/plain; charset=utf-8;base64,AQID",
    );
  });
});

describe("invalid_request is what", () => {
  it.each([
    ["holds no comma", "data:text/plain"],
    ["has its comma too late", `data:${"x".repeat(2000)},a`],
    ["is no base64", "data:;base64,%%%"],
    ["is no base64 either", "data:;base64,a"],
    ["holds more bytes than it may", `data:,${"x".repeat(1001)}`],
    ["holds more in escapes", `data:,${"%41".repeat(1001)}`],
    ["holds more in base64", `data:;base64,${"AAAA".repeat(400)}`],
  ])("%s", (_, url) => {
    expect(() => decoded(url)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});

describe("a long one costs", () => {
  test("its length", () => {
    const urlOf = bySize((size) => new URL(`data:;base64,${"%41AAA".repeat(size / 4)}`));
    return expectLinear((size) => bytesInDataUrl(urlOf(size), { maxBytes: 1_000_000 }), 1_000_000);
  });

  test("nothing where it is too long: none of it is decoded", () => {
    // What cannot be decoded is found as it is decoded, and this is not found.
    const undecodable = new URL(`data:;base64,${"%%%".repeat(400_000)}`);
    expect(() => bytesInDataUrl(undecodable, { maxBytes: 1_000_000 })).toThrow(/cannot be decoded/);
    expect(() => bytesInDataUrl(undecodable, { maxBytes: 10 })).toThrow(/larger/);
  });
});
