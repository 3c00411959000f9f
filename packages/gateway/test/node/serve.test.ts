import { createRouter, type Router } from "@qwen/core";
import { scriptedProvider, type ScriptItem } from "@qwen/testing";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";

import { connectionOf } from "../../src/connection.ts";
import { createGateway, createKey, type Gateway, type GatewayOptions } from "../../src/index.ts";
import { serveGateway, type ServedGateway, type ServeOptions } from "../../src/node/serve.ts";
import { bodyOf, raw } from "./raw.ts";

const body = JSON.stringify({ model: "scripted-model", messages: [{ role: "user", content: "Hi" }] });
const streamed = JSON.stringify({ ...JSON.parse(body), stream: true });

function gatewayOf(script: readonly ScriptItem[] = ["Hello"], options: Partial<GatewayOptions> = {}): Gateway {
  const router = createRouter({ plugins: [scriptedProvider({ script })] }) as Router;
  return createGateway({ router, ...options });
}

async function serve(gateway: Gateway = gatewayOf(), options: ServeOptions = {}): Promise<ServedGateway> {
  const served = await serveGateway(gateway, { port: 0, signals: [], ...options });
  onTestFinished(() => served.close({ delayMs: 0, drainMs: 0 }));
  return served;
}

function post(url: string, text: string = body, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    body: text,
    headers: { "content-type": "application/json", ...headers },
  });
}

afterEach(() => void vi.restoreAllMocks());

describe("a gateway that is served", () => {
  it("keeps nothing of a request whose answer is out", async () => {
    const gateway = gatewayOf();
    const seen: Request[] = [];
    const { fetch: answer } = gateway;
    gateway.fetch = (request) => {
      seen.push(request);
      expect(connectionOf(request)).toBeDefined();
      return answer(request);
    };
    const { url } = await serve(gateway);
    for (const text of [body, streamed, "no JSON"]) await (await post(url, text)).text();
    expect(seen).toHaveLength(3);
    await vi.waitFor(() => expect(seen.map(connectionOf)).toEqual([undefined, undefined, undefined]));
  });

  it("answers whole and as a stream, on its own host and port", async () => {
    const { url, port } = await serve();
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect(await (await post(url)).json()).toMatchObject({ choices: [{ message: { content: "Hello" } }] });
    expect(await (await post(url, streamed)).text()).toContain("[DONE]");
    const foreign = await raw(port, `GET /v1/models HTTP/1.1\r\nHost: evil.example:${port}\r\n\r\n`);
    expect(foreign.statuses).toEqual([403]);
    expect(bodyOf(foreign)).toMatchObject({ error: { code: "origin_not_allowed" } });
    const wrongPort = await raw(port, "GET /v1/models HTTP/1.1\r\nHost: localhost:1\r\n\r\n");
    expect(wrongPort.statuses).toEqual([403]);
  });

  it("does not start beyond loopback without keys", async () => {
    const listening: ServedGateway[] = [];
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.com"])
      await expect(
        serveGateway(gatewayOf(), { port: 0, host }).then((served) => listening.push(served)),
      ).rejects.toThrow(TypeError);
    expect(listening).toEqual([]);
    const { record } = await createKey();
    const served = await serve(gatewayOf([], { keys: [record] }), { host: "0.0.0.0" });
    expect((await fetch(`http://127.0.0.1:${served.port}/healthz`)).status).toBe(200);
  });

  it("refuses what is no gateway, and options that are none", async () => {
    await expect(serveGateway({ fetch: async () => new Response(), close: async () => {} })).rejects.toThrow(TypeError);
    for (const options of [
      { port: -1 },
      { port: "80" },
      { port: 70_000 },
      { host: "" },
      { maxConnections: 0 },
      { signals: "SIGTERM" },
      { signals: ["TERM"] },
      { signals: ["SIGFOO"] },
      { signals: ["SIGKILL"] },
      { drainMs: -1 },
      { headersMs: Number.NaN },
      { requestMs: 1.5 },
      { hostname: "x" },
    ])
      await expect(serveGateway(gatewayOf(), options as ServeOptions), JSON.stringify(options)).rejects.toThrow(
        TypeError,
      );
  });

  it("rejects where it cannot listen", async () => {
    const { port } = await serve();
    await expect(serveGateway(gatewayOf(), { port, signals: [] })).rejects.toThrow("EADDRINUSE");
  });

  it("answers methods, paths and URLs that are none in JSON", async () => {
    const { port } = await serve();
    const host = `Host: localhost:${port}\r\n`;
    for (const [line, status] of [
      ["TRACE /v1/models", 405],
      ["PUT /v1/models", 405],
      ["PATCH /v1/chat/completions", 405],
      ["OPTIONS /v1/models", 405],
      ["PROPFIND /v1/models", 405],
      ["GET /v1/nothing", 404],
      ["GET /%", 404],
      ["GET /v1/models/%E0%A4%A", 404],
      ["OPTIONS *", 400],
      ["GET //v1/models/..%2f..%2fetc", 404],
    ] as const) {
      const answers = await raw(port, `${line} HTTP/1.1\r\n${host}\r\n`);
      expect(answers.statuses, line).toEqual([status]);
      expect(bodyOf(answers), line).toMatchObject({ error: { type: "invalid_request_error" } });
      if (status === 405) expect(answers.text.toLowerCase(), line).toContain("\r\nallow: ");
    }
  });

  it("prints nothing of what callers do", async () => {
    const spies = (["log", "info", "warn", "error"] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
    const { url, port } = await serve(gatewayOf(["Hello", { waitMs: 50 }, "there"]));
    const host = `Host: localhost:${port}\r\n`;
    await raw(port, "nonsense\r\n\r\n");
    await raw(
      port,
      `POST /v1/chat/completions HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 5\r\n\r\n{`,
    );
    const leaving = new AbortController();
    const response = await fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      body: streamed,
      headers: { "content-type": "application/json" },
      signal: leaving.signal,
    });
    leaving.abort();
    await response.text().catch(() => {});
    await new Promise((resolve) => void setTimeout(resolve, 30));
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });
});

