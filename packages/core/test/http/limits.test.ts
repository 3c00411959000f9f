import { describe, expect, test } from "vitest";

import { fetchElsewhere } from "../../src/http/elsewhere.ts";
import { publicReach } from "../../src/http/reach.ts";
import { readEvents } from "../../src/http/events.ts";
import { follow } from "../../src/http/follow.ts";
import {
  readBytes,
  readText,
  type ResponseBody,
  type Transport,
  type TransportRequest,
} from "../../src/http/transport.ts";
import { rejection } from "../servers/waiting.ts";

const url = new URL("https://host.test/");
const { signal } = new AbortController();
const body = (log: string[] = []): ResponseBody => ({
  pipe: () => void log.push("pipe"),
  pause() {},
  resume() {},
  cancel: () => void log.push("cancel"),
});

/** A transport that answers at once, and remembers what it was asked. */
function recording(): Transport & { readonly asked: readonly TransportRequest[] } {
  const asked: TransportRequest[] = [];
  return {
    asked,
    request(request) {
      asked.push(request);
      return Promise.resolve({ status: 200, headers: {}, body: body() });
    },
    close: () => Promise.resolve(),
  };
}

async function isNamed(name: string, call: Promise<unknown>): Promise<void> {
  const error = await rejection(call);
  expect(error).toBeInstanceOf(TypeError);
  expect((error as Error).message).toContain(name);
}

describe.each([Number.NaN, -1, "5s"])(
  "a limit that is %s is a TypeError that names it: nothing is read or sent",
  (wrong) => {
    const value = wrong as number;

    test.each<[string, (options: object) => Promise<unknown>]>([
      ["maxBytes", (options) => readBytes(body(), options)],
      ["limitMs", (options) => readText(body(), options)],
      ["maxEventChars", async (options) => readEvents(body(), options)],
    ])("%s of a body", (name, read) => isNamed(name, read({ [name]: value })));

    test.each(["connectMs", "headersMs"])("%s of a request", async (name) => {
      const transport = recording();
      await isNamed(name, follow(transport, { method: "GET", url, headersFor: () => ({}), [name]: value }));
      expect(transport.asked).toEqual([]);
    });

    test.each(["maxBytes", "limitMs"])("%s of what a message names", async (name) => {
      const transport = recording();
      const limits = { maxBytes: 10, limitMs: 1000, connectMs: 1000, headersMs: 1000, [name]: value };
      await isNamed(name, fetchElsewhere(url, { transport, reach: publicReach, signal, ...limits }));
      expect(transport.asked).toEqual([]);
    });
  },
);

test("a body whose limit is none is dropped, so that its connection is not held", async () => {
  const log: string[] = [];
  await isNamed("maxBytes", readBytes(body(log), { maxBytes: Number.NaN }));
  expect(log).toEqual(["cancel"]);
});

test("a request without limits has those that hold everywhere, and a header that is undefined is not set", async () => {
  const transport = recording();
  const headersFor = (): { accept: string; cookie: undefined } => ({ accept: "*/*", cookie: undefined });
  await follow(transport, { method: "GET", url, headersFor, connectMs: undefined });
  expect(transport.asked).toMatchObject([{ connectMs: 10_000, headersMs: 30_000 }]);
  expect(transport.asked[0]?.headers).toStrictEqual({ accept: "*/*" });
});
