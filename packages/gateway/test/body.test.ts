import { describe, expect, it, vi } from "vitest";

import { heldMb } from "../../core/test/cost.ts";
import { createBodyReader, type BodyLimits } from "../src/body.ts";
import { refusalOf } from "./refused.ts";

const JSON_TYPE = { "content-type": "application/json" };

type Body = string | ReadableStream<Uint8Array>;

function post(body: Body, headers: Readonly<Record<string, string>> = JSON_TYPE, signal?: AbortSignal): Request {
  return new Request("http://localhost/v1", {
    method: "POST",
    body,
    headers,
    duplex: "half",
    ...(signal !== undefined && { signal }),
  });
}

function inPieces(...pieces: readonly (string | Uint8Array)[]): ReadableStream<Uint8Array> {
  return ReadableStream.from(
    pieces.map((piece) => (typeof piece === "string" ? new TextEncoder().encode(piece) : piece)),
  );
}

function read(body: Body, limits?: BodyLimits, headers?: Readonly<Record<string, string>>): Promise<unknown> {
  return createBodyReader(limits).json(post(body, headers));
}

describe("a body", () => {
  it("is read whatever its pieces are", async () => {
    const text = JSON.stringify({ text: 'é "quoted\\" 😀', list: [1, [2], { three: null }] });
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 3, 5, bytes.length]) {
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.slice(index * size, (index + 1) * size),
      );
      expect(await read(inPieces(...pieces))).toEqual(JSON.parse(text));
    }
  });

  it.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["multipart/form-data; boundary=x", 415],
    ["application/jsonp", 415],
    ["", 415],
    ["application/json", 200],
    ["Application/JSON ; charset=utf-8", 200],
  ])("of type %j is %i", async (type, status) => {
    const reading = read("{}", {}, { "content-type": type });
    if (status === 200) expect(await reading).toEqual({});
    else expect(await refusalOf(() => reading)).toMatchObject({ status, code: "unsupported_media_type" });
  });

  it("that is compressed is refused before it is read", async () => {
    const refusal = await refusalOf(() => read("{}", {}, { ...JSON_TYPE, "content-encoding": "gzip" }));
    expect(refusal).toMatchObject({ status: 415, code: "unsupported_media_type" });
    expect(await read("{}", {}, { ...JSON_TYPE, "content-encoding": "identity" })).toEqual({});
  });

  it("that is announced too large is refused before a byte is read", async () => {
    const untouched = new ReadableStream<Uint8Array>({ pull: () => expect.unreachable() }, { highWaterMark: 0 });
    const request = post(untouched, { ...JSON_TYPE, "content-length": "101" });
    const refusal = await refusalOf(() => createBodyReader({ maxBytes: 100 }).json(request));
    expect(refusal).toMatchObject({ status: 413, code: "request_too_large", headers: { connection: "close" } });
  });

  it("that turns out too large is refused once it is, and what announces itself wrongly too", async () => {
    const request = post(inPieces(`"${"x".repeat(60)}`, `${"x".repeat(60)}"`), {
      ...JSON_TYPE,
      "content-length": "10",
    });
    expect(await refusalOf(() => createBodyReader({ maxBytes: 100 }).json(request))).toMatchObject({ status: 413 });
  });

  it("may be as large as the limit", async () => {
    expect(await read(`"${"x".repeat(98)}"`, { maxBytes: 100 })).toBe("x".repeat(98));
  });

  it("that is too deep or holds too many values is refused before it is whole, and never parsed", async () => {
    const parse = vi.spyOn(JSON, "parse");
    const endless = (piece: string): ReadableStream<Uint8Array> =>
      new ReadableStream({ pull: (controller) => controller.enqueue(new TextEncoder().encode(piece.repeat(500))) });
    for (const piece of ["[", "[[[[", '{"a":', "{},", '"",', "1,", "[],[],"]) {
      const refusal = await refusalOf(() => read(endless(piece)));
      expect(refusal, piece).toMatchObject({ status: 413, code: "request_too_large" });
    }
    expect(parse).not.toHaveBeenCalled();
    parse.mockRestore();
  });

  it("is as deep and holds as many values as the limits say, whatever its strings hold", async () => {
    const deep = "[".repeat(64) + "]".repeat(64);
    expect(await read(deep)).toEqual(JSON.parse(deep));
    expect(await refusalOf(() => read(`[${deep}]`))).toMatchObject({ status: 413 });
    const strange = JSON.stringify({ ['[[[["\\']: `${"[{,".repeat(50_000)}\\"` });
    expect(await read(strange)).toEqual(JSON.parse(strange));
    const many = `[${Array.from({ length: 99_999 }, () => "1").join(",")}]`;
    expect(await read(many)).toHaveLength(99_999);
  });

  it("of what is no UTF-8 or no JSON is a 400 that quotes nothing of it", async () => {
    for (const body of [
      inPieces(new Uint8Array([0x22, 0xff, 0x22])),
      inPieces(new Uint8Array([0x22, 0xe2, 0x82])),
      inPieces(new Uint8Array([0x22, 0xed, 0xa0, 0x80, 0x22])),
      "{secret}",
      "",
      "  ",
      "{} {}",
      "NaN",
    ]) {
      const refusal = await refusalOf(() => read(body));
      expect(refusal).toMatchObject({ status: 400, code: "invalid_json", type: "invalid_request_error" });
      expect(refusal.message).not.toContain("secret");
    }
    expect(
      await refusalOf(() => createBodyReader().json(new Request("http://x/", { method: "POST", headers: JSON_TYPE }))),
    ).toMatchObject({ status: 400 });
  });

  it("means one thing where a name is there twice, and __proto__ is a name", async () => {
    const value = (await read('{"a":1,"a":2,"__proto__":{"b":3},"constructor":4}')) as Record<string, unknown>;
    expect(value["a"]).toBe(2);
    expect(Object.hasOwn(value, "__proto__")).toBe(true);
    expect(({} as Record<string, unknown>)["b"]).toBeUndefined();
  });

  it("that comes too slowly is a 408 that ends the connection", async () => {
    vi.useFakeTimers();
    try {
      const stuck = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('{"a":')),
      });
      const refused = refusalOf(() => read(stuck, { bodyMs: 60_000 }));
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await refused).toMatchObject({ status: 408, code: "request_timeout", headers: { connection: "close" } });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it("of a client that left rejects with its reason", async () => {
    const leaving = new AbortController();
    const reading = createBodyReader().json(post(new ReadableStream(), JSON_TYPE, leaving.signal));
    leaving.abort(new Error("left"));
    await expect(reading).rejects.toThrow("left");
  });

  it("finds room again once others are read, and a 503 while they take all of it", async () => {
    const reader = createBodyReader({ maxBytes: 100, maxBytesInAll: 150 });
    let finish = (): void => {};
    const held = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode(`"${"x".repeat(90)}`));
        finish = () => {
          controller.enqueue(new TextEncoder().encode('"'));
          controller.close();
        };
      },
    });
    const first = reader.json(post(held));
    await new Promise((resolve) => void setTimeout(resolve, 5));
    expect(await refusalOf(() => reader.json(post(`"${"y".repeat(80)}"`)))).toMatchObject({
      status: 503,
      code: "overloaded",
      type: "server_error",
    });
    finish();
    await first;
    expect(await reader.json(post(`"${"y".repeat(80)}"`))).toHaveLength(80);
  });

  it.each<[string, (body: ReadableStream<Uint8Array>) => Promise<unknown>]>([
    ["JSON", (body) => createBodyReader().json(post(body))],
    ["bytes", (body) => createBodyReader().bytes(post(body))],
  ])("of %s that comes byte by byte takes the memory that it is", async (_, reading) => {
    const bytes = new TextEncoder().encode(`"${"x".repeat(100_000)}"`);
    let [sent, held] = [0, 0];
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent < bytes.length) controller.enqueue(bytes.slice(sent, (sent += 1)));
        else {
          held = heldMb();
          controller.close();
        }
      },
    });
    const before = heldMb();
    const got = await reading(body);
    expect(got).toEqual(typeof got === "string" ? "x".repeat(100_000) : bytes);
    expect(held - before).toBeLessThan(1);
  });

  it("of bytes is taken as it is, within a limit of its own", async () => {
    const reader = createBodyReader({ maxBytes: 1000 });
    const bytes = await reader.bytes(post(inPieces("ab", "c"), { "content-type": "text/csv" }));
    expect(new TextDecoder().decode(bytes)).toBe("abc");
    expect(await refusalOf(() => reader.bytes(post("abc"), { maxBytes: 2 }))).toMatchObject({ status: 413 });
  });
});
