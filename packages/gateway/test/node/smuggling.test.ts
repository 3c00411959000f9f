import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { serveGateway, type ServedGateway } from "../../src/node/serve.ts";
import { bodyOf, raw } from "./raw.ts";
import { emptyGateway } from "./empty-gateway.ts";

let served: ServedGateway;
let host = "";
const seen: string[] = [];

beforeAll(async () => {
  served = await serveGateway(emptyGateway(seen), { port: 0, signals: [] });
  host = `Host: 127.0.0.1:${served.port}`;
});
afterAll(() => served.close({ drainMs: 0 }));

const BODY = '{"model":"m"}';
/** What a smuggler hides: it must never be answered. */
const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n";

function post(...headers: readonly string[]): string {
  return ["POST /v1/chat/completions HTTP/1.1", ...headers, "Content-Type: application/json", "", BODY].join("\r\n");
}

describe("what two readers could read differently is refused in JSON, and the connection closed", () => {
  const cases: readonly (readonly [string, () => string])[] = [
    ["a length with chunked", () => post(host, "Content-Length: 13", "Transfer-Encoding: chunked")],
    ["chunked with a length", () => post(host, "Transfer-Encoding: chunked", "Content-Length: 13")],
    ["two lengths", () => post(host, "Content-Length: 13", "Content-Length: 5")],
    ["two equal lengths", () => post(host, "Content-Length: 13", "Content-Length: 13")],
    ["a list of lengths", () => post(host, "Content-Length: 13, 13")],
    ["a length that is none", () => post(host, "Content-Length: +13")],
    ["a negative length", () => post(host, "Content-Length: -1")],
    ["an encoding that is none", () => post(host, "Transfer-Encoding: xchunked")],
    ["chunked, and not last", () => post(host, "Transfer-Encoding: chunked, identity")],
    ["chunks of what is packed", () => post(host, "Transfer-Encoding: gzip, chunked")],
    ["chunked twice", () => post(host, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")],
    ["a space before the colon", () => post(host, "Content-Length : 13")],
    ["a bare LF", () => post(host, "Content-Length: 13").replaceAll("\r\n", "\n")],
    ["a bare LF in a header", () => post(host, "X-A: b\nContent-Length: 13")],
    ["a bare CR", () => post(host, "X-A: b\rContent-Length: 13")],
    ["a folded line", () => post(host, "X-A: b", " c", "Content-Length: 13")],
    ["two hosts", () => post(host, "Host: evil.example", "Content-Length: 13")],
    ["two equal hosts", () => post(host, host, "Content-Length: 13")],
    ["no host", () => post("Content-Length: 13")],
    ["an empty host", () => post("Host:", "Content-Length: 13")],
    ["a malformed host", () => post("Host: local host", "Content-Length: 13")],
    ["a host with a user", () => post(`Host: a@127.0.0.1:${served.port}`, "Content-Length: 13")],
    ["a host with a path", () => post(`Host: 127.0.0.1:${served.port}/x`, "Content-Length: 13")],
    ["another host in the request line", () => `GET http://evil.example/ HTTP/1.1\r\n${host}\r\n\r\n`],
    ["another host's https in the request line", () => `GET https://evil.example/ HTTP/1.1\r\n${host}\r\n\r\n`],
    ["a user in the request line", () => `GET http://a@127.0.0.1:${served.port}/ HTTP/1.1\r\n${host}\r\n\r\n`],
    ["a path that is none", () => `GET evil.example/ HTTP/1.1\r\n${host}\r\n\r\n`],
    ["a backslash in the path", () => `GET /\\evil.example/ HTTP/1.1\r\n${host}\r\n\r\n`],
    ["a method that is none", () => `G ET / HTTP/1.1\r\n${host}\r\n\r\n`],
    ["no HTTP", () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 \r\n\r\n"],
    ["HTTP/2", () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["a version that is none", () => `GET / HTTP/9.9\r\n${host}\r\n\r\n`],
    ["NUL in a header", () => `GET / HTTP/1.1\r\n${host}\r\nX-A: a\0b\r\n\r\n`],
    ["headers above 16 KiB", () => `GET / HTTP/1.1\r\n${host}\r\nX-A: ${"a".repeat(20_000)}\r\n\r\n`],
    ["a URL above 16 KiB", () => `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${host}\r\n\r\n`],
    ["a chunk size that is none", () => post(host, "Transfer-Encoding: chunked").replace(BODY, "zz\r\n")],
  ];

  it.each(cases)("%s", async (_, request) => {
    seen.length = 0;
    const answers = await raw(served.port, request() + SMUGGLED, SMUGGLED);
    expect(answers.statuses, answers.text).toHaveLength(1);
    expect(answers.statuses[0]).toBeGreaterThanOrEqual(400);
    expect(answers.statuses[0]).toBeLessThan(500);
    expect(bodyOf(answers)).toMatchObject({ error: { type: "invalid_request_error", param: null } });
    expect(answers.text.toLowerCase()).toContain("connection: close");
    expect(answers.isClosed).toBe(true);
    expect(seen).not.toContain("/smuggled");
  });
});

it("CONNECT is just closed", async () => {
  const answers = await raw(served.port, `CONNECT evil.example:443 HTTP/1.1\r\n${host}\r\n\r\n`);
  expect(answers).toEqual({ text: "", statuses: [], isClosed: true });
});

it("an upgrade is ignored, as Java's client asks for h2c with each request", async () => {
  seen.length = 0;
  const upgrade = [
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
  ];
  const answers = await raw(served.port, post(host, ...upgrade, "Content-Length: 13"));
  expect(answers.statuses).toEqual([200]);
  expect(seen).toEqual(["/v1/chat/completions"]);
  expect(bodyOf(answers)).toEqual({ length: 13 });
  expect(
    (await raw(served.port, `GET / HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`)).statuses,
  ).toEqual([200]);
});

it("`Expect: 100-continue` is served, and nothing else is expected", async () => {
  const answers = await raw(
    served.port,
    post(host, "Expect: 100-continue", "Content-Length: 13").replace(BODY, ""),
    BODY,
  );
  expect(answers.statuses).toEqual([100, 200]);
  seen.length = 0;
  const other = await raw(served.port, post(host, "Expect: a-miracle", "Content-Length: 13") + SMUGGLED, SMUGGLED);
  expect(other.statuses).toEqual([417]);
  expect(bodyOf(other)).toMatchObject({ error: { code: "expectation_failed" } });
  expect(other.isClosed).toBe(true);
  expect(seen).toEqual([]);
});

it("the whole URL in the request line is served where it names the same host", async () => {
  const answers = await raw(
    served.port,
    `GET http://127.0.0.1:${served.port}/v1/models?a=b HTTP/1.1\r\n${host}\r\n\r\n`,
  );
  expect(answers.statuses).toEqual([200]);
});

it("requests that follow each other on one connection are each answered", async () => {
  const one = `GET / HTTP/1.1\r\n${host}\r\n\r\n`;
  expect((await raw(served.port, one + one + one)).statuses).toEqual([200, 200, 200]);
});

it("a connection has so many requests under way and no more, however many are sent ahead", async () => {
  seen.length = 0;
  const answers = await raw(served.port, `GET /slow HTTP/1.1\r\n${host}\r\n\r\n`.repeat(500));
  expect(seen.length).toBeLessThanOrEqual(16);
  expect(answers.statuses.at(-1)).toBe(429);
  expect(answers.isClosed).toBe(true);
});

it("what is no HTTP behind a request that is being answered closes the connection and is written into no answer", async () => {
  const answers = await raw(served.port, `GET /slow HTTP/1.1\r\n${host}\r\n\r\nno http at all\r\n\r\n`);
  expect(answers.text).not.toContain("bad_request");
  expect(answers.isClosed).toBe(true);
});
