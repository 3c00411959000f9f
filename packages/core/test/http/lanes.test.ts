import type { Socket } from "node:net";

import { describe, expect, it } from "vitest";
import { readText, type Transport } from "../../src/http/transport.ts";
import { CHUNKED, chunk, response, startRawServer } from "../servers/raw-server.ts";
import { get, openTransport } from "../servers/transports.ts";
import { rejection, until } from "../servers/waiting.ts";

const POST = { method: "POST", body: "{}" } as const;

/** Sends a POST and, without waiting for its answer, a GET, in a lane of their own. */
function sendBoth(transport: Transport, url: URL, second = url) {
  const lane = Symbol("lane");
  return [transport.request(get(url, { lane, ...POST })), transport.request(get(second, { lane }))] as const;
}

/** A server that answers nothing before it has two requests, then both in their order. */
function startPatientServer() {
  const waiting = new Map<Socket, string[]>();
  return startRawServer((socket, request) => {
    const requests = waiting.get(socket) ?? [];
    waiting.set(socket, [...requests, request.split(" ")[0] ?? ""]);
    if (requests.length === 0) return;
    socket.write((waiting.get(socket) ?? []).map((method) => response(method)).join(""));
    waiting.delete(socket);
  });
}

describe("requests of one lane", () => {
  it("go out over one connection without waiting for each other, and get their own answers", async () => {
    await using server = await startPatientServer();
    const transport = openTransport();
    const [first, second] = await Promise.all(sendBoth(transport, server.url));
    expect([await readText(first.body), await readText(second.body)]).toEqual(["POST", "GET"]);
    expect(server.connections()).toBe(1);
  });

  it("never wait for those of another lane: each has a connection of its own", async () => {
    await using server = await startRawServer((socket, request) =>
      socket.write(request.startsWith("POST") ? response("joined") : `${CHUNKED}${chunk("text")}`),
    );
    const transport = openTransport();
    for (let call = 1; call <= 5; call += 1) {
      const [first] = await Promise.all(sendBoth(transport, server.url));
      expect(await readText(first.body)).toBe("joined");
      expect(server.connections()).toBe(call);
    }
  });

  it("leave their connection to the next lane", async () => {
    await using server = await startPatientServer();
    const transport = openTransport();
    for (let call = 0; call < 20; call += 1) {
      const answers = await Promise.all(sendBoth(transport, server.url));
      for (const { body } of answers) await readText(body);
    }
    expect(server.connections()).toBe(1);
  });

  it("reach another origin over another connection", async () => {
    await using server = await startRawServer((socket) => socket.write(response("one")));
    await using other = await startRawServer((socket) => socket.write(response("two")));
    const transport = openTransport();
    const [first, second] = await Promise.all(sendBoth(transport, server.url, other.url));
    expect([await readText(first.body), await readText(second.body)]).toEqual(["one", "two"]);
  });

  it("go on over a new connection where the server closes theirs after the first answer", async () => {
    await using server = await startRawServer((socket, request) => {
      if (request.startsWith("POST")) socket.end(response("joined", { headers: "connection: close\r\n" }));
      else if (socket.writable) socket.write(response("text"));
    });
    const transport = openTransport();
    const [first, second] = await Promise.all(sendBoth(transport, server.url));
    expect([await readText(first.body), await readText(second.body)]).toEqual(["joined", "text"]);
    expect(server.connections()).toBe(2);
  });

  it("fail with `connection` where their connection breaks before an answer, and the next lane works", async () => {
    let broken = true;
    await using server = await startRawServer((socket) => {
      if (broken) socket.destroy();
      else socket.write(response("ok"));
    });
    const transport = openTransport();
    for (const request of sendBoth(transport, server.url)) {
      expect(await rejection(request)).toMatchObject({ code: "connection" });
    }
    broken = false;
    expect(await readText((await transport.request(get(server.url, { lane: Symbol("lane"), ...POST }))).body)).toBe(
      "ok",
    );
  });

  it("close their connection when the second is dropped in mid-answer, and on `close`", async () => {
    await using server = await startRawServer((socket, request) =>
      socket.write(request.startsWith("POST") ? response("joined") : `${CHUNKED}${chunk("text")}`),
    );
    const transport = openTransport();
    const [first, second] = await Promise.all(sendBoth(transport, server.url));
    await readText(first.body);
    second.body.cancel();
    await until(() => server.open() === 0);

    await readText((await transport.request(get(server.url, { lane: Symbol("lane"), ...POST }))).body);
    expect(server.open()).toBe(1);
    await transport.close();
    await until(() => server.open() === 0);
  });
});
