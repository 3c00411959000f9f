import { openAsBlob } from "node:fs";
import { runInNewContext } from "node:vm";

import type { ContentPart, ImagePart, Message } from "@qwen/core";
import { createRouter } from "@qwen/core";
import { createSpaceEmulator, type SpaceEmulator, type UploadedFile } from "@qwen/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { testOnEmulator } from "../../../test/spaces/contract.ts";
import { asked, hear, sentTo } from "../../../test/spaces/wire.ts";
import { qvq } from "../src/index.ts";
import { startPictureServer } from "./picture-server.ts";
import { pictures, png } from "./pictures.ts";

testOnEmulator("qvq", (space) => qvq({ space }));

let space: SpaceEmulator;
beforeEach(async () => {
  space = await createSpaceEmulator({ shape: "qvq" });
});
afterEach(() => space.close());

/** The pictures of these tests are on this machine. */
const askQvq = () => qvq({ space: space.url, urls: "any" });

/** A question about pictures. */
function about(...images: readonly ImagePart["image"][]): readonly ContentPart[] {
  return [{ type: "text", text: "What is this?" }, ...images.map((image) => ({ type: "image", image }) as const)];
}

/** The files the Space was sent. */
function uploads(): readonly UploadedFile[] {
  return space.requests
    .filter(({ route }) => route === "upload")
    .flatMap(({ body }) => (body as { readonly files: readonly UploadedFile[] }).files);
}

describe("what qvq sends", () => {
  test("without a picture is null and the prompt", async () => {
    await hear(askQvq(), asked("Hi"));
    const session_hash = expect.stringMatching(/^[0-9a-f]{20}$/);
    expect(sentTo(space)).toEqual([
      [
        "POST /gradio_api/queue/join",
        { data: [null, "Hi"], event_data: null, fn_index: 0, trigger_id: null, session_hash },
      ],
      ["GET /gradio_api/queue/data", undefined],
      ["GET /config", undefined],
    ]);
  });

  test("with a picture is its upload, then its place on the server", async () => {
    await hear(askQvq(), asked(about(png.bytes)));
    const [upload, join] = space.requests;
    expect(upload?.path).toMatch(/^\/gradio_api\/upload\?upload_id=[0-9a-f]{20}$/);
    expect(uploads()).toMatchObject([{ field: "files", name: "picture.png" }]);
    expect(join).toMatchObject({ route: "join", body: { data: [{ path: expect.any(String) }, "What is this?"] } });
    const [picture] = space.jobs[0]?.data ?? [];
    expect(picture).toEqual({
      path: expect.stringMatching(/picture\.png$/),
      orig_name: "picture.png",
      size: expect.any(Number),
      meta: { _type: "gradio.FileData" },
    });
    expect(sentTo(space).map(([route]) => route)).toEqual([
      "POST /gradio_api/upload",
      "POST /gradio_api/queue/join",
      "GET /gradio_api/queue/data",
      "GET /config",
    ]);
  });

  test("is the whole chat as one prompt", async () => {
    await hear(
      askQvq(),
      asked(
        about(png.bytes),
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hi" },
        { role: "assistant", content: "Hello" },
      ),
    );
    expect(space.jobs[0]?.prompt).toBe("Be brief.\n\nUser: Hi\n\nAssistant: Hello\n\nUser: What is this?");
  });
});

