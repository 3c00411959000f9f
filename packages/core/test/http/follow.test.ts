import { afterEach, describe, expect, it } from "vitest";
import { follow, type FollowedRequest } from "../../src/http/follow.ts";
import { readText } from "../../src/http/transport.ts";
import { createTransport } from "../../src/http/undici-transport.ts";
import { response, startRawServer, type RawServer } from "../servers/raw-server.ts";
import { rejection, until } from "../servers/waiting.ts";

const transport = createTransport({ proxy: false });
afterEach(() => transport.close());

function request(url: URL, more: Partial<FollowedRequest> = {}): FollowedRequest {
  return {
    method: "GET",
    url,
    headersFor: ({ port }) => ({ "x-for": port }),
    connectMs: 10_000,
    headersMs: 30_000,
    ...more,
  };
}

const redirect = (status: number, location: string): string =>
  response("", { status, headers: `location: ${location}\r\n` });

function startRedirect(status: number, target: () => string): Promise<RawServer> {
  return startRawServer((socket) => socket.write(redirect(status, target())));
}

describe.each([301, 302, 303, 307, 308])("status %i", (status) => {
  it("is followed for a GET, with headers made for the new host", async () => {
    await using target = await startRawServer((socket) => socket.write(response("there")));
    await using server = await startRedirect(status, () => target.url.href);
    const seen: (readonly [number, string])[] = [];
    const received = await follow(
      transport,
      request(server.url, { onResponse: (hop, url) => void seen.push([hop.status, url.port]) }),
    );
    expect(await readText(received.body)).toBe("there");
    expect(server.received[0]).toContain(`x-for: ${server.port}`);
    expect(target.received[0]).toContain(`x-for: ${target.port}`);
    expect(target.received[0]).not.toContain(`x-for: ${server.port}`);
    expect(seen).toEqual([
      [status, String(server.port)],
      [200, String(target.port)],
    ]);
  });

  it("is an error that names the new address for a POST to another origin, which gets nothing", async () => {
    await using target = await startRawServer((socket) => socket.write(response("there")));
    await using server = await startRedirect(status, () => target.url.href);
    const outcome = follow(transport, request(server.url, { method: "POST", body: "the body" }));
    expect(await rejection(outcome)).toMatchObject({
      code: "protocol",
      status,
      message: expect.stringContaining(target.origin),
    });
    expect(target.connections()).toBe(0);
  });

  it(`is ${status >= 307 ? "followed with its body" : "an error"} for a POST within its origin`, async () => {
    await using server = await startRawServer((socket, head) =>
      socket.write(head.startsWith("POST /new ") ? response("there") : redirect(status, "/new")),
    );
    const outcome = follow(transport, request(server.url, { method: "POST", body: "the body" }));
    if (status >= 307) expect(await readText((await outcome).body)).toBe("there");
    else expect(await rejection(outcome)).toMatchObject({ code: "protocol", status });
    expect(server.received.join("").match(/the body/g)).toHaveLength(status >= 307 ? 2 : 1);
  });
});

it("drops what comes behind a redirect, however long it is", async () => {
  await using target = await startRawServer((socket) => socket.write(response("there")));
  await using server = await startRawServer((socket) =>
    socket.write(`HTTP/1.1 302 Found\r\nlocation: ${target.url.href}\r\ntransfer-encoding: chunked\r\n\r\n`),
  );
  expect(await readText((await follow(transport, request(server.url))).body)).toBe("there");
  await until(() => server.log.includes("close 1"));
});

it("understands a relative location", async () => {
  await using server = await startRawServer((socket, head) =>
    socket.write(head.startsWith("GET /new?a=1 ") ? response("there") : redirect(307, "../new?a=1")),
  );
  expect(await readText((await follow(transport, request(server.url))).body)).toBe("there");
});

it("hands out a 3xx without a location as it is", async () => {
  await using server = await startRawServer((socket) => socket.write(response("", { status: 302 })));
  expect((await follow(transport, request(server.url))).status).toBe(302);
});

it("ends a circle after five redirects", async () => {
  await using server = await startRawServer((socket, head) =>
    socket.write(redirect(307, head.startsWith("GET /a ") ? "/b" : "/a")),
  );
  expect(await rejection(follow(transport, request(server.url)))).toMatchObject({ code: "protocol" });
  expect(server.received.join("").match(/GET /g)).toHaveLength(6);
});

it("follows five redirects that lead somewhere", async () => {
  await using server = await startRawServer((socket, head) => {
    const hop = Number(/^GET \/(\d)/.exec(head)?.[1] ?? 0);
    socket.write(hop === 5 ? response("there") : redirect(307, `/${hop + 1}`));
  });
  expect(await readText((await follow(transport, request(server.url))).body)).toBe("there");
});

it.each(["ftp://host/file", "javascript:alert(1)", "file:///etc/passwd", "http://[", "data:text/plain,x"])(
  "refuses to be led to %s",
  async (location) => {
    await using server = await startRedirect(302, () => location);
    const error = await rejection(follow(transport, request(server.url)));
    expect(error).toMatchObject({ code: "protocol", status: 302 });
    expect(String(error)).not.toMatch(/passwd|alert|null/);
  },
);

it("stops following when the signal aborts between two hops", async () => {
  const controller = new AbortController();
  await using target = await startRawServer((socket) => socket.write(response("there")));
  await using server = await startRedirect(307, () => target.url.href);
  const reason = new Error("mine");
  const followed = follow(
    transport,
    request(server.url, { signal: controller.signal, onResponse: () => controller.abort(reason) }),
  );
  expect(await rejection(followed)).toBe(reason);
  expect(target.connections()).toBe(0);
});

describe("a transport of somebody else's", () => {
  const look = (): never => {
    throw new Error("do not look");
  };
  const url = new URL("http://host.test/");

  it.each([
    ["a string", "oops"],
    ["null", null],
    ["an object without prototype", Object.create(null)],
    ["a frozen error", Object.freeze(new Error("cold"))],
    ["what lets nobody look", new Proxy({}, { get: look, getPrototypeOf: () => null })],
  ])("that throws %s ends as one of the family", async (_, thrown) => {
    const reject = async () => Promise.reject(thrown);
    const throws = (): never => {
      throw thrown;
    };
    for (const send of [reject, throws]) {
      const error = await rejection(follow({ request: send, close: async () => {} }, request(url)));
      expect(error).toMatchObject({ code: "connection", message: expect.stringContaining("host.test") });
    }
  });

  it("that throws the reason of an abort, or a TypeError, is taken at its word", async () => {
    const reason = { why: "enough" };
    const signal = AbortSignal.abort(reason);
    const leaving = { request: () => Promise.reject(reason), close: async () => {} };
    expect(await rejection(follow(leaving, request(url, { signal })))).toBe(reason);
    const mistake = new TypeError("no such header");
    const strict = { request: () => Promise.reject(mistake), close: async () => {} };
    expect(await rejection(follow(strict, request(url)))).toBe(mistake);
  });
});
