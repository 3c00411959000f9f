import { describe, expect, it, test } from "vitest";
import { fetchElsewhere, type ElsewhereOptions } from "../../src/http/elsewhere.ts";
import { readEvents } from "../../src/http/events.ts";
import { guardedTransport } from "../../src/http/guard.ts";
import { dataUrl } from "../../src/http/data-url.ts";
import { publicReach, type Reach } from "../../src/http/reach.ts";
import { retryAfterMs } from "../../src/http/retry-after.ts";
import { decodeEvents, type EventSink } from "../../src/http/sse.ts";
import { ThoughtSplit, type ThoughtSink } from "../../src/thought-split.ts";
import { follow, type FollowedRequest } from "../../src/http/follow.ts";
import { createTransport } from "../../src/http/platform-transport.ts";
import {
  readBytes,
  readText,
  type ResponseBody,
  type Transport,
  type TransportResponse,
} from "../../src/http/transport.ts";
import { resolveTimeouts, sleep, startTimer } from "../../src/timers.ts";
import { response, startRawServer } from "../servers/raw-server.ts";
import { openTransport } from "../servers/transports.ts";
import { rejection, until } from "../servers/waiting.ts";

const url = new URL("http://host.test/");
const silent: Transport = {
  request: () => Promise.reject(new Error("It was asked.")),
  close: async () => {},
};
const asked = (more: object): FollowedRequest => ({ method: "GET", url, headersFor: () => ({}), ...more });
const fetched = (more: object): ElsewhereOptions => ({
  transport: silent,
  reach: () => "any",
  maxBytes: 100,
  limitMs: 5000,
  connectMs: 5000,
  headersMs: 5000,
  signal: new AbortController().signal,
  ...more,
});

const deaf: EventSink = { event() {}, end() {}, error() {} };
const listener: ThoughtSink = { thought() {}, thoughtEnd() {}, words() {} };

/** A body that notes whether it was left. */
function openBody(): ResponseBody & { left: boolean } {
  return {
    left: false,
    pipe() {},
    pause() {},
    resume() {},
    cancel() {
      this.left = true;
    },
  };
}