describe.each(pictures)("a picture of $mime", ({ mime, extension, file, bytes }) => {
  test("arrives byte for byte, whatever holds it and whatever that says it is", async () => {
    await using server = await startPictureServer((_, response) => response.end(bytes));
    const blob = new Blob([bytes], { type: "text/plain" });
    const base64 = Buffer.from(bytes).toString("base64");
    const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
    const sources: Record<string, ImagePart["image"]> = {
      bytes,
      "a Buffer": Buffer.from(bytes),
      "a Blob": blob,
      "a File": new File([bytes], "holiday.txt"),
      "data: as base64": new URL(`data:${mime};base64,${base64}`),
      "data: without a kind": new URL(`data:,${percent}`),
      "a file as a Blob": await openAsBlob(file),
      "an ArrayBuffer": new Uint8Array(bytes).buffer,
      "another view of bytes": new DataView(new Uint8Array(bytes).buffer),
      "bytes of another realm": runInNewContext("Uint8Array.from(list)", { list: [...bytes] }) as Uint8Array,
      "data: as a string": `data:${mime};base64,${base64}`,
      "http: as a string": server.url,
      "http:": new URL(server.url),
    };
    for (const [source, image] of Object.entries(sources)) {
      space.forget();
      await hear(askQvq(), asked(about(image)));
      expect(uploads(), source).toMatchObject([{ name: `picture.${extension}` }]);
      expect(uploads()[0]?.bytes, source).toEqual(bytes);
    }
  });
});

describe("a picture behind a URL", () => {
  test("is fetched without the token, the headers and the cookies of the Space", async () => {
    await using server = await startPictureServer((_, response) => response.end(png.bytes));
    const provider = qvq({ space: space.url, urls: "any", token: "hf_secret", headers: { "x-own": "1" } });
    await hear(provider, { ...asked(about(new URL(server.url))), headers: { "x-call": "2" } });
    expect(server.requests).toHaveLength(1);
    for (const name of ["authorization", "x-hf-authorization", "cookie", "x-own", "x-call"])
      expect(server.requests[0]).not.toHaveProperty(name);
  });

  test("is fetched over a redirect", async () => {
    await using server = await startPictureServer((request, response) => {
      if (request.url === "/picture") response.writeHead(302, { location: "/elsewhere" }).end();
      else response.end(png.bytes);
    });
    await hear(askQvq(), asked(about(new URL(server.url))));
    expect(uploads()[0]?.bytes).toEqual(png.bytes);
  });

  test("that is not there is invalid_request, and nothing is sent to the Space", async () => {
    await using server = await startPictureServer((_, response) => response.writeHead(404).end(png.bytes));
    const url = new URL(server.url);
    for (const image of [
      url,
      new URL("./pictures/blue.png", import.meta.url),
      png.file,
      "picture.png",
      new URL("data:image/png;base64,%%%"),
      new URL("ftp://127.0.0.1/picture.png"),
      new URL("blob:nodedata:7d9bd4a6-0000"),
    ]) {
      const turn = hear(askQvq(), asked(about(image)));
      await expect(turn, String(image)).rejects.toMatchObject({ code: "invalid_request", provider: "qvq" });
    }
    expect(space.requests).toEqual([]);
  });

  test("larger than 20 MiB is invalid_request, and is not read to its end", async () => {
    let sent = 0;
    const chunk = Buffer.alloc(1024 * 1024);
    await using server = await startPictureServer((_, response) => {
      const more = (): void => {
        if (response.destroyed || sent === 200) return;
        sent += 1;
        if (response.write(chunk)) setImmediate(more);
        else response.once("drain", more);
      };
      more();
    });
    await expect(hear(askQvq(), asked(about(new URL(server.url))))).rejects.toMatchObject({ code: "invalid_request" });
    expect(sent).toBeLessThan(50);
    expect(space.requests).toEqual([]);
  });

  test("is given up when the caller aborts", async () => {
    await using server = await startPictureServer(() => {});
    const abort = new AbortController();
    const reason = new Error("Enough.");
    const turn = hear(askQvq(), { ...asked(about(new URL(server.url))), signal: abort.signal });
    await expect.poll(() => server.requests.length).toBe(1);
    abort.abort(reason);
    await expect(turn).rejects.toBe(reason);
    expect(space.requests).toEqual([]);
  });
});

