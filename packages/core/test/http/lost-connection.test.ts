import type { Socket } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readText, type Transport, type TransportRequest } from "../../src/http/transport.ts";
import { response, startRawServer } from "../servers/raw-server.ts";
import { get, openTransport } from "../servers/transports.ts";
import { rejection, settle, until } from "../servers/waiting.ts";

/** A server that answers the first request of a connection, and does something else with the second. */
function startForgetfulServer(second: (socket: Socket) => void, { connections = 1 } = {}) {
  const asked = new Map<Socket, number>();
  return startRawServer((socket, _, connection) => {
    const request = (asked.get(socket) ?? 0) + 1;
    asked.set(socket, request);
    if (request > 1 && connection <= connections) second(socket);
    else socket.write(response(`answer ${connection}`));
  });
}

async function text(transport: Transport, request: TransportRequest): Promise<string> {
  return readText((await transport.request(request)).body);
}

describe("a kept connection that is lost before any answer", () => {
  it.each([
    ["reset", (socket: Socket) => void socket.resetAndDestroy()],
    ["closed", (socket: Socket) => void socket.end()],
  ])("%s: a GET is sent again over a new one, once, as the same request", async (_, lose) => {
    await using server = await startForgetfulServer(lose);
    const transport = openTransport();
    expect(await text(transport, get(server.url))).toBe("answer 1");
    let started = 0;
    expect(await text(transport, get(server.url, { onStart: () => void (started += 1) }))).toBe("answer 2");
    expect(started).toBe(1);
    expect(server.connections()).toBe(2);
  });

  it("is not one of the other idle ones: they may be as old", async () => {
    await using server = await startForgetfulServer((socket) => void socket.resetAndDestroy(), { connections: 3 });
    const transport = openTransport();
    const all = [1, 2, 3].map(() => text(transport, get(server.url)));
    await Promise.all(all);
    expect(await text(transport, get(server.url))).toBe("answer 4");
  });

  it("fails a POST, which the server may have seen, with `connection`", async () => {
    await using server = await startForgetfulServer((socket) => void socket.resetAndDestroy());
    const transport = openTransport();
    await text(transport, get(server.url));
    const failure = await rejection(transport.request(get(server.url, { method: "POST", body: "{}" })));
    expect(failure).toMatchObject({ code: "connection" });
    expect(server.connections()).toBe(1);
  });

  it.each([true, false])("asks the sender of a POST whether to send it again: %s", async (again) => {
    await using server = await startForgetfulServer((socket) => void socket.resetAndDestroy());
    const transport = openTransport();
    await text(transport, get(server.url));
    let asked = 0;
    const answer = text(
      transport,
      get(server.url, {
        method: "POST",
        body: "x".repeat(100_000),
        async sendAgain() {
          asked += 1;
          await settle();
          return again;
        },
      }),
    );
    if (again) expect(await answer).toBe("answer 2");
    else expect(await rejection(answer)).toMatchObject({ code: "connection" });
    expect(asked).toBe(1);
  });

  it("fails with the first error where asking fails, and with the signal's reason where it was aborted meanwhile", async () => {
    await using server = await startForgetfulServer((socket) => void socket.resetAndDestroy(), { connections: 2 });
    const transport = openTransport();
    const post = { method: "POST", body: "{}" } as const;
    await Promise.all([text(transport, get(server.url)), text(transport, get(server.url))]);
    const sendAgain = () => Promise.reject(new Error("no"));
    expect(await rejection(transport.request(get(server.url, { ...post, sendAgain })))).toMatchObject({
      code: "connection",
    });
    const controller = new AbortController();
    const aborted = transport.request(
      get(server.url, {
        ...post,
        signal: controller.signal,
        async sendAgain() {
          controller.abort(new Error("mine"));
          return true;
        },
      }),
    );
    expect(await rejection(aborted)).toMatchObject({ message: "mine" });
    await settle();
    expect(server.connections()).toBe(2);
  });
});

describe("asking whether to send it again", () => {
  async function lostPost(sendAgain: () => unknown): Promise<unknown> {
    await using server = await startForgetfulServer((socket) => void socket.resetAndDestroy());
    const transport = openTransport();
    await text(transport, get(server.url));
    const post = { method: "POST", body: "{}", headersMs: 5000, sendAgain } as Partial<TransportRequest>;
    return await rejection(transport.request(get(server.url, post)));
  }

  it.each([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["returns nothing", () => undefined],
    ["returns no promise", () => "yes"],
  ])("may go wrong, which is no: one that %s", async (_, sendAgain) => {
    expect(await lostPost(sendAgain)).toMatchObject({ code: "connection" });
  });

  it("has a clock", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    onTestFinished(() => void vi.useRealTimers());
    const failure = lostPost(() => {
      setImmediate(() => vi.advanceTimersByTime(10_000));
      return new Promise(() => {});
    });
    expect(await failure).toMatchObject({ code: "timeout", phase: "headers" });
  });
});

describe("what is not sent again", () => {
  it("is a request over a connection that never served", async () => {
    await using server = await startRawServer((socket) => void socket.resetAndDestroy());
    expect(await rejection(openTransport().request(get(server.url)))).toMatchObject({ code: "connection" });
    expect(server.connections()).toBe(1);
  });

  it("is one that has a byte of its answer", async () => {
    await using server = await startForgetfulServer((socket) => socket.end("HTTP/1.1 2"));
    const transport = openTransport();
    await text(transport, get(server.url));
    expect(await rejection(transport.request(get(server.url)))).toMatchObject({ code: "connection" });
    expect(server.connections()).toBe(1);
  });

  it("is one that was aborted by its sender", async () => {
    await using server = await startForgetfulServer(() => {});
    const transport = openTransport();
    await text(transport, get(server.url));
    const controller = new AbortController();
    const failure = rejection(transport.request(get(server.url, { signal: controller.signal })));
    await until(() => (server.received[0]?.split("GET ").length ?? 0) > 2);
    controller.abort(new Error("mine"));
    expect(await failure).toMatchObject({ message: "mine" });
    await until(() => server.open() === 0);
    expect(server.connections()).toBe(1);
  });
});

it("sends the second request of a lane again where the connection is closed after the first answer", async () => {
  await using server = await startRawServer((socket, head) => {
    socket.write(response(head.slice(0, 4)));
    if (head.startsWith("POST")) socket.end();
  });
  const transport = openTransport();
  const lane = Symbol("lane");
  const post = text(transport, get(server.url, { lane, method: "POST", body: "{}" }));
  const second = text(transport, get(server.url, { lane }));
  expect([await post, await second]).toEqual(["POST", "GET "]);
});