describe("what is no option is a TypeError that names it, and nothing is sent", () => {
  it.each<readonly [object, RegExp]>([
    [{ apiKey: 1 }, /A request to follow has no option "apiKey"\. It has method, /],
    [{ signals: 1 }, /no option "signals". Did you mean "signal"/],
    [{ method: "PUT" }, /`method` must be "GET" or "POST"/],
    [{ url: "http://host.test/" }, /`url` must be a URL/],
    [{ headersFor: {} }, /`headersFor` must be a function/],
    [{ publicOnly: true }, /`publicOnly` must be a function/],
    [{ onResponse: 1 }, /`onResponse` must be a function/],
    [{ body: { a: 1 } }, /`body` must be a string or a Uint8Array/],
    [{ signal: new AbortController() }, /`signal` must be an AbortSignal/],
    [{ connectMs: Number.NaN }, /`connectMs` must be/],
    [{ headersFor: async () => ({}) }, /`headersFor\(\)` must be headers, at once, not a promise/],
    [{ headersFor: () => "x" }, /`headersFor\(\)` must be headers/],
    [{ headersFor: () => new Headers({ authorization: "x" }) }, /`headersFor\(\)` must be a plain object of headers/],
    [{ headersFor: () => new Map([["authorization", "x"]]) }, /`headersFor\(\)` must be a plain object of headers/],
    [{ headersFor: () => ({ cookie: null }) }, /`headersFor\(\)\["cookie"\]` must be a string, or undefined/],
    [{ headersFor: () => ({ "x-a": ["secret"] }) }, /`headersFor\(\)\["x-a"\]` must be a string/],
    [{ publicOnly: async () => true }, /`publicOnly\(\)` must be true or false, not a promise/],
  ])("of follow(): %o", async (more, message) => {
    const error = await rejection(follow(silent, asked(more)));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  });

  it("of follow(), but for limits that are spread in whole, and what is not set", async () => {
    const more = { ...resolveTimeouts({ headersMs: 5 }), apiKey: undefined, onStart: undefined };
    expect(await rejection(follow(silent, asked(more)))).toMatchObject({ code: "connection" });
    expect(await rejection(follow({} as Transport, asked({})))).toBeInstanceOf(TypeError);
  });

  it.each<readonly [object, RegExp]>([
    [{ maxByte: 5 }, /A fetch from elsewhere has no option "maxByte". Did you mean "maxBytes"/],
    [{ reach: "any" }, /`reach` must be a function/],
    [{ transport: {} }, /`transport` must be an object with `request`/],
    [{ connectMs: "5s" }, /`connectMs` must be/],
    [{ headersMs: 0 }, /`headersMs` must be/],
    [{ signal: undefined }, /`signal` must be an AbortSignal/],
    [{ reach: async () => "none" }, /`reach\(\)` must be "any" or "public" or "none", not a promise/],
    [{ reach: () => false }, /`reach\(\)` must be .*, not false/],
    [{ reach: () => undefined as unknown as Reach }, /`reach\(\)` must be .*, not undefined/],
  ])("of fetchElsewhere(): %o", async (more, message) => {
    const error = await rejection(fetchElsewhere(url, fetched(more)));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  });

  it("of fetchElsewhere(): what `reach` throws is thrown", async () => {
    const mine = new Error("mine");
    const reach = (): never => {
      throw mine;
    };
    expect(await rejection(fetchElsewhere(url, fetched({ reach })))).toBe(mine);
  });

  it.each<readonly [(body: ResponseBody) => Promise<unknown>, RegExp]>([
    [(body) => readText(body, { maxByte: 5 } as object), /Did you mean "maxBytes"/],
    [(body) => readText(body, { cut: "yes" as never }), /`options.cut` must be true or false/],
    [(body) => readText(body, 5 as never), /`options` must be an object/],
    [(body) => readBytes(body, { cut: true } as object), /no option "cut"/],
    [(body) => readBytes(body, { limitMs: Number.NaN }), /`options.limitMs` must be/],
    [(body) => readBytes(body, { signal: {} as never }), /`options.signal` must be an AbortSignal/],
  ])("of a body that is read whole, whose connection is not left open: %s", async (read, message) => {
    const body = openBody();
    const error = await rejection(read(body));
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
    expect(body.left).toBe(true);
  });

  it.each([undefined, { status: 200, headers: {} }, "text"])("of a body that is none: %o", async (body) => {
    expect(await rejection(readText(body as never))).toMatchObject({
      message: expect.stringMatching(/`body` must be the `body`/),
    });
    expect(await rejection(readBytes(body as never))).toBeInstanceOf(TypeError);
    expect(() => readEvents(body as never)).toThrow(/`body` must be the `body` of a response/);
  });

  it.each<readonly [RegExp, () => unknown]>([
    [/`options.maxEventChars` must be a whole number from 1/, () => decodeEvents(deaf, { maxEventChars: Number.NaN })],
    [/`options.maxEventChars` must be/, () => decodeEvents(deaf, { maxEventChars: 0 })],
    [/Did you mean "maxEventChars"/, () => decodeEvents(deaf, { maxEventChar: 5 } as object)],
    [/`options` must be an object/, () => decodeEvents(deaf, null as never)],
    [/`sink` must be an object with `event`, `end` and `error`/, () => decodeEvents(undefined as never)],
    [/`transport` must be an object with `request`/, () => guardedTransport(null as never)],
    [/`transport` must be an object with `request`/, () => guardedTransport({} as never)],
    [/`url` must be a URL/, () => publicReach("http://host.test/" as never)],
    [/`bytes` must be bytes, such as a Uint8Array/, () => dataUrl("abc" as never, "text/plain")],
    [/`mediaType` must be a string/, () => dataUrl(new Uint8Array(1), undefined as never)],
    [/`header` must be a function/, () => retryAfterMs({} as never)],
    [/`options.open` must be true or false/, () => new ThoughtSplit(listener, { open: "yes" as never })],
    [/Did you mean "verbatim"/, () => new ThoughtSplit(listener, { verbatm: true } as object)],
    [/`timeouts` must be an object, not null/, () => resolveTimeouts(null as never)],
    [/`timeouts` must be an object, not 5/, () => resolveTimeouts(undefined, 5 as never)],
  ])("of what a provider is made of: %s", (message, make) => {
    expect(make).toThrow(TypeError);
    expect(make).toThrow(message);
  });

  it("of a transport", () => {
    expect(() => createTransport({ proxi: false } as object)).toThrow(
      /A transport has no option "proxi". Did you mean "proxy"/,
    );
    expect(() => createTransport(null as never)).toThrow(/`options` must be an object/);
    expect(() => createTransport({ proxy: null as never })).toThrow(TypeError);
  });

  it.each<readonly [object | undefined, RegExp]>([
    [{ method: "PUT" }, /`method` must be "GET" or "POST"/],
    [{ url: "http://host.test/" }, /`url` must be a URL/],
    [{ url: new URL("ftp://host.test/") }, /`url` must be an http: or https: URL/],
    [{ headers: undefined }, /`headers` must be an object/],
    [{ connectMs: undefined }, /`connectMs` must be a positive number of ms/],
    [{ headersMs: "5" }, /`headersMs` must be a positive number of ms/],
    [{ body: {} }, /`body` must be a string or a Uint8Array/],
    [{ signal: {} }, /`signal` must be an AbortSignal/],
    [{ onStart: 1 }, /`onStart` must be a function/],
    [undefined, /`request` must be an object/],
  ])("of a transport's request: %o", async (more, message) => {
    const transport = createTransport({ proxy: false });
    const request = more && { method: "GET", url, headers: {}, connectMs: 50, headersMs: 50, ...more };
    const error = await rejection(transport.request(request as never));
    await transport.close();
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  });

  it("of limits and waits", async () => {
    expect(() => resolveTimeouts({ idle: 5 } as object)).toThrow(
      /`timeouts` has no option "idle". Did you mean "idleMs"/,
    );
    for (const bad of [Number.NaN, -1, "5", undefined] as number[]) {
      expect(() => startTimer(bad, () => {})).toThrow(/`limitMs` must be a number of ms/);
      expect(await rejection(sleep(bad))).toMatchObject({ message: expect.stringMatching(/`delayMs` must be/) });
    }
    expect(() => startTimer(5, undefined as never)).toThrow(/`onExpired` must be a function/);
    expect(await rejection(sleep(5, {} as never))).toMatchObject({
      message: expect.stringMatching(/`signal` must be/),
    });
  });
});

