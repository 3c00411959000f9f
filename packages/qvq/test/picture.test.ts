import { runInNewContext } from "node:vm";
import { createRouter, type ContentPart, type ImagePart, type Message, type Router } from "@qwen/core";
import { createSpaceEmulator, type SpaceEmulator } from "@qwen/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { qvq } from "../src/index.ts";
import { startPictureServer } from "./picture-server.ts";
import { png } from "./pictures.ts";

let space: SpaceEmulator;
let mirror: SpaceEmulator;
let router: Router;
beforeEach(async () => {
  space = await createSpaceEmulator({ shape: "qvq" });
  mirror = await createSpaceEmulator({ shape: "qvq" });
  router = routerOf({});
});
afterEach(async () => {
  await router.close();
  await Promise.all([space.close(), mirror.close()]);
});

function routerOf(options: NonNullable<Parameters<typeof qvq>[0]>) {
  return createRouter({
    plugins: [qvq({ ...options, space: space.url }), qvq({ ...options, space: mirror.url, id: "mirror" })],
    retry: { baseDelayMs: 1 },
  });
}

function about(...images: readonly ImagePart["image"][]): readonly Message[] {
  const content: readonly ContentPart[] = [
    { type: "text", text: "What is this?" },
    ...images.map((image) => ({ type: "image", image }) as const),
  ];
  return [{ role: "user", content }];
}

/** Asks often enough to open a breaker, and expects that nobody was asked for anything. */
async function expectRefused(image: ImagePart["image"], asking = router, calls = 6): Promise<Error> {
  const asked = Array.from({ length: calls }, () => asking.complete({ model: "qvq", messages: about(image) }));
  const errors = await Promise.all(asked.map((call) => call.then(String, (error: Error) => error)));
  for (const error of errors) expect(error).toMatchObject({ code: "invalid_request" });
  for (const error of errors) expect((error as { attempts?: unknown[] }).attempts?.length ?? 0).toBeLessThan(2);
  expect(space.requests).toEqual([]);
  expect(mirror.requests).toEqual([]);
  for (const { breaker } of asking.health()) expect(breaker).toBe("closed");
  return errors[0] as Error;
}

describe("a picture is refused with invalid_request, nobody is asked and nobody's breaker moves, where it", () => {
  test("is on this machine", async () => {
    await using server = await startPictureServer((_, response) => response.end(png.bytes));
    const { port } = new URL(server.url);
    for (const host of ["127.0.0.1", "2130706433", "localhost", "[::ffff:127.0.0.1]", "0"])
      expect((await expectRefused(`http://${host}:${port}/latest/meta-data`)).message).toMatch(/urls: "any"/);
    expect(server.requests).toEqual([]);
  });

  test("is a file, in the same words whether it is there or not", async () => {
    const there = await expectRefused(png.file);
    const missing = await expectRefused(new URL("./pictures/blue.png", import.meta.url));
    const text = await expectRefused(png.file.href);
    expect(new Set([there, missing, text].map(({ message }) => message)).size).toBe(1);
    expect(there.message).toMatch(/openAsBlob/);
    expect(there.message).not.toMatch(/red\.|pictures/);
    await expectRefused(png.file, routerOf({ urls: "any" }));
  });

  test("is on a host that is down, slow or has no such picture, however far its provider reaches", async () => {
    await using any = routerOf({ urls: "any", timeouts: { firstOutputMs: 300 } });
    await using server = await startPictureServer((request, response) => {
      if (request.url === "/missing") response.writeHead(404).end(png.bytes);
      else if (request.url === "/drip") response.write("x");
      else if (request.url === "/broken") response.writeHead(200, { "content-length": 10 }).end("x");
      else if (request.url === "/file") response.writeHead(302, { location: png.file.href }).end();
      else if (request.url === "/text") response.end("no picture");
    });
    await expectRefused("http://127.0.0.1:1/cat.png", any);
    await using hurried = routerOf({ urls: "any", timeouts: { totalMs: 300 } });
    await expectRefused(new URL("/never", server.url), hurried);
    for (const path of ["/missing", "/never", "/drip", "/broken", "/file", "/text"])
      await expectRefused(new URL(path, server.url), any);
  });

  test("is a data: URL that is none, or too large", async () => {
    for (const url of ["data:image/png;base64,%%%", "data:image/png"]) await expectRefused(url);
    await expectRefused(`data:,${"x".repeat(21 * 1024 * 1024)}`, router, 1);
    await expectRefused(`data:,${"x".repeat(90 * 1024 * 1024)}`, router, 1);
  });

  test("is a Blob that cannot be read, or is too large, and then is not read", async () => {
    let read = 0;
    class Odd extends Blob {
      override arrayBuffer(): Promise<ArrayBuffer> {
        read += 1;
        return Promise.reject(new DOMException("gone", "NotReadableError"));
      }
    }
    await expectRefused(new Odd(["x"]));
    expect(read).toBe(6);
    await expectRefused(new Odd([new Uint8Array(21 * 1024 * 1024)]));
    expect(read).toBe(6);
  });

  test("is a Blob that never gives its bytes, or gives more than it says, or what are none", async () => {
    const odd = (given: Promise<unknown>): Blob =>
      Object.assign(new Blob(["x"]), { arrayBuffer: () => given as Promise<ArrayBuffer> });
    await using hurried = routerOf({ timeouts: { firstOutputMs: 60 } });
    await expectRefused(odd(new Promise(() => {})), hurried);
    await expectRefused(odd(Promise.resolve(new ArrayBuffer(21 * 1024 * 1024))));
    await expectRefused(odd(Promise.resolve(5)));
  });
});

