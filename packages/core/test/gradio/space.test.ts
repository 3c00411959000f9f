import { describe, expect, it } from "vitest";
import { connectSpace } from "../../src/gradio/space.ts";
import {
  completed,
  configOf,
  estimation,
  eventId,
  failed,
  generating,
  oneJob,
  says,
  startTestSpace,
  starts,
  type Exchange,
} from "../servers/test-space.ts";
import { collect, rejection, until } from "../servers/waiting.ts";

describe("submit", () => {
  it("yields everything a job says, in order, the outputs whole, `completed` last", async () => {
    const talk = [
      estimation(1),
      estimation(0),
      starts(),
      { msg: "log", event_id: eventId(), log: "note", level: "warning" },
      { msg: "progress", event_id: eventId(), progress_data: [{ index: 1, length: 2, desc: "half" }] },
      generating(["a", null]),
      generating([[["append", [], "b"]], [["replace", [], { x: 1 }]]]),
      generating([[], [["add", ["y"], 2]]]),
      completed(["abc", null]),
    ];
    await using space = await startTestSpace({ ...oneJob, data: says(...talk) });
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await collect(client.submit("chat", [1]))).toEqual([
      { type: "queue", position: 1, size: 2, etaMs: 1000 },
      { type: "queue", position: 0, size: 1, etaMs: 1000 },
      { type: "started" },
      { type: "log", level: "warning", message: "note" },
      {
        type: "progress",
        message: "half",
        fraction: 0.5,
        bars: [{ message: "half", fraction: 0.5, index: 1, length: 2, unit: undefined }],
      },
      { type: "generating", data: ["a", null] },
      { type: "generating", data: ["ab", { x: 1 }] },
      { type: "generating", data: ["ab", { x: 1, y: 2 }] },
      { type: "completed", data: ["abc", null] },
    ]);
    await client.close();
  });

  it("goes by name cold, with whole values, and by fn_index once /config is known, with edits: two requests each", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(generating(["a"]), completed(["ab"])) });
    const client = connectSpace(space.origin);
    expect(await collect(client.submit("/chat", ["in"]))).toEqual([
      { type: "generating", data: ["a"] },
      { type: "completed", data: ["ab"] },
    ]);
    await client.close();
    await client.predict("chat", ["in"]);
    expect(space.log).toEqual(["call", "data", "config", "join", "data"]);
    expect(space.requests[0]?.json).toEqual({ data: ["in"], session_hash: expect.any(String) });
    expect(space.requests[0]?.url.pathname).toBe("/gradio_api/call/chat");
    expect(space.requests[3]?.json).toMatchObject({ data: ["in"], fn_index: 0 });
    await client.close();
  });

  it("takes an fn_index, and goes by it without /config", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) });
    const client = connectSpace(space.origin);
    expect(await client.predict(3, [])).toEqual(["x"]);
    expect(space.log.slice(0, 2)).toEqual(["join", "data"]);
    await client.close();
    expect(await rejection(client.predict(3, []))).toMatchObject({ code: "invalid_request" });
  });

  it("never changes a value it has yielded", async () => {
    await using space = await startTestSpace({
      ...oneJob,
      data: says(
        generating([[["q", "a"]], { keep: [1] }]),
        generating([[["append", [0, 1], "b"]], [["append", ["keep"], [2]]]]),
        generating([[["add", [1], ["r", "c"]]], [["delete", ["keep", 0], null]]]),
        completed([[["q", "final"]], {}]),
      ),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    const seen: unknown[] = [];
    const copies: unknown[] = [];
    for await (const message of client.submit("chat", [])) {
      seen.push(message);
      copies.push(structuredClone(message));
    }
    expect(seen).toEqual(copies);
    expect(seen).toHaveLength(4);
    await client.close();
  });

  it("waits for the final value after an edit that does not fit", async () => {
    await using space = await startTestSpace({
      ...oneJob,
      data: says(
        generating([["a"]]),
        generating([[["replace", [7], "x"]]]),
        generating([[["append", [0], "y"]]]),
        completed([["whole"]]),
      ),
    });
    const client = connectSpace(space.origin);
    await client.endpoints();
    expect(await collect(client.submit("chat", []))).toEqual([
      { type: "generating", data: [["a"]] },
      { type: "completed", data: [["whole"]] },
    ]);
    await client.close();
  });

  it("escapes a name that is no path", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) });
    const client = connectSpace(space.origin);
    await client.predict("a/../b?c#d ä", []);
    expect(space.requests[0]?.url.pathname).toBe("/gradio_api/call/a%2F..%2Fb%3Fc%23d%20%C3%A4");
    await client.close();
  });

  it("is iterated once", async () => {
    await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) });
    const client = connectSpace(space.origin);
    const messages = client.submit("chat", []);
    await collect(messages);
    expect(await rejection(collect(messages))).toBeInstanceOf(TypeError);
    await client.close();
  });
});

