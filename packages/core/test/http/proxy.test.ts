import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import * as fetchTransport from "../../src/http/fetch-transport.ts";
import { readText, type Transport, type TransportOptions } from "../../src/http/transport.ts";
import { createTransport } from "../../src/http/undici-transport.ts";
import { startTestProxy } from "../servers/proxy.ts";
import { CHUNKED, chunk, response, startRawServer } from "../servers/raw-server.ts";
import { startSecureServer } from "../servers/secure-server.ts";
import { startTestSocks } from "../servers/socks.ts";
import { rejection, until, useVirtualTime } from "../servers/waiting.ts";

const NAMES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [name, name.toUpperCase()]);

beforeEach(() => {
  for (const name of NAMES) vi.stubEnv(name, undefined);
});
afterEach(() => vi.unstubAllEnvs());

const opened: Transport[] = [];
afterEach(() => Promise.all(opened.splice(0).map((transport) => transport.close())));

function open(options?: TransportOptions): Transport {
  const transport = createTransport(options);
  opened.push(transport);
  return transport;
}

async function fetchText(transport: Transport, url: URL): Promise<string> {
  const request = { method: "GET", url, headers: { "x-mine": "1" }, connectMs: 10_000, headersMs: 30_000 } as const;
  return readText((await transport.request(request)).body);
}