test("a picture on the Space itself is not elsewhere, but where it redirects to is", async () => {
  await using inside = await startPictureServer((_, response) => response.end(png.bytes));
  await using own = await startPictureServer((request, response) => {
    if (request.url === "/in.png") response.end(png.bytes);
    else if (request.url === "/out.png") response.writeHead(302, { location: inside.url }).end();
    else response.writeHead(400).end("{}");
  });
  const provider = qvq({ space: own.url.replace("/picture", "") });
  const ask = async (path: string): Promise<unknown> => {
    const request = { messages: about(new URL(path, own.url)) };
    for await (const _ of provider.stream(request));
    return undefined;
  };
  await expect(ask("/out.png")).rejects.toMatchObject({ code: "invalid_request", message: /no public address/ });
  expect(own.requests).toHaveLength(1);
  expect(inside.requests).toEqual([]);
  // It was fetched, since the upload was tried.
  await ask("/in.png").catch(() => undefined);
  expect(own.requests.map((headers) => headers["content-type"]?.slice(0, 19))).toContain("multipart/form-data");
  await provider.close?.();
});

test("a hundred pictures are told to be too many, and none of them is fetched", async () => {
  await using server = await startPictureServer((_, response) => response.end(png.bytes));
  await using any = routerOf({ urls: "any" });
  const images = Array.from({ length: 100 }, () => server.url);
  await expect(any.complete({ model: "qvq", messages: about(...images) })).rejects.toThrow(/one picture/);
  expect(server.requests).toEqual([]);
});

test("bytes are bytes whichever realm made them, for an upload too", async () => {
  const foreign = runInNewContext("Uint8Array.from(list)", { list: [...png.bytes] }) as Uint8Array;
  const buffer = runInNewContext("Uint8Array.from(list).buffer", { list: [...png.bytes] }) as ArrayBuffer;
  for (const image of [foreign, buffer, new DataView(png.bytes.slice().buffer)]) {
    space.forget();
    await router.complete({ model: "qvq/qvq-72b", messages: about(image) });
    const [upload] = space.requests;
    expect(upload?.body).toMatchObject({ files: [{ bytes: png.bytes }] });
  }
});

test.each(["all", "", 1, null, ["any"]])("the option urls: %j is a TypeError that names it", (urls) => {
  expect(() => qvq({ urls: urls as "any" })).toThrow(TypeError);
  expect(() => qvq({ urls: urls as "any" })).toThrow(/`urls` must be "public" or "any"/);
});
