import { describe, expect, it } from "vitest";
import { fetchElsewhere, type ElsewhereOptions } from "../../src/http/elsewhere.ts";
import { publicReach, type Reach } from "../../src/http/reach.ts";
import type { Transport } from "../../src/http/transport.ts";
import { chunk, CHUNKED, response, startRawServer, type RawServer } from "../servers/raw-server.ts";
import { get, openTransport } from "../servers/transports.ts";
import { rejection, until } from "../servers/waiting.ts";

function options(more: Partial<ElsewhereOptions> = {}): ElsewhereOptions {
  return {
    transport: openTransport(),
    reach: () => "any",
    maxBytes: 100,
    limitMs: 5000,
    connectMs: 5000,
    headersMs: 5000,
    signal: new AbortController().signal,
    ...more,
  };
}

/** As a Space's own origin: this server may be asked, and else only public addresses. */
const only =
  (server: RawServer) =>
  (url: URL): Reach =>
    url.origin === server.origin ? "any" : publicReach(url);

const refusal = (words: string | RegExp): object => ({
  code: "invalid_request",
  message: expect.stringMatching(words),
});

describe("what a message may make us fetch", () => {
  it("is a file of at most so many bytes, asked for with nothing of the caller's", async () => {
    await using server = await startRawServer((socket) => socket.write(response("x".repeat(100))));
    expect(await fetchElsewhere(server.url, options())).toHaveLength(100);
    const names = server.received[0]?.match(/^[\w-]+(?=:)/gm)?.toSorted();
    expect(names).toEqual(["accept", "accept-encoding", "connection", "host", "user-agent"]);
  });

  it.each([
    "http://127.0.0.1",
    "http://2130706433",
    "http://0x7f000001",
    "http://017700000001",
    "http://127.1",
    "http://[::1]",
    "http://[::ffff:127.0.0.1]",
    "http://localhost",
    "http://localhost.",
    "http://sub.localhost",
    "http://0",
  ])("is nothing at %s, and nobody is connected to", async (origin) => {
    await using server = await startRawServer((socket) => socket.write(response("inside")));
    const url = new URL(`${origin}:${server.port}/`);
    expect(await rejection(fetchElsewhere(url, options({ reach: publicReach })))).toMatchObject(
      refusal(/no public address.*urls: "any"/),
    );
    expect(server.connections()).toBe(0);
  });

  it("is nothing at an address of the inside, also where all that is decided of it is that it be public", async () => {
    await using server = await startRawServer((socket) => socket.write(response("inside")));
    for (const host of ["127.0.0.1", "127.1", "2130706433", "0", "[::ffff:127.0.0.1]", "localhost"]) {
      const url = new URL(`http://${host}:${server.port}/`);
      expect(await rejection(fetchElsewhere(url, options({ reach: () => "public" })))).toMatchObject(
        refusal("no public address"),
      );
    }
    await using outer = await startRawServer((socket) =>
      socket.write(response("", { status: 302, headers: `location: ${server.url.href}\r\n` })),
    );
    const reach = (url: URL): Reach => (url.origin === outer.origin ? "any" : "public");
    expect(await rejection(fetchElsewhere(outer.url, options({ reach })))).toMatchObject(refusal("no public address"));
    expect(server.connections()).toBe(0);
  });

  it.each(["file:///etc/passwd", "ftp://example.com/a", "blob:x", "data:,a", "javascript:1"])(
    "is nothing by %s, however far it may reach",
    async (url) => {
      expect(await rejection(fetchElsewhere(new URL(url), options()))).toMatchObject(refusal(/http: and https:/));
    },
  );

  it("is nothing behind a user name or a password, and neither is shown", async () => {
    await using server = await startRawServer();
    const url = new URL(server.url);
    Object.assign(url, { username: "alice", password: "s3cret" });
    const error = await rejection(fetchElsewhere(url, options()));
    expect(error).toMatchObject(refusal("user name or password"));
    expect(String(error)).not.toMatch(/alice|s3cret/);
    expect(server.connections()).toBe(0);
  });

  it.each([301, 302, 303, 307, 308])("is checked again at each redirect (%i)", async (status) => {
    await using inside = await startRawServer((socket) => socket.write(response("inside")));
    await using server = await startRawServer((socket, head) =>
      socket.write(
        response("", {
          status,
          headers: `location: ${head.startsWith("GET /again ") ? inside.url.href : "/again"}\r\n`,
        }),
      ),
    );
    expect(await rejection(fetchElsewhere(server.url, options({ reach: only(server) })))).toMatchObject(
      refusal("no public address"),
    );
    expect(server.received.join("").match(/GET /g)).toHaveLength(2);
    expect(inside.connections()).toBe(0);
  });

  it.each(["file:///etc/passwd", "http://user:pw@example.com/", "http://["])(
    "does not go on to %s",
    async (location) => {
      await using server = await startRawServer((socket) =>
        socket.write(response("", { status: 302, headers: `location: ${location}\r\n` })),
      );
      expect(await rejection(fetchElsewhere(server.url, options()))).toMatchObject({ code: "invalid_request" });
    },
  );

  it("is told where there is nothing, without the query of the URL", async () => {
    await using server = await startRawServer((socket) => socket.write(response("no", { status: 404 })));
    const error = await rejection(fetchElsewhere(new URL("/a?key=s3cret", server.url), options()));
    expect(error).toMatchObject(refusal("status 404"));
    expect(String(error)).not.toContain("s3cret");
  });

  it("is told where nobody listens, or the host hangs up", async () => {
    expect(await rejection(fetchElsewhere(new URL("http://127.0.0.1:1/"), options()))).toMatchObject(
      refusal("cannot be fetched"),
    );
    await using server = await startRawServer((socket) => void socket.destroy());
    expect(await rejection(fetchElsewhere(server.url, options()))).toMatchObject(refusal("cannot be fetched"));
  });

  it("is not read at all where its length is announced as too large", async () => {
    await using server = await startRawServer((socket) =>
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 101\r\n\r\nx"),
    );
    expect(await rejection(fetchElsewhere(server.url, options()))).toMatchObject(refusal("larger than 100 bytes"));
    await until(() => server.log.includes("close 1"));
  });

  it("is not read to its end where it turns out to be too large", async () => {
    await using server = await startRawServer((socket) => {
      socket.write(CHUNKED);
      for (let count = 0; count < 20; count += 1) socket.write(chunk("x".repeat(10)));
    });
    expect(await rejection(fetchElsewhere(server.url, options()))).toMatchObject(refusal("larger than 100 bytes"));
    await until(() => server.log.includes("close 1"));
  });

  it.each<[string, (server: RawServer) => (socket: { write(text: string): void }) => void]>([
    ["says nothing", () => () => {}],
    ["drips", () => (socket) => socket.write(`${CHUNKED}${chunk("x")}`)],
    [
      "redirects for ever, slowly",
      () => (socket) =>
        void setTimeout(() => socket.write(response("", { status: 302, headers: "location: /\r\n" })), 20),
    ],
  ])("ends by one limit where its host %s", async (_, answer) => {
    await using server: RawServer = await startRawServer((socket) => answer(server)(socket));
    expect(await rejection(fetchElsewhere(server.url, options({ limitMs: 50 })))).toMatchObject(refusal("50 ms"));
  });

  it("ends by its limit over a transport that does not listen to signals", async () => {
    const deaf: Transport = { request: () => new Promise(() => {}), close: () => Promise.resolve() };
    const fetched = fetchElsewhere(new URL("https://example.com/"), options({ transport: deaf, limitMs: 5 }));
    expect(await rejection(fetched)).toMatchObject(refusal("5 ms"));
  });

  it("is left with the caller's own reason", async () => {
    await using server = await startRawServer();
    const caller = new AbortController();
    const fetched = rejection(fetchElsewhere(server.url, options({ signal: caller.signal })));
    await until(() => server.connections() === 1);
    const reason = new Error("mine");
    caller.abort(reason);
    expect(await fetched).toBe(reason);
  });
});

describe("a request for public addresses only", () => {
  it("is refused by a name that leads inside, though it does not say so", async () => {
    await using server = await startRawServer((socket) => socket.write(response("inside")));
    // The name of loopback is a stand-in for any that somebody's DNS points there.
    const url = new URL(`http://localhost:${server.port}/`);
    expect(await rejection(openTransport().request(get(url, { publicOnly: true })))).toMatchObject({
      code: "connection",
      message: expect.stringContaining("no public address"),
    });
    expect(server.connections()).toBe(0);
  });

  it("does not take a connection that stands", async () => {
    await using server = await startRawServer((socket) => socket.write(response("inside")));
    const transport = openTransport();
    const url = new URL(`http://localhost:${server.port}/`);
    const { body } = await transport.request(get(url));
    await new Promise<void>((end) => body.pipe({ chunk() {}, end, error: () => end() }));
    expect(await rejection(transport.request(get(url, { publicOnly: true })))).toMatchObject({ code: "connection" });
    expect(server.received.join("").match(/GET /g)).toHaveLength(1);
  });
});
