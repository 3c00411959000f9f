import { describe, expect, it, test } from "vitest";

import { writeJson } from "../../src/gradio/json.ts";
import { connectSpace } from "../../src/gradio/space.ts";
import { chatProvider } from "../servers/chat-provider.ts";
import { completed, oneJob, says, startTestSpace } from "../servers/test-space.ts";
import { collect, rejection } from "../servers/waiting.ts";

const answering = { ...oneJob, data: says(completed(["a"])) };

describe("a bad option", () => {
  it.each<readonly [object, RegExp]>([
    [{ timeouts: { idleMs: Number.NaN } }, /`timeouts\.idleMs` must be a positive number of ms/],
    [{ timeouts: { idl: 5 } }, /`timeouts` has no option "idl"/],
    [{ timeout: { idleMs: 5 } }, /Did you mean "timeouts"/],
    [{ earlyStream: "false" }, /`earlyStream` must be true or false, not "false"/],
    [{ headers: { "x-a": "b\nevil: 1" } }, /`headers\["x-a"\]` must be a string/],
    [{ headers: { "x:": "b" } }, /is no name that a header can have/],
    [{ headers: new Headers({ "x-a": "1" }) }, /Object\.fromEntries/],
    [{ token: "a b" }, /`token` must be/],
    [{ token: 5 }, /`token` must be/],
    [{ auth: "ann:secret" }, /`auth` must be an object with `username` and `password`/],
    [{ auth: { username: "ann" } }, /`auth` must have a `username` and a `password`/],
    [{ auth: { username: "", password: "secret" } }, /`auth` must have a `username` and a `password`/],
    [{ auth: { username: "ann", password: 123 } }, /both strings/],
    [{ auth: { user: "ann", pass: "secret" } }, /`auth` must have a `username` and a `password`/],
    [{ headers: "x-a: secret" }, /`headers` must be an object/],
    [{ transport: {} }, /`transport` must be an object with `request`/],
  ])("of a Space is a TypeError when it is connected: %o", (options, message) => {
    expect(() => connectSpace("a/b", options)).toThrow(TypeError);
    expect(() => connectSpace("a/b", options)).toThrow(message);
    expect(() => connectSpace("a/b", options)).not.toThrow(/secret|123/);
  });

  it.each(["", "a/b", 5])("of a provider, its id, is a TypeError when it is made: %j", (id) => {
    expect(() => chatProvider({ space: "https://host.test", id: id as string })).toThrow(/`id` must be a string/);
  });

  it.each<readonly [string, readonly unknown[], object, RegExp]>([
    ["no endpoint", ["", []], {}, /`endpoint` must be/],
    ["a number that is no endpoint", [1.5, []], {}, /`endpoint` must be/],
    ["no inputs", ["chat"], {}, /`inputs` must be an array/],
    ["inputs that are no list", ["chat", "Hi"], {}, /`inputs` must be an array/],
    ["a limit", ["chat", []], { timeouts: { idleMs: "5s" } }, /`timeouts\.idleMs`/],
    ["a place in the queue", ["chat", []], { maxQueueMs: -1 }, /`maxQueueMs`/],
    ["a signal", ["chat", []], { signal: {} }, /`signal` must be an AbortSignal/],
    ["a header", ["chat", []], { headers: { "x-a": 1 } }, /`headers\["x-a"\]`/],
  ])("of a call comes from the iteration, and nothing is sent: %s", async (_, [endpoint, inputs], options, message) => {
    await using space = await startTestSpace(answering);
    const client = connectSpace(space.origin);
    const call = client.submit(endpoint as string, inputs as unknown[], options);
    const error = await rejection(call.next());
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
    await client.close();
    expect(space.requests).toEqual([]);
  });

  it.each<readonly [string, unknown, RegExp]>([
    ["a promise that nobody awaited", Promise.resolve("x"), /of the kind Promise, which JSON cannot say/],
    ["a Map", [new Map([["a", 1]])], /kind Map/],
    ["a Set within", { a: [new Set([1])] }, /kind Set/],
    ["an error", new RangeError("x"), /kind RangeError/],
    ["a stream", new ReadableStream(), /kind ReadableStream/],
    ["a response", new Response("x"), /kind Response/],
    ["a function", () => "x", /kind function/],
    ["a symbol", Symbol("x"), /kind symbol/],
  ])(
    "of a call, an input of which nothing would arrive, is told before anything is sent: %s",
    async (_, input, words) => {
      await using space = await startTestSpace(answering);
      const client = connectSpace(space.origin);
      const error = await rejection(client.predict("chat", [input]));
      expect(error).toMatchObject({ code: "invalid_request", message: expect.stringMatching(words) });
      await client.close();
      expect(space.requests).toEqual([]);
    },
  );

  it("of a call is no input that JSON can say, whatever class it is of", async () => {
    await using space = await startTestSpace(answering);
    const client = connectSpace(space.origin);
    class Point {
      readonly x = 1;
    }
    const given = [
      new Date(0),
      new Point(),
      Object("s"),
      Object(1),
      Object.create(null),
      {},
      [],
      undefined,
      null,
      { f: () => 1 },
    ];
    await client.predict("chat", [given]);
    expect(space.requests[0]?.json).toMatchObject({
      data: [["1970-01-01T00:00:00.000Z", { x: 1 }, "s", 1, {}, {}, [], null, null, {}]],
    });
    await client.close();
  });

  it("of a call is no name of an endpoint with half a character in it", async () => {
    await using space = await startTestSpace(answering);
    const client = connectSpace(space.origin);
    await client.predict("\ud83d", []);
    expect(space.requests[0]?.url.pathname).toBe("/gradio_api/call/%EF%BF%BD");
    await client.close();
  });

  it.each<readonly [object, RegExp]>([
    [{ headers: { "x-a": 1 } }, /`headers\["x-a"\]`/],
    [{ timeouts: { idleMs: 0 } }, /`timeouts\.idleMs`/],
    [{ signal: 1 }, /`signal`/],
  ])("of a provider's request comes from the iteration: %o", async (options, message) => {
    const provider = chatProvider({ space: "https://host.test" });
    const asked = { messages: [{ role: "user", content: "Hi" }], ...options } as never;
    await expect(collect(provider.stream(asked))).rejects.toThrow(message);
  });
});