async function startBoth() {
  const server = await startRawServer((socket) => socket.write(response("through")));
  const proxy = await startTestProxy(server.port);
  return {
    server,
    proxy,
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

it("sends requests through the proxy that `proxy` names", async () => {
  await using both = await startBoth();
  const { server, proxy } = both;
  expect(await fetchText(open({ proxy: proxy.url }), server.url)).toBe("through");
  expect(proxy.log).toEqual([`GET ${server.url.href}`]);
});

it("names the host that is asked where the caller sets a `host` of their own", async () => {
  await using both = await startBoth();
  const { server, proxy } = both;
  const transport = open({ proxy: proxy.url });
  const headers = { host: "other.test" };
  const request = { method: "GET", url: server.url, headers, connectMs: 10_000, headersMs: 30_000 } as const;
  expect(await readText((await transport.request(request)).body)).toBe("through");
  expect(proxy.log).toEqual([`GET ${server.url.href}`]);
});

it("shows the proxy the user and password of its URL, and the server neither", async () => {
  await using both = await startBoth();
  const { server, proxy } = both;
  await fetchText(open({ proxy: proxy.url.replace("//", "//ann:s%3Acret@") }), server.url);
  expect(proxy.log).toEqual([`GET ${server.url.href} Basic ${btoa("ann:s:cret")}`]);
});

it("shows the proxy of a tunnel the user and password of its URL", async () => {
  await using server = await startSecureServer();
  await using proxy = await startTestProxy(server.port);
  const transport = open({ proxy: proxy.url.replace("//", "//ann:s%3Acret@") });
  expect(await fetchText(transport, new URL("https://space.test/a"))).toBe("HTTP/1.1 /a");
  expect(proxy.log).toEqual([`CONNECT space.test:443 Basic ${btoa("ann:s:cret")}`]);
  await transport.close();
});

it("tunnels https through the proxy by CONNECT, so it sees neither path nor headers", async () => {
  await using both = await startBoth();
  const { server, proxy } = both;
  const failure = rejection(fetchText(open({ proxy: proxy.url }), new URL("https://space.invalid/secret")));
  // The server behind speaks no TLS, so it ends after the client's hello: the tunnel is what counts.
  await until(() => server.received.some((bytes) => bytes.length > 0));
  await server[Symbol.asyncDispose]();
  expect(await failure).toMatchObject({ code: "connection" });
  expect(proxy.log).toEqual(["CONNECT space.invalid:443"]);
  expect(server.received[0]).toMatch(/^\u0016\u0003/);
});

it("answers over HTTP/1.1 inside a tunnel, also where the server would rather speak HTTP/2", async () => {
  await using server = await startSecureServer();
  await using proxy = await startTestProxy(server.port);
  const transport = open({ proxy: proxy.url });
  const url = new URL("https://space.test/a?b=1");
  for (let call = 0; call < 3; call += 1) expect(await fetchText(transport, url)).toBe("HTTP/1.1 /a?b=1");
  expect(proxy.log).toEqual(["CONNECT space.test:443"]);
  await transport.close();
});

it("speaks TLS to a proxy of https, for whatever host it forwards to, over one connection", async () => {
  await using proxy = await startSecureServer();
  const transport = open({ proxy: `https://127.0.0.1:${proxy.port}` });
  for (const url of ["http://one.test/a", "http://two.test:81/b?c", "http://one.test/d"])
    expect(await fetchText(transport, new URL(url))).toBe(`HTTP/1.1 ${url}`);
  expect(proxy.connections()).toBe(1);
});

it("gives up when the proxy never answers CONNECT, and closes the connection", async () => {
  await using proxy = await startRawServer();
  const failure = rejection(
    open({ proxy: proxy.origin }).request({
      method: "GET",
      url: new URL("https://space.invalid/"),
      headers: {},
      connectMs: 100,
      headersMs: 30_000,
    }),
  );
  expect(await failure).toMatchObject({ code: "timeout", phase: "connect" });
  await until(() => proxy.log.includes("close 1"));
});

it.each(["HTTP_PROXY", "http_proxy"])("uses the proxy of %s for http", async (name) => {
  await using both = await startBoth();
  const { server, proxy } = both;
  vi.stubEnv(name, proxy.url);
  expect(await fetchText(open(), server.url)).toBe("through");
  expect(proxy.log).toHaveLength(1);
});

it.each(["HTTPS_PROXY", "https_proxy"])("uses the proxy of %s for https only", async (name) => {
  await using both = await startBoth();
  const { server, proxy } = both;
  vi.stubEnv(name, proxy.url);
  const transport = open();
  expect(await fetchText(transport, server.url)).toBe("through");
  expect(proxy.log).toEqual([]);
  const failure = rejection(fetchText(transport, new URL("https://space.invalid/")));
  await until(() => proxy.log.length > 0);
  await server[Symbol.asyncDispose]();
  await failure;
  expect(proxy.log).toEqual(["CONNECT space.invalid:443"]);
});

it.each(["127.0.0.1", "*", "other.test,127.0.0.1"])("asks hosts of NO_PROXY directly: %s", async (hosts) => {
  await using both = await startBoth();
  const { server, proxy } = both;
  vi.stubEnv("HTTP_PROXY", proxy.url);
  vi.stubEnv("NO_PROXY", hosts);
  expect(await fetchText(open(), server.url)).toBe("through");
  expect(proxy.log).toEqual([]);
});

it("uses the proxy for hosts that NO_PROXY does not name", async () => {
  await using both = await startBoth();
  const { server, proxy } = both;
  vi.stubEnv("HTTP_PROXY", proxy.url);
  vi.stubEnv("NO_PROXY", "other.test");
  await fetchText(open(), server.url);
  expect(proxy.log).toHaveLength(1);
});

it("uses no proxy at all with `proxy: false`, whatever the environment says", async () => {
  await using both = await startBoth();
  const { server, proxy } = both;
  vi.stubEnv("HTTP_PROXY", proxy.url);
  expect(await fetchText(open({ proxy: false }), server.url)).toBe("through");
  expect(proxy.log).toEqual([]);
});

it("sends nothing when the signal aborts while the proxy's machinery is loaded", async () => {
  await using both = await startBoth();
  const { server, proxy } = both;
  const controller = new AbortController();
  const request = open({ proxy: proxy.url }).request({
    method: "POST",
    url: server.url,
    headers: {},
    signal: controller.signal,
    connectMs: 10_000,
    headersMs: 30_000,
  });
  const reason = new Error("mine");
  controller.abort(reason);
  expect(await rejection(request)).toBe(reason);
  expect(proxy.log).toEqual([]);
});

it("sends a POST and the GET after it over one connection, and closes it on abort, behind a proxy too", async () => {
  await using server = await startRawServer((socket, head) =>
    socket.write(head.startsWith("POST") ? response("ok") : CHUNKED + chunk("part")),
  );
  await using proxy = await startRawServer((socket, head) => {
    // A forwarding proxy, the simplest there is: every request of a connection goes on over one other.
    const onward = onwards.get(socket) ?? connect(server.port, "127.0.0.1");
    if (!onwards.has(socket)) {
      onwards.set(socket, onward);
      onward.on("error", () => {}).pipe(socket);
      socket.on("close", () => onward.destroy());
    }
    onward.write(`${head}\r\n\r\n`);
  });
  const onwards = new Map<Socket, Socket>();
  const transport = open({ proxy: proxy.origin });
  const controller = new AbortController();
  const common = { url: server.url, headers: {}, connectMs: 10_000, headersMs: 30_000 };
  await readText((await transport.request({ ...common, method: "POST" })).body);
  const { body } = await transport.request({ ...common, method: "GET", signal: controller.signal });
  expect(proxy.connections()).toBe(1);
  const failure = rejection(readText(body));
  controller.abort(new Error("mine"));
  expect(await failure).toEqual(new Error("mine"));
  await until(() => proxy.log.includes("close 1") && server.log.includes("close 1"));
});

it("has no time limit of undici's own behind a proxy either", async () => {
  let finish = (): void => {};
  await using server = await startRawServer((socket) => {
    finish = () => void socket.write(response("late"));
  });
  await using proxy = await startTestProxy(server.port);
  const time = useVirtualTime();
  const text = open({ proxy: proxy.url })
    .request({ method: "GET", url: server.url, headers: {}, connectMs: 10_000, headersMs: Infinity })
    .then(({ body }) => readText(body));
  await until(() => server.received[0]?.endsWith("\r\n\r\n") === true);
  await time.pass(3_600_000);
  finish();
  expect(await text).toBe("late");
});

it("makes a `connection` error of a proxy that wants a login", async () => {
  await using proxy = await startRawServer((socket) => socket.write(response("who?", { status: 407 })));
  const error = await rejection(fetchText(open({ proxy: proxy.origin }), new URL("http://space.invalid/")));
  expect(error).toMatchObject({ code: "connection", message: expect.stringContaining("407") });
});

it("makes a `connection` error of a proxy that is not there, without its password", async () => {
  const gone = await startRawServer();
  await gone[Symbol.asyncDispose]();
  const proxy = gone.origin.replace("//", "//ann:secret@");
  const error = await rejection(fetchText(open({ proxy }), new URL("http://space.invalid/")));
  expect(error).toMatchObject({ code: "connection" });
  expect((error as Error).message).not.toContain("secret");
});

it.each(["403 Forbidden", "407 Proxy Authentication Required"])(
  "says with which status a proxy refuses a tunnel: %s",
  async (status) => {
    await using proxy = await startRawServer((socket) => socket.end(`HTTP/1.1 ${status}\r\n\r\n`));
    const error = await rejection(fetchText(open({ proxy: proxy.origin }), new URL("https://space.invalid/")));
    expect(error).toMatchObject({ code: "connection", message: expect.stringContaining(status.slice(0, 3)) });
  },
);

it.each([
  ["SSH", "SSH-2.0-OpenSSH_9.6\r\n\r\n"],
  ["no end", "x".repeat(20_000)],
  ["nothing", ""],
])("makes a `connection` error of what does not answer like a proxy: %s", async (_, answer) => {
  const server = createServer((socket) => socket.on("error", () => {}).on("data", () => socket.end(answer)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  for (const scheme of ["http", "socks5"]) {
    const proxy = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const error = await rejection(fetchText(open({ proxy }), new URL("https://space.invalid/")));
    expect(error).toMatchObject({ code: "connection" });
  }
});

it.each(["socks5", "socks5h"])("goes through a proxy of %s, which resolves the name", async (scheme) => {
  await using server = await startRawServer((socket) => socket.write(response("through")));
  await using socks = await startTestSocks(server.port);
  vi.stubEnv("ALL_PROXY", `${scheme}://127.0.0.1:${socks.port}`);
  const transport = open();
  for (const host of ["space.invalid", "127.0.0.9", "[fd00::12:3]"])
    expect(await fetchText(transport, new URL(`http://${host}:8080/a?b=1`))).toBe("through");
  expect(await fetchText(transport, new URL("http://space.invalid:8080/c"))).toBe("through");
  expect(socks.log).toEqual(["space.invalid:8080", "127.0.0.9:8080", "253.0.0.0.0.0.0.0.0.0.0.0.0.18.0.3:8080"]);
  expect(server.received[0]).toMatch(/^GET \/a\?b=1 HTTP\/1\.1\r\nhost: space\.invalid:8080\r\n/);
});

it("tunnels https through a SOCKS proxy with its login", async () => {
  await using server = await startSecureServer();
  await using socks = await startTestSocks(server.port, { login: "ann:s:cret" });
  const transport = open({ proxy: `socks5://ann:s%3Acret@127.0.0.1:${socks.port}` });
  for (let call = 0; call < 2; call += 1)
    expect(await fetchText(transport, new URL("https://space.test/a"))).toBe("HTTP/1.1 /a");
  expect(socks.log).toEqual(["ann:s:cret@space.test:443"]);
});

it.each([
  ["the login", "socks5://ann:wrong@", 0, /user and password/],
  ["to go without one", "socks5://", 0, /wants a login/],
  ["the host", "socks5://ann:right@", 4, /host unreachable/],
])("says that a SOCKS proxy refuses %s, without its password", async (_, prefix, reply, message) => {
  await using socks = await startTestSocks(9, { login: "ann:right", reply });
  const error = await rejection(
    fetchText(open({ proxy: `${prefix}127.0.0.1:${socks.port}` }), new URL("http://space.invalid/")),
  );
  expect(error).toMatchObject({ code: "connection", message: expect.stringMatching(message) });
  expect(String(error)).not.toMatch(/wrong|right/);
});

it("gives up when a SOCKS proxy never answers, and closes the connection", async () => {
  await using proxy = await startRawServer();
  const time = useVirtualTime();
  const failure = rejection(
    fetchText(open({ proxy: `socks5://127.0.0.1:${proxy.port}` }), new URL("http://a.invalid/")),
  );
  await until(() => (proxy.received[0]?.length ?? 0) > 0);
  await time.pass(10_000);
  expect(await failure).toMatchObject({ code: "timeout", phase: "connect" });
  await until(() => proxy.log.includes("close 1"));
});

it.each(["not a url", "ftp://proxy.corp"])("tells at once of a proxy that is none: %s", (proxy) => {
  expect(() => createTransport({ proxy })).toThrow(TypeError);
  vi.stubEnv("all_proxy", proxy);
  expect(() => createTransport()).toThrow("all_proxy");
  expect(() => createTransport({ proxy: false })).not.toThrow();
});

it("cannot do it with the fetch transport, and says so", () => {
  expect(() => fetchTransport.createTransport({ proxy: "http://127.0.0.1:1" })).toThrow(TypeError);
});