describe("slow senders", () => {
  it("of headers are ended with a 408 in JSON", async () => {
    const { port } = await serve(gatewayOf(), { headersMs: 150 });
    const answers = await raw(port, "GET / HTTP/1.1\r\nHost:");
    expect(answers.statuses).toEqual([408]);
    expect(bodyOf(answers)).toMatchObject({ error: { code: "request_timeout" } });
    expect(answers.isClosed).toBe(true);
  });

  it("of a body are ended with a 408 in JSON", async () => {
    const { port } = await serve(gatewayOf(), { requestMs: 150 });
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n`;
    const answers = await raw(port, `${head}{`);
    expect(answers.statuses).toEqual([408]);
    expect(bodyOf(answers)).toMatchObject({ error: { code: "request_timeout", type: "invalid_request_error" } });
    expect(answers.isClosed).toBe(true);
  });

  it("a body that is too large is told so while it is sent, and its connection closed", async () => {
    const { port } = await serve();
    const head = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\nContent-Length: 30000000\r\n\r\n`;
    const answers = await raw(port, head, "{".repeat(1000));
    expect(answers.statuses).toEqual([413]);
    expect(bodyOf(answers)).toMatchObject({ error: { code: "request_too_large" } });
    expect(answers.text.toLowerCase()).toContain("connection: close");
  });

  it("more connections than there may be are closed", async () => {
    const { port } = await serve(gatewayOf(), { maxConnections: 2 });
    const held = [raw(port, "GET /"), raw(port, "GET /")];
    await new Promise((resolve) => void setTimeout(resolve, 30));
    expect(await raw(port, `GET /healthz HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`)).toMatchObject({
      text: "",
      isClosed: true,
    });
    void Promise.all(held);
  });
});

describe("closing", () => {
  it("says no to balancers at once, takes requests for the delay, and lets streams end", async () => {
    const served = await serve(gatewayOf(["Hello", { waitMs: 200 }, " there"]), { drainDelayMs: 60 });
    const { url } = served;
    const stream = await post(url, streamed);
    const closing = served.close();
    const ready = await fetch(`${url}/readyz`);
    expect(ready.status).toBe(503);
    expect(ready.headers.get("connection")).toBe("close");
    const late = await post(url, streamed);
    expect(late.status).toBe(200);
    expect(late.headers.get("connection")).toBe("close");
    await new Promise((resolve) => void setTimeout(resolve, 90));
    await expect(fetch(`${url}/readyz`)).rejects.toThrow("fetch failed");
    for (const response of [stream, late]) expect(await response.text()).toContain("[DONE]");
    await closing;
  });

  it("ends what is left at the deadline with an error in band", async () => {
    const served = await serve(gatewayOf(["Hello", { waitMs: 20_000 }, " there"]));
    const stream = await post(served.url, streamed);
    const text = stream.text();
    await served.close({ drainMs: 50 });
    expect(await text).toContain('"code":"draining"');
    expect(await text).not.toContain("[DONE]");
  });

  it("with options that are none does nothing", async () => {
    const served = await serve(gatewayOf(["Hello", { waitMs: 50 }, " there"]), { drainMs: 20_000 });
    await expect(served.close({ drainMs: Number.NaN })).rejects.toThrow(TypeError);
    expect((await fetch(`${served.url}/readyz`)).status).toBe(200);
    const stream = await post(served.url, streamed);
    await served.close();
    expect(await stream.text()).toContain("[DONE]");
  });

  it("a second time ends all at once", async () => {
    const served = await serve(gatewayOf(["Hello", { waitMs: 20_000 }, " there"]), { drainMs: 20_000 });
    const stream = await post(served.url, streamed);
    const text = stream.text();
    const first = served.close();
    await new Promise((resolve) => void setTimeout(resolve, 20));
    await served.close();
    await first;
    expect(await text).toContain('"code":"draining"');
  });

  it("a signal that is named twice is heard once: the second would end all at once", async () => {
    const before = process.listenerCount("SIGUSR2");
    const served = await serve(gatewayOf(), { signals: ["SIGUSR2", "SIGUSR2"] });
    expect(process.listenerCount("SIGUSR2")).toBe(before + 1);
    await served.close();
    expect(process.listenerCount("SIGUSR2")).toBe(before);
  });

  it("an idle connection holds nobody up", async () => {
    const served = await serve();
    await (await fetch(`${served.url}/healthz`)).text();
    const from = performance.now();
    await served.close();
    expect(performance.now() - from).toBeLessThan(1000);
  });
});