test.each([{ filename: 5 }, { signal: {} }, { timeouts: { idleMs: 0 } }, { timeouts: 5 }, { fileName: "x" }])(
  "a bad option of an upload is a TypeError, and nothing is sent: %o",
  async (options) => {
    await using space = await startTestSpace(answering);
    const client = connectSpace(space.origin);
    await expect(client.upload(new Uint8Array(1), options as object)).rejects.toThrow(TypeError);
    await client.close();
    expect(space.requests).toEqual([]);
  },
);

test("a model that is none is no_such_model, its name cut", async () => {
  for (const model of [5, "", "x".repeat(1_000_000)] as string[]) {
    const stream = chatProvider({ space: "https://host.test" }).stream({
      model,
      messages: [{ role: "user", content: "Hi" }],
    });
    await expect(collect(stream)).rejects.toMatchObject({
      code: "no_such_model",
      message: expect.stringMatching(/^.{1,500}$/),
    });
  }
});

test("a token or a login out of environment variables without a value is none", async () => {
  await using space = await startTestSpace(answering);
  for (const auth of [
    { username: "", password: "" },
    { username: undefined, password: undefined },
  ] as never[]) {
    const client = connectSpace(space.origin, { token: "", auth });
    await client.predict("chat", []);
    await client.close();
  }
  expect(space.requests.map(({ headers }) => headers.authorization)).not.toContain(expect.anything());
  expect(space.requests.map(({ url }) => url).join()).not.toContain("login");
});

test("an option that is undefined is not set", async () => {
  await using space = await startTestSpace(answering);
  const client = connectSpace(space.origin, {
    token: undefined,
    headers: { "x-a": "1", "x-b": undefined } as never,
    timeouts: { idleMs: undefined },
    earlyStream: undefined,
  });
  await client.predict("chat", [], { headers: { "x-a": undefined } as never, timeouts: undefined, signal: undefined });
  await client.close();
  expect(space.requests[0]?.headers).toMatchObject({ "x-a": "1" });
  expect(space.requests[0]?.headers["x-b"]).toBeUndefined();
});

test("a call sends what stood there when it was made, well-formed", async () => {
  await using space = await startTestSpace(answering);
  const client = connectSpace(space.origin);
  const history = [["Hi \ud83d", "Hello"]];
  const call = client.submit("chat", ["x\ud83d", history]);
  history.push(["later", ""]);
  await collect(call);
  await client.close();
  const body = String(space.requests[0]?.body);
  expect(JSON.parse(body)).toMatchObject({ data: ["x\ufffd", [["Hi \ufffd", "Hello"]]] });
});

test("a provider's own stream() sends what stood there at the call", async () => {
  await using space = await startTestSpace(answering);
  const provider = chatProvider({ space: space.origin });
  const messages: { role: "user" | "assistant"; content: string }[] = [{ role: "user", content: "Hi" }];
  const stream = provider.stream({ messages });
  messages.push({ role: "assistant", content: "" });
  await collect(stream);
  await provider.close?.();
  expect(space.requests[0]?.json).toMatchObject({ data: ["Hi"] });
});

describe("JSON", () => {
  it("holds no half of an emoji, and what only looks like one stays", () => {
    const half = "🙂".slice(0, 1);
    expect(writeJson([half, "🙂", "\\ud83d", `\\${half}`, { [half]: "\\\\ud83d" }])).toBe(
      JSON.stringify(["\ufffd", "🙂", "\\ud83d", "\\\ufffd", { "\ufffd": "\\\\ud83d" }]),
    );
  });

  it.each([10n, undefined, () => {}])("that cannot be written is invalid_request: %s", (value) => {
    expect(() => writeJson(value)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  it("that leads back to itself or is deeper than the stack is invalid_request", () => {
    const circle: unknown[] = [];
    circle.push(circle);
    let deep: unknown[] = [];
    for (let depth = 0; depth < 100_000; depth += 1) deep = [deep];
    for (const value of [circle, deep])
      expect(() => writeJson(value)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});