describe("what is no picture that QVQ reads is invalid_request before any request", () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  test.each<[string, Uint8Array]>([
    ["text", bytes("This is no picture.")],
    ["nothing", new Uint8Array()],
    ["an SVG", bytes('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ["a PDF", bytes("%PDF-1.7\n")],
    ["a BMP", new Uint8Array([0x42, 0x4d, ...Array.from({ length: 60 }, () => 0)])],
    ["a cut signature", png.bytes.slice(0, 4)],
    ["a PNG of 21 MiB", Buffer.concat([png.bytes, new Uint8Array(21 * 1024 * 1024)])],
  ])("%s", async (_, image) => {
    const part = { type: "image", image, mediaType: "image/png", filename: "a.png" } as const;
    await expect(hear(askQvq(), asked([part]))).rejects.toMatchObject({ code: "invalid_request", provider: "qvq" });
    expect(space.requests).toEqual([]);
  });
});

describe("of several pictures", () => {
  const earlier = (image: ImagePart["image"]): readonly Message[] => [
    { role: "user", content: about(image) },
    { role: "assistant", content: "A meadow." },
  ];
  const gif = pictures[2]!;

  test("two in one message are unsupported before any request, and a route moves on", async () => {
    await expect(hear(askQvq(), asked(about(png.bytes, gif.bytes)))).rejects.toMatchObject({ code: "unsupported" });
    expect(space.requests).toEqual([]);
  });

  test("the newest is sent, and a warning says that earlier ones were not", async () => {
    const { parts } = await hear(askQvq(), asked(about(gif.bytes), ...earlier(png.bytes)));
    expect(uploads()).toMatchObject([{ name: "picture.gif" }]);
    expect(parts.at(-1)).toMatchObject({ warnings: [{ feature: "images", message: expect.stringMatching(/newest/) }] });
  });

  test("one of an earlier message is the newest where the last message has none", async () => {
    const { parts } = await hear(askQvq(), asked("And the sky?", ...earlier(png.bytes)));
    expect(uploads()).toMatchObject([{ name: "picture.png" }]);
    expect(parts.at(-1)).toMatchObject({ warnings: [] });
  });
});

describe("an upload that fails is told in its own code, and no job is made", () => {
  test.each([
    ["server-error", "space_unavailable"],
    ["unauthorized", "authentication"],
    ["rate-limited", "rate_limited"],
    ["html", "protocol"],
    ["reset", "connection"],
  ] as const)("%s: %s", async (name, code) => {
    space.fault({ name, route: "upload" });
    await expect(hear(askQvq(), asked(about(png.bytes)))).rejects.toMatchObject({ code, provider: "qvq" });
    expect(space.requests.map(({ route }) => route)).not.toContain("join");
  });

  test("and one that the caller aborts is given up", async () => {
    space.fault({ name: "never-headers", route: "upload" });
    const abort = new AbortController();
    const reason = new Error("Enough.");
    const turn = hear(askQvq(), { ...asked(about(png.bytes)), signal: abort.signal });
    await expect.poll(() => space.requests.length).toBe(1);
    abort.abort(reason);
    await expect(turn).rejects.toBe(reason);
    expect(space.jobs).toEqual([]);
  });
});

describe("a job that fails", () => {
  test.each([
    ["retry in 0:09:48", 588_000],
    ["Try again in 1 day, 2:03:04", 86_400_000],
    ["Subscribe to Pro", undefined],
  ])(
    "for a quota (%s) is quota_exceeded with the time to wait and the text without HTML",
    async (hint, retryAfterMs) => {
      space.answer([
        { error: `You have exceeded your GPU quota (60s requested vs. 56s left). <a href="https://hf.co">${hint}</a>` },
      ]);
      const text = `You have exceeded your GPU quota (60s requested vs. 56s left). ${hint}`;
      const failure = { code: "quota_exceeded", message: text, retryAfterMs };
      await expect(hear(askQvq(), asked("Hi"))).rejects.toMatchObject(failure);
      await using router = createRouter({ plugins: [askQvq()] });
      await expect(router.complete({ model: "qvq", ...asked("Hi") })).rejects.toMatchObject(failure);
      // It is not asked twice for what it will refuse again.
      expect(space.jobs).toHaveLength(2);
    },
  );

  test("says why, in the app's own words", async () => {
    space.answer(["Let me see. ", { error: "The picture is too dark." }]);
    await expect(hear(askQvq(), asked("Hi"))).rejects.toMatchObject({
      code: "space_error",
      message: "The picture is too dark.",
    });
  });
});
