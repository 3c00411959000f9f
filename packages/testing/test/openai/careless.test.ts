import { connect } from "node:net";
import { describe, expect, test } from "vitest";

import { createOpenAIEmulator, type OpenAIAnswers, type OpenAIFault } from "../../src/index.ts";
import { ask, textIn } from "./raw-client.ts";

const messages = [{ role: "user", content: "Hi" }];
const STREAMED = { model: "m", messages, stream: true };

describe("a step of a script that is none is a TypeError, and says what it must be", () => {
  test.each<[string, object, RegExp]>([
    ["a name that nothing reads", { toolCall: "x", argument: "{}" }, /"argument"/],
    ["which pieces say the id", { toolCall: "x", says: "frist" }, /`says`/],
    ["an id", { toolCall: "x", id: 5 }, /`id`/],
    ["an index", { toolCall: "x", index: "0" }, /`index`/],
    ["arguments", { toolCall: "x", arguments: 5 }, /`arguments`/],
    ["a piece of arguments", { toolCall: "x", arguments: ["{", 5] }, /`arguments`/],
    ["no calls at once", { toolCalls: [] }, /toolCalls/],
    ["calls at once that are none", { toolCalls: [{ reasoning: "x" }] }, /toolCalls/],
    ["a call among others", { toolCalls: [{ toolCall: "x", id: 5 }] }, /`id`/],
    ["two things in one", { waitMs: 5, error: "x" }, /"error"/],
    ["an error without words", { error: {} }, /`message`/],
    ["a status that is none", { error: { message: "x", status: 42 } }, /`status`/],
    ["a status in words", { error: { message: "x", status: "500" } }, /`status`/],
    ["more of an error", { error: { message: "x", more: [] } }, /`more`/],
  ])("%s", async (_, step, says) => {
    const models = { m: [step] as unknown as OpenAIAnswers };
    const made = createOpenAIEmulator({ models });
    await expect(made).rejects.toThrow(TypeError);
    await expect(made).rejects.toThrow(says);
    await using server = await createOpenAIEmulator({ models: { m: () => models.m as never } });
    expect((await ask(server.url, { ...STREAMED, stream: false }))?.body).toMatch(/The script of the answer failed/);
  });

  test("but a field that is undefined is not set", async () => {
    await using server = await createOpenAIEmulator({
      models: { m: [{ toolCall: "x", id: undefined, says: undefined, arguments: undefined, index: undefined }] },
    });
    expect((await ask(server.url, STREAMED))?.body).toContain('"arguments":"{}"');
    expect(server.calls).toMatchObject([{ state: "finished" }]);
  });

  test("so is one that is not there", async () => {
    const steps = function* () {
      yield undefined as never;
      yield "b";
    };
    await using server = await createOpenAIEmulator({ models: { m: { steps: { [Symbol.iterator]: steps } } } });
    expect((await ask(server.url, STREAMED))?.body).toContain("A step must be");
    expect(server.calls).toMatchObject([{ state: "failed" }]);
  });
});

describe("a wait without an end is one", () => {
  test.each<[string, OpenAIAnswers, readonly OpenAIFault[]]>([
    ["a step", [{ waitMs: Infinity }, "x"], []],
    ["a step of a month", [{ waitMs: 2 ** 31 }, "x"], []],
    ["before the first piece", { steps: ["x"], firstDelayMs: Infinity }, []],
    ["a fault", "x", [{ name: "delay", ms: Infinity }]],
  ])("of %s", async (_, answer, faults) => {
    await using server = await createOpenAIEmulator({ models: { m: answer }, faults });
    const heard = await ask(server.url, STREAMED, { leaveAfterMs: 60 });
    expect(heard === undefined ? "" : textIn(heard)).toBe("");
    expect(server.calls).toMatchObject([{ state: "cancelled", pieces: 0 }]);
  });

  test("between two signs of life", async () => {
    await using server = await createOpenAIEmulator({
      models: { m: "a b" },
      faults: ["heartbeats-only"],
      heartbeatMs: Infinity,
    });
    expect((await ask(server.url, STREAMED, { leaveAfterMs: 60 }))?.body).not.toContain("keep-alive");
  });
});

test("an answer that is promised is none, and ends no process", async () => {
  const rejects = (() => Promise.reject(new Error("Nobody waits."))) as never;
  await using server = await createOpenAIEmulator({ models: { m: rejects } });
  expect((await ask(server.url, STREAMED))?.body).toContain("at once");
  await new Promise((resolve) => setTimeout(resolve, 5));
});

test("a whole answer without an end ends with its client", async () => {
  const steps = function* () {
    for (;;) yield "a ";
  };
  await using server = await createOpenAIEmulator({ models: { m: { steps: { [Symbol.iterator]: steps } } } });
  await ask(server.url, { model: "m", messages }, { leaveAfterMs: 30 });
  await server.idle();
  expect(server.calls).toMatchObject([{ state: "cancelled" }]);
});

test.each([[undefined], [5], [null], [""]])("answers of a model called %j are a TypeError", async (name) => {
  await using server = await createOpenAIEmulator({ models: { m: "x" } });
  expect(() => server.answer(name as never, "y")).toThrow(/must be the name of a model/);
});

test.each<readonly [object, RegExp]>([
  [{ name: "eof", on: [] }, /`fault\.on` must be a whole number from 1, or a list/],
  [{ name: "eof", route: [] }, /`fault\.route` must be one of/],
  [{ name: "redirect", to: "somewhere" }, /`fault\.to` must be an address/],
  [{ name: "redirect", to: "http://x\r\ny: z" }, /`fault\.to` must be an address/],
])("a fault that could not strike is a TypeError: %o", async (fault, says) => {
  await using server = await createOpenAIEmulator();
  expect(() => server.fault(fault as OpenAIFault)).toThrow(says);
});

describe("a request that is none has an answer all the same", () => {
  test.each(["/models/%", "/models/%ff"])("GET %s", async (path) => {
    await using server = await createOpenAIEmulator();
    expect((await ask(server.url, undefined, { method: "GET", path }))?.status).toBe(404);
  });

  test("a form that is none", async () => {
    await using server = await createOpenAIEmulator();
    const headers = { "content-type": "multipart/form-data" };
    expect((await ask(server.url, "zzz", { headers }))?.status).toBe(400);
  });

  test.each(["//", "http://["])("GET %s", async (target) => {
    await using server = await createOpenAIEmulator();
    const heard = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(Number(new URL(server.url).port), "127.0.0.1", () =>
        socket.write(`GET ${target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`),
      );
      socket.on("data", (bytes) => (text += String(bytes))).on("close", () => resolve(text));
    });
    expect(heard).toMatch(/^HTTP\/1\.1 404 /);
  });
});