test("whoever watches responses disturbs nothing, whether it throws or rejects", async () => {
  await using server = await startRawServer((socket) => socket.write(response("there")));
  for (const onResponse of [
    () => {
      throw new Error("mine");
    },
    async () => Promise.reject(new Error("mine")),
  ]) {
    const { body } = await follow(openTransport(), asked({ url: server.url, onResponse }));
    expect(await readText(body)).toBe("there");
  }
});

test("whoever watches a request go out disturbs nothing, whether it throws or rejects", async () => {
  await using server = await startRawServer((socket) => socket.write(response("there")));
  const transport = createTransport({ proxy: false });
  for (const onStart of [
    () => {
      throw new Error("mine");
    },
    () => Promise.reject(new Error("mine")) as unknown as undefined,
  ]) {
    const followed = await follow(openTransport(), asked({ url: server.url, onStart }));
    expect(await readText(followed.body)).toBe("there");
    const sent = await transport.request({
      method: "GET",
      url: server.url,
      headers: {},
      connectMs: 5000,
      headersMs: 5000,
      onStart,
    });
    expect(await readText(sent.body)).toBe("there");
  }
  await transport.close();
});

test("what decides on a hop and throws ends the request with that, and leaves no connection open", async () => {
  const mine = new Error("mine");
  await using server = await startRawServer((socket) =>
    socket.write("HTTP/1.1 302 Found\r\nlocation: /next\r\ntransfer-encoding: chunked\r\n\r\n"),
  );
  const headersFor = ({ pathname }: URL): Record<string, string> => {
    if (pathname === "/next") throw mine;
    return {};
  };
  expect(await rejection(follow(openTransport(), asked({ url: server.url, headersFor })))).toBe(mine);
  await until(() => server.log.includes("close 1"));
});

describe("a transport of a caller's own", () => {
  const over = (given: unknown): Transport => ({
    request: async () => given as TransportResponse,
    close: async () => {},
  });
  const boom = (): never => {
    throw new Error("boom");
  };
  const withBody = (body: Partial<ResponseBody>): Transport =>
    over({ status: 200, headers: {}, body: { ...openBody(), ...body } });

  it("that answers with no response is a TypeError of follow()", async () => {
    for (const given of [undefined, "x", { status: 200 }, { status: 200, headers: {}, body: {} }])
      expect(await rejection(follow(over(given), asked({})))).toMatchObject({
        name: "TypeError",
        message: expect.stringMatching(/^`transport` must resolve with a response/),
      });
  });

  it.each<readonly [string, Partial<ResponseBody>]>([
    ["throws", { pipe: boom }],
    ["throws wherever it can", { pipe: boom, cancel: boom, pause: boom, resume: boom }],
    ["holds no bytes", { pipe: (sink) => sink.chunk("text" as never) }],
    ["fails with nothing", { pipe: (sink) => sink.error(null) }],
  ])("whose body %s ends the reading of what follow() gave with an error of the family", async (_, body) => {
    const read = async (how: (given: ResponseBody) => Promise<unknown>): Promise<unknown> =>
      rejection(how((await follow(withBody(body), asked({}))).body));
    const events = async (given: ResponseBody): Promise<unknown> => readEvents(given).next();
    for (const how of [readText, readBytes, events]) expect(await read(how)).toMatchObject({ code: "connection" });
    expect(await rejection(fetchElsewhere(url, fetched({ transport: withBody(body) })))).toMatchObject({
      code: "invalid_request",
    });
  });

  it("whose `cancel` throws when a redirect is followed or a status is refused disturbs nothing", async () => {
    const redirects: Transport = {
      request: async ({ url: { pathname } }) => ({
        status: pathname === "/next" ? 404 : 302,
        headers: { location: "/next" },
        body: { ...openBody(), cancel: boom },
      }),
      close: async () => {},
    };
    expect((await follow(redirects, asked({}))).status).toBe(404);
    expect(await rejection(fetchElsewhere(url, fetched({ transport: redirects })))).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("status 404"),
    });
  });

  it("made of one of ours is held to it as well, and one of ours is not", async () => {
    await using server = await startRawServer((socket) => socket.write(response("there")));
    const ours = openTransport();
    const own = await follow(ours, asked({ url: server.url }));
    expect(await readText(own.body)).toBe("there");
    const wrapped: Transport = {
      ...ours,
      async request(given) {
        const answer = await ours.request(given);
        return { ...answer, body: undefined as never };
      },
    };
    expect(await rejection(follow(wrapped, asked({ url: server.url })))).toBeInstanceOf(TypeError);
  });
});