describe("upload", () => {
  it("sends the file's bytes under its name as multipart, and resolves with an input", async () => {
    await using space = await startTestSpace();
    const client = connectSpace(space.origin);
    const file = new File([new Uint8Array([0, 255, 13, 10, 45, 45])], 'na"me ü.png', { type: "image/png" });
    expect(await client.upload(file)).toEqual({
      path: "/tmp/gradio/file",
      orig_name: 'na"me ü.png',
      mime_type: "image/png",
      size: 6,
      meta: { _type: "gradio.FileData" },
    });
    const [request] = space.requests;
    expect(request?.url.search).toMatch(/^\?upload_id=\w+$/);
    const form = await new Response(new Uint8Array(request!.body), {
      headers: { "content-type": request?.headers["content-type"] ?? "" },
    }).formData();
    const sent = form.get("files") as File;
    expect(sent.name).toBe('na"me ü.png');
    expect(new Uint8Array(await sent.arrayBuffer())).toEqual(new Uint8Array([0, 255, 13, 10, 45, 45]));
    await client.close();
  });

  it("of a Blob of another realm that cannot be read is invalid_request, and nobody is asked", async () => {
    await using space = await startTestSpace();
    const client = connectSpace(space.origin);
    const gone = { [Symbol.toStringTag]: "Blob", type: "", arrayBuffer: () => Promise.reject(new Error("gone")) };
    expect(await rejection(client.upload(gone as unknown as Blob))).toMatchObject({ code: "invalid_request" });
    expect(space.requests).toEqual([]);
    await client.close();
  });

  it.each([
    [413, "too large", "unsupported"],
    [503, "<html></html>", "space_unavailable"],
    [200, "<html></html>", "protocol"],
    [200, [], "protocol"],
    [200, [7], "protocol"],
  ])("that is answered with %i %j is %s", async (status, body, code) => {
    await using space = await startTestSpace({ upload: ({ reply }) => reply(status, body) });
    const client = connectSpace(space.origin);
    expect(await rejection(client.upload(new Uint8Array(1)))).toMatchObject({ code });
    await client.close();
  });
});

describe("endpoints", () => {
  it("are read once for callers at the same time, again after a failure", async () => {
    let answers = 0;
    await using space = await startTestSpace({
      config: ({ reply }) =>
        (answers += 1) === 1 ? reply(503, "") : reply(200, configOf({ endpoints: ["a", false] })),
    });
    const client = connectSpace(space.origin);
    expect(await rejection(client.endpoints())).toMatchObject({ code: "space_unavailable" });
    const [endpoints] = await Promise.all([client.endpoints(), client.endpoints(), client.endpoints()]);
    expect(endpoints).toMatchObject([
      { name: "/a", fnIndex: 0, queue: true, visibility: "public" },
      { name: undefined, fnIndex: 1, queue: true, visibility: "private" },
    ]);
    expect(space.log).toEqual(["config", "config"]);
    await client.close();
  });

  it.each([
    ["a page, as a sleeping Space shows it", "<!DOCTYPE html><html></html>", "space_unavailable"],
    ["Gradio 3", JSON.stringify({ version: "3.50.2", dependencies: [] }), "protocol"],
    ["something else", "hello", "protocol"],
  ])("are an error for %s", async (_, body, code) => {
    await using space = await startTestSpace({ config: ({ reply }) => reply(200, body) });
    const client = connectSpace(space.origin);
    expect(await rejection(client.endpoints())).toMatchObject({ code });
    await client.close();
  });
});

describe("an app that was changed since /config was read", () => {
  const fnIndex0 = ({ json, reply }: Exchange): void =>
    (json as { fn_index: number }).fn_index === 0
      ? reply(500, "Internal Server Error")
      : reply(200, { event_id: eventId() });

  it("is called right after one failure", async () => {
    await using space = await startTestSpace({ join: fnIndex0, data: says(completed(["x"])) });
    const client = connectSpace(space.origin);
    await client.endpoints();
    space.handlers.config = ({ reply }) => reply(200, configOf({ endpoints: ["new", "chat"] }));
    expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "space_unavailable", status: 500 });
    expect(await client.predict("chat", [])).toEqual(["x"]);
    await client.close();
  });

  it("says which endpoints there are now where the one that was called is gone", async () => {
    await using space = await startTestSpace({ join: fnIndex0 });
    const client = connectSpace(space.origin);
    await client.endpoints();
    space.handlers.config = ({ reply }) => reply(200, configOf({ endpoints: ["new"] }));
    expect(await rejection(client.predict("chat", []))).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("/new"),
    });
    await client.close();
  });

  it("keeps its own error where /config cannot be read", async () => {
    await using space = await startTestSpace({
      call: ({ reply }) => reply(500, "Internal Server Error"),
      config: ({ reply }) => reply(503, "later"),
    });
    const client = connectSpace(space.origin);
    expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "space_unavailable", status: 500 });
    await client.close();
  });
});

it("finds the prefix of an app that has another one than expected, asking /config once", async () => {
  await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) }, { prefix: "/custom" });
  const client = connectSpace(space.origin);
  expect(await client.predict("chat", [])).toEqual(["x"]);
  expect(await client.predict("chat", [])).toEqual(["x"]);
  expect(space.log).toEqual(["other", "config", "call", "data", "join", "data"]);
  await client.close();
});

it("speaks to an app below a path", async () => {
  await using space = await startTestSpace({
    other: ({ reply, url }) => (url.pathname === "/app/config" ? reply(200, configOf()) : reply(418, url.pathname)),
  });
  const client = connectSpace(`${space.origin}/app`);
  await client.endpoints();
  expect(await rejection(client.predict("chat", []))).toMatchObject({
    message: expect.stringContaining("/app/gradio_api/queue/join"),
  });
});

it("throws what a job failed with from `predict` too", async () => {
  await using space = await startTestSpace({ data: says(failed({ error: "gave up" })) });
  const client = connectSpace(space.origin);
  expect(await rejection(client.predict("chat", []))).toMatchObject({ code: "space_error", message: "gave up" });
  await client.close();
});

it("is closed by `await using`, and stays usable", async () => {
  await using space = await startTestSpace({ ...oneJob, data: says(completed(["x"])) });
  const client = connectSpace(space.origin);
  {
    await using sameClient = client;
    await sameClient.predict("chat", []);
  }
  await until(() => space.open() === 0);
  expect(await client.predict("chat", [])).toEqual(["x"]);
  await client.close();
});
