import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createTransport as createFetchTransport } from "../../src/http/fetch-transport.ts";
import { createTransport } from "../../src/http/undici-transport.ts";
import { readText } from "../../src/http/transport.ts";
import { response, startRawServer } from "../servers/raw-server.ts";
import { startSecureServer } from "../servers/secure-server.ts";
import { get } from "../servers/transports.ts";
import { rejection } from "../servers/waiting.ts";

describe.each([
  ["undici", createTransport],
  ["fetch", createFetchTransport],
])("an error of %s", (_, create) => {
  it.each([
    ["a length that is none", "HTTP/1.1 200 OK\r\nset-cookie: s=s3cret\r\ncontent-length: x\r\n\r\ns3cret"],
    ["a header that is none", "HTTP/1.1 200 OK\r\nset-cookie: s=s3cret\r\ns3cret\r\n\r\n"],
    ["no HTTP", "s3cret\r\n\r\n"],
  ])("shows nothing of an answer with %s, however deep one looks", async (__, answer) => {
    await using server = await startRawServer((socket) => void socket.end(answer));
    const transport = create({ proxy: false });
    const error = await rejection(transport.request(get(server.url, { headers: { "x-mine": "s3cret" } })));
    expect(error).toMatchObject({ code: "connection" });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("s3cret");
    await transport.close();
  });

  it("prints no certificate that is somebody else's", async () => {
    await using server = await startSecureServer();
    const transport = create({ proxy: false });
    const error = await rejection(transport.request(get(new URL(`https://localhost:${server.port}/`))));
    expect(error).toMatchObject({ code: "connection" });
    expect(inspect(error, { depth: 10 })).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
    expect(inspect(error, { depth: 10 }).split("\n").length).toBeLessThan(30);
    expect(inspect(error, { depth: 10 })).not.toContain("modulus");
    await transport.close();
  });

  it("shows nothing of a password in the URL that a redirect leads to", async () => {
    await using server = await startRawServer((socket) => socket.write(response("there")));
    const url = new URL(server.url);
    url.username = "ann";
    url.password = "s3cret";
    const transport = create({ proxy: false });
    expect(await readText((await transport.request(get(url))).body)).toBe("there");
    expect(server.received[0]).not.toMatch(/s3cret|authorization/i);
    await transport.close();
  });

  it("shows nothing of a header that cannot be sent", async () => {
    await using server = await startRawServer();
    const transport = create({ proxy: false });
    const error = await rejection(transport.request(get(server.url, { headers: { "x-mine": "s3cret\nline" } })));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("x-mine");
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain("s3cret");
    await transport.close();
  });
});
