import { QwenError } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { describe, expect, test, vi } from "vitest";

import { createKey, Refusal, type Mount } from "../src/index.ts";
import { servedBy, type Served } from "./served.ts";

const provider = () => scriptedProvider({ script: ["Hello"] });
const send = ({ gateway }: Served, path: string, init: RequestInit = {}): Promise<Response> =>
  gateway.fetch(new Request(`http://localhost${path}`, init));
const json = { "content-type": "application/json" };

describe("a mount", () => {
  test("has all that is below its path, and is told who asks", async () => {
    const seen: unknown[] = [];
    const mount: Mount = {
      path: "/v1/batches",
      async fetch(request, { keyId, requestId, router, mayUse }) {
        const { headers, method, url } = request;
        seen.push([method, new URL(url).pathname, keyId, await request.text(), headers.get("authorization")]);
        return Response.json({ requestId, knows: router.has("scripted-model"), may: mayUse("other") });
      },
    };
    const { key, record } = await createKey({ models: ["scripted-model"] });
    const served = servedBy([provider()], { mounts: [mount], keys: [record] });
    const authorization = `Bearer ${key}`;
    const response = await send(served, "/v1/batches/b1?x=1", { headers: { authorization } });
    expect(await response.json()).toStrictEqual({
      requestId: response.headers.get("x-request-id"),
      knows: true,
      may: false,
    });
    await send(served, "/v1/batches", { method: "POST", body: '{"a":1}', headers: { ...json, authorization } });
    expect(seen).toStrictEqual([
      ["GET", "/v1/batches/b1", record.id, "", null],
      ["POST", "/v1/batches", record.id, '{"a":1}', null],
    ]);
    expect((await send(served, "/v1/batches")).status).toBe(401);
    expect((await send(served, "/v1/batchesx", { headers: { authorization } })).status).toBe(404);
  });

  test("takes JSON alone unless it says what else, and no more than it says", async () => {
    const mount: Mount = {
      path: "/files",
      types: ["text/plain"],
      maxBytes: 5,
      fetch: async (request) => new Response(await request.text()),
    };
    const other: Mount = { path: "/other", fetch: () => new Response() };
    const served = servedBy([provider()], { mounts: [mount, other] });
    const post = (path: string, body: string, type: string) =>
      send(served, path, { method: "POST", body, headers: { "content-type": type } });
    expect(await (await post("/files/a", "12345", "text/plain; charset=utf-8")).text()).toBe("12345");
    expect((await post("/files/a", "123456", "text/plain")).status).toBe(413);
    expect((await post("/files/a", "{}", "application/json")).status).toBe(415);
    expect((await post("/other", "x", "text/plain")).status).toBe(415);
    expect((await post("/other", "x", "multipart/form-data")).status).toBe(415);
  });

  test.each<[string, () => unknown, number, string | null]>([
    ["a refusal", () => new Refusal({ status: 409, code: "taken", message: "Taken." }), 409, "taken"],
    ["an error of the SDK's", () => new QwenError("space_unavailable", "Down."), 503, "space_unavailable"],
    ["any other, of which nothing is told", () => new Error("secret"), 500, "internal_error"],
  ])("that throws %s is answered as every error", async (_, thrown, status, code) => {
    const failing: Mount = {
      path: "/m",
      fetch() {
        throw thrown();
      },
    };
    const response = await send(servedBy([provider()], { mounts: [failing] }), "/m");
    expect(response.status).toBe(status);
    expect(await response.json()).toStrictEqual({
      error: {
        message: expect.not.stringContaining("secret") as string,
        type: expect.any(String) as string,
        param: null,
        code,
      },
    });
  });

  test("of which only the head is asked makes no body that nobody reads, and holds nothing open", async () => {
    const left = Promise.withResolvers<void>();
    const mount: Mount = {
      path: "/files",
      fetch: () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(8)),
            cancel: () => left.resolve(),
          }),
          { headers: { "content-type": "text/csv" } },
        ),
    };
    const served = servedBy([provider()], { mounts: [mount] });
    const response = await send(served, "/files/a", { method: "HEAD" });
    expect([response.status, response.headers.get("content-type"), response.body]).toStrictEqual([
      200,
      "text/csv",
      null,
    ]);
    await left.promise;
    // It would wait for ever for an answer under way.
    await served.gateway.close({ drainMs: Infinity });
  });

  test("says nothing of its own connection, and of a body that is no bytes breaks off", async () => {
    const headers = { connection: "upgrade", "transfer-encoding": "gzip", "content-length": "2", "x-own": "kept" };
    const text = new ReadableStream({
      start(controller) {
        controller.enqueue("text");
        controller.close();
      },
    });
    const { key, record } = await createKey({ concurrency: 1 });
    const served = servedBy([provider()], {
      keys: [record],
      mounts: [
        { path: "/fetched", fetch: () => new Response("longer", { headers }) },
        { path: "/text", fetch: () => new Response(text) },
      ],
    });
    const as = { ...json, authorization: `Bearer ${key}` };
    const fetched = await send(served, "/fetched", { headers: as });
    expect(await fetched.text()).toBe("longer");
    for (const name of ["connection", "transfer-encoding", "content-length"])
      expect(fetched.headers.has(name)).toBe(false);
    expect(fetched.headers.get("x-own")).toBe("kept");
    const post = () => send(served, "/text", { method: "POST", body: "{}", headers: as });
    await expect((await post()).text()).rejects.toThrow("must be bytes");
    expect((await post()).status).not.toBe(429);
  });

  test.each(["is not read", "has lost its caller", "has no time left"])(
    "whose body %s is left, and its place is free",
    async (how) => {
      const left = Promise.withResolvers<void>();
      const endless = (): Response =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(8)),
            cancel: () => left.resolve(),
          }),
        );
      const { key, record } = await createKey({ concurrency: 1 });
      const served = servedBy([provider()], {
        keys: [record],
        idleClientMs: how === "is not read" ? 10 : 60_000,
        mounts: [{ path: "/m", fetch: endless }],
      });
      const caller = new AbortController();
      const init = { method: "POST", body: "{}", headers: { ...json, authorization: `Bearer ${key}` } };
      const response = await send(served, "/m", { ...init, signal: caller.signal });
      if (how === "has lost its caller") caller.abort();
      if (how === "has no time left") await served.gateway.close();
      await left.promise;
      await expect(response.text()).rejects.toBeInstanceOf(Error);
      expect((await send(served, "/m", init)).status).toBe(how === "has no time left" ? 503 : 200);
    },
  );

  test("that never answers is left with its caller, whose place is free then", async () => {
    const { key, record } = await createKey({ concurrency: 1 });
    const served = servedBy([provider()], {
      keys: [record],
      mounts: [{ path: "/m", fetch: () => new Promise(() => {}) }],
    });
    const headers = { ...json, authorization: `Bearer ${key}` };
    for (let time = 0; time < 2; time++) {
      const signal = AbortSignal.timeout(5);
      expect((await send(served, "/m", { method: "POST", body: "{}", headers, signal })).status).toBe(499);
    }
  });

  test("may answer with a response that nobody may write on, and holds its caller's place as long as its body goes on", async () => {
    const stream = (): ReadableStream<Uint8Array> => {
      let pieces = 3;
      return new ReadableStream({
        pull(controller) {
          if (pieces-- > 0) controller.enqueue(new TextEncoder().encode("piece "));
          else controller.close();
        },
      });
    };
    const streaming: Mount = { path: "/m", fetch: () => Object.freeze(new Response(stream())) };
    const { key, record } = await createKey({ concurrency: 1 });
    const served = servedBy([provider()], { mounts: [streaming], keys: [record] });
    const headers = { ...json, authorization: `Bearer ${key}` };
    const ask = () => send(served, "/m", { method: "POST", body: "{}", headers });
    const first = await ask();
    expect((await ask()).status).toBe(429);
    expect(await first.text()).toBe("piece piece piece ");
    const second = await ask();
    expect(second.status).toBe(200);
    await second.body?.cancel();
    expect((await ask()).status).toBe(200);
  });

  test("that refuses with what no response can be made of is a 500 in JSON, and printed nowhere", async () => {
    const printed = vi.spyOn(console, "error").mockImplementation(() => {});
    for (const odd of [{ status: 1000 }, { status: 204 }, { status: 400, headers: { "x-why": "\u65E5" } }]) {
      const mount: Mount = {
        path: "/odd",
        fetch() {
          throw new Refusal({ message: "No.", ...odd });
        },
      };
      const answer = await send(servedBy([provider()], { mounts: [mount] }), "/odd");
      expect(await answer.json()).toMatchObject({ error: { code: "internal_error" } });
      expect(answer.status).toBe(500);
    }
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });

  test("may be of a class, with what it likes beside", async () => {
    class Mine implements Mount {
      readonly path = "/m";
      readonly name = "mine";
      fetch(): Response {
        return new Response(this.name);
      }
    }
    expect(await (await send(servedBy([provider()], { mounts: [new Mine()] }), "/m")).text()).toBe("mine");
  });

  test("that cannot be read is a TypeError", () => {
    const unreadable = (): never => {
      throw new Error("a secret");
    };
    for (const mount of [
      Object.defineProperty({ fetch: () => new Response() }, "path", { get: unreadable, enumerable: true }),
      new Proxy({}, { get: unreadable, getPrototypeOf: unreadable }),
    ]) {
      const make = (): unknown => servedBy([provider()], { mounts: [mount as Mount] });
      expect(make).toThrow(TypeError);
      expect(make).toThrow(/mounts\[0\]/);
    }
  });

  test.each<[unknown, RegExp]>([
    [{}, /mounts/],
    [[{}], /mounts\[0\]/],
    [[{ path: "/m" }], /fetch/],
    [[{ fetch: () => new Response() }], /path/],
    [[{ path: "m", fetch: () => new Response() }], /path/],
    [[{ path: "/m/", fetch: () => new Response() }], /path/],
    [[{ path: "/m/:id", fetch: () => new Response() }], /path/],
    [[{ path: "/..", fetch: () => new Response() }], /path/],
    [[{ path: "/m/./n", fetch: () => new Response() }], /path/],
    [[{ path: "/m", maxbytes: 5, fetch: () => new Response() }], /no option "maxbytes"/],
    [[{ path: "/v1", fetch: () => new Response() }], /taken/],
    [[{ path: "/v1/models", fetch: () => new Response() }], /taken/],
    [[{ path: "/v1/responses/x", fetch: () => new Response() }], /taken/],
    [
      [
        { path: "/m", fetch: () => new Response() },
        { path: "/m/n", fetch: () => new Response() },
      ],
      /taken/,
    ],
    [[{ path: "/m", maxBytes: 0, fetch: () => new Response() }], /maxBytes/],
    [[{ path: "/m", types: "text/plain", fetch: () => new Response() }], /types/],
  ])("that is none is a TypeError: %j", (mounts, message) => {
    const make = (): unknown => servedBy([provider()], { mounts: mounts as Mount[] });
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });
});
