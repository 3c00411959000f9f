import { describe, expect, it } from "vitest";
import { readText } from "../../src/http/transport.ts";
import { response, startRawServer } from "../servers/raw-server.ts";
import { startSecureServer } from "../servers/secure-server.ts";
import { get, openTransport } from "../servers/transports.ts";
import { rejection, settle, until } from "../servers/waiting.ts";

describe("the connection that is made while undici is loaded", () => {
  it("is the one that the first request goes over", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    const transport = openTransport();
    for (let call = 0; call < 3; call += 1) {
      expect(await readText((await transport.request(get(server.url))).body)).toBe("ok");
    }
    expect(server.connections()).toBe(1);
  });

  it("goes on with TLS over https, and serves the requests after the first too", async () => {
    await using server = await startSecureServer();
    const transport = openTransport();
    const url = new URL(`https://127.0.0.1:${server.port}/a?b=1`);
    for (let call = 0; call < 3; call += 1) {
      expect(await readText((await transport.request(get(url))).body)).toBe("HTTP/1.1 /a?b=1");
    }
    expect(server.connections()).toBe(1);
    await transport.close();
    await until(() => server.open() === 0);
  });

  it("is for one of several first requests; the others make their own", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    await using other = await startRawServer((socket) => socket.write(response("other")));
    const transport = openTransport();
    const answers = await Promise.all(
      [server, server, other].map(async ({ url }) => readText((await transport.request(get(url))).body)),
    );
    expect(answers).toEqual(["ok", "ok", "other"]);
    expect([server.connections(), other.connections()]).toEqual([2, 1]);
  });

  it("is closed where its request was aborted before it could go out", async () => {
    await using server = await startRawServer();
    const controller = new AbortController();
    const transport = openTransport();
    const failure = rejection(transport.request(get(server.url, { signal: controller.signal })));
    controller.abort(new Error("mine"));
    expect(await failure).toMatchObject({ message: "mine" });
    await transport.close();
    await until(() => server.open() === 0);
    expect(server.received.join("")).toBe("");
  });

  it("is made anew where the server closed it before it was taken", async () => {
    await using server = await startRawServer((socket) => socket.write(response("ok")));
    await using rude = await startRawServer();
    // The first connection of a transport leads to a server that is gone by the time the request goes out.
    const transport = openTransport();
    const refused = rejection(transport.request(get(rude.url)));
    await rude[Symbol.asyncDispose]();
    expect(await refused).toMatchObject({ code: "connection" });
    expect(await readText((await transport.request(get(server.url))).body)).toBe("ok");
  });

  it("is no unhandled error where nobody listens: its request fails with `connection`", async () => {
    const server = await startRawServer();
    await server[Symbol.asyncDispose]();
    for (let call = 0; call < 2; call += 1) {
      expect(await rejection(openTransport().request(get(server.url)))).toMatchObject({ code: "connection" });
    }
    await settle();
  });
});
