import { scriptedProvider } from "@qwen/testing";
import { describe, expect, it } from "vitest";

import { createGateway, createKey, type CreatedKey, type GatewayOptions, type KeyOptions } from "../src/index.ts";
import { question, servedBy, type Served } from "./served.ts";

function hello(...script: readonly string[]): ReturnType<typeof scriptedProvider> {
  return scriptedProvider({ script: script.length === 0 ? ["Hello"] : script });
}

const MODEL = "scripted-model";
const body = { model: MODEL, messages: question };

function withKey(key: string): { readonly headers: Readonly<Record<string, string>> } {
  return { headers: { authorization: `Bearer ${key}` } };
}

async function keyed(
  options: KeyOptions = {},
  more: Partial<GatewayOptions> & { readonly routes?: Record<string, string[]> } = {},
): Promise<Served & CreatedKey> {
  const created = await createKey(options);
  return { ...created, ...servedBy([hello()], { keys: [created.record], ...more }) };
}

function errorIn(response: Response): Promise<unknown> {
  return response.json();
}

describe("with keys", () => {
  it("nothing is answered without one but whether it is there", async () => {
    const { get, ask, gateway, key } = await keyed();
    for (const path of ["/v1/models", `/v1/models/${MODEL}`, "/metrics", "/v1/health", "/openapi.json"]) {
      const response = await get(path);
      expect(response.status, path).toBe(401);
      expect(response.headers.get("www-authenticate")).toBe("Bearer");
      expect(await errorIn(response)).toMatchObject({ error: { code: "invalid_api_key", param: null } });
      const request = new Request(`http://localhost${path}`, withKey(key));
      expect((await gateway.fetch(request)).status, path).toBe(200);
    }
    expect((await ask(body)).status).toBe(401);
    expect((await ask(body, withKey(key))).status).toBe(200);
    for (const [path, word] of [
      ["/healthz", "ok"],
      ["/readyz", "ready"],
    ] as const)
      expect(await (await get(path)).text()).toBe(`${word}\n`);
  });

  it("a key may ask for its models alone, and sees no others", async () => {
    const { ask, gateway, key } = await keyed({ models: ["smart"] }, { routes: { smart: [MODEL] } });
    expect((await ask({ ...body, model: "smart" }, withKey(key))).status).toBe(200);
    for (const model of [MODEL, `scripted/${MODEL}`]) {
      const response = await ask({ ...body, model }, withKey(key));
      expect(response.status).toBe(403);
      expect(await errorIn(response)).toMatchObject({ error: { code: "model_not_allowed", param: "model" } });
    }
    const list = await gateway.fetch(new Request("http://localhost/v1/models", withKey(key)));
    expect(((await list.json()) as { readonly data: readonly { id: string }[] }).data.map(({ id }) => id)).toEqual([
      "smart",
    ]);
    for (const id of [MODEL, "smart"])
      expect((await gateway.fetch(new Request(`http://localhost/v1/models/${id}`, withKey(key)))).status).toBe(
        id === "smart" ? 200 : 404,
      );
  });

  it("requests of a key are counted, and told so", async () => {
    const { ask, gateway, key } = await keyed({ requestsPerMinute: 2 });
    const first = await ask(body, withKey(key));
    expect(first.headers.get("x-ratelimit-limit-requests")).toBe("2");
    expect(first.headers.get("x-ratelimit-remaining-requests")).toBe("1");
    // Looking counts for nothing.
    for (let index = 0; index < 5; index++)
      await gateway.fetch(new Request("http://localhost/v1/models", withKey(key)));
    await ask(body, withKey(key));
    const third = await ask(body, withKey(key));
    expect(third.status).toBe(429);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(Number(third.headers.get("retry-after-ms"))).toBeGreaterThan(0);
    expect(await errorIn(third)).toMatchObject({ error: { type: "rate_limit_error", code: "rate_limit_exceeded" } });
  });

  it("a place is held until the body of a stream is over, or left", async () => {
    const { key, record } = await createKey({ concurrency: 1 });
    const slow = scriptedProvider({ script: ["Hello", { waitMs: 30 }, " there"] });
    const { ask } = servedBy([slow], { keys: [record] });
    const ways: readonly ((response: Response) => Promise<unknown>)[] = [
      (response) => response.text(),
      (response) => response.body?.cancel() ?? Promise.resolve(),
    ];
    for (const end of ways) {
      const first = await ask({ ...body, stream: true }, withKey(key));
      expect(first.status).toBe(200);
      expect((await ask(body, withKey(key))).status).toBe(429);
      await end(first);
      const next = await ask(body, withKey(key));
      expect(next.status).toBe(200);
    }
    expect((await ask({ model: 7 }, withKey(key))).status).toBe(400);
    expect((await ask(body, withKey(key))).status).toBe(200);
  });

  it("a key that is revoked starts nothing more, and what runs goes on", async () => {
    const { key, record } = await createKey();
    let isRevoked = false;
    const slow = scriptedProvider({ script: ["Hello", { waitMs: 30 }, " there"] });
    const { ask } = servedBy([slow], { keys: { find: () => ({ ...record, revoked: isRevoked }) } });
    const running = await ask({ ...body, stream: true }, withKey(key));
    isRevoked = true;
    expect((await ask(body, withKey(key))).status).toBe(401);
    expect(await running.text()).toContain("[DONE]");
  });

  it("a key's policy and caps hold for its requests", async () => {
    const { ask, key } = await keyed({ caps: { timeoutMs: 1000 } });
    const response = await ask(body, { headers: { ...withKey(key).headers, "x-qwen-timeout-ms": "5000" } });
    expect(response.headers.get("x-qwen-warnings")).toContain("x-qwen-timeout-ms=1000");
  });

  it("no header of a caller reaches a provider", async () => {
    const provider = hello();
    const { key, record } = await createKey();
    const { ask } = servedBy([provider], { keys: [record] });
    await ask(body, {
      headers: { ...withKey(key).headers, cookie: "a=b", "x-forwarded-for": "1.2.3.4", "x-custom": "y" },
    });
    const { headers = {} } = provider.calls[0]?.request ?? {};
    expect(headers).toEqual({});
    expect(JSON.stringify(provider.calls[0]?.request)).not.toContain(key);
  });
});

describe("without keys", () => {
  it("limits are those of all callers together", async () => {
    const { ask } = servedBy([hello()], { limits: { requestsPerMinute: 1 } });
    expect((await ask(body)).status).toBe(200);
    expect((await ask(body)).status).toBe(429);
  });

  it("pages of other sites are kept out of every path, in JSON", async () => {
    const { gateway } = servedBy([hello()]);
    for (const path of [
      "/",
      "/v1/models",
      "/v1/chat/completions",
      "/healthz",
      "/readyz",
      "/metrics",
      "/v1/health",
      "/openapi.json",
      "/nothing",
    ])
      for (const headers of [
        { host: "evil.example" },
        { host: "localhost:1", origin: "https://evil.example" },
        { host: "localhost:1", origin: "null" },
        { host: "localhost:1", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" },
      ] as Readonly<Record<string, string>>[]) {
        const response = await gateway.fetch(new Request(`http://localhost:1${path}`, { headers }));
        expect(response.status, path).toBe(403);
        expect(await errorIn(response)).toMatchObject({ error: { code: "origin_not_allowed" } });
      }
  });

  it("a page in `cors` may ask, and read the answer and what is wrong with it", async () => {
    const origin = "https://app.example";
    const { gateway, ask } = servedBy([hello()], { cors: [origin] });
    const preflight = await gateway.fetch(
      new Request("http://localhost/v1/chat/completions", {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
      }),
    );
    expect(preflight.status).toBe(204);
    for (const asked of [body, { ...body, model: "none" }]) {
      const response = await ask(asked, { headers: { origin } });
      expect(response.headers.get("access-control-allow-origin")).toBe(origin);
    }
  });
});

it("a gateway that is closed takes nothing more, and says so to balancers first", async () => {
  const { gateway, get, ask } = servedBy([hello()]);
  const closing = gateway.close({ delayMs: 20 });
  expect((await get("/readyz")).status).toBe(503);
  expect(await (await get("/readyz")).text()).toBe("draining\n");
  expect((await ask(body)).status).toBe(200);
  await closing;
  const response = await ask(body);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("1");
  expect(await errorIn(response)).toMatchObject({ error: { type: "server_error", code: "draining" } });
  expect((await get("/healthz")).status).toBe(200);
});

it("what runs when the time is up ends with an error in band, and no end that looks whole", async () => {
  const slow = scriptedProvider({ script: ["Hello", { waitMs: 10_000 }, " there"] });
  const { gateway, ask } = servedBy([slow]);
  const streamed = await ask({ ...body, stream: true });
  const whole = ask(body);
  const text = streamed.text();
  await new Promise((resolve) => void setTimeout(resolve, 20));
  await gateway.close({ drainMs: 20 });
  const events = await text;
  expect(events).toContain('"code":"draining"');
  expect(events).not.toContain("[DONE]");
  expect(events).not.toMatch(/"finish_reason":"/);
  expect((await whole).status).toBe(503);
  expect(await errorIn(await whole)).toMatchObject({ error: { code: "draining" } });
  expect(slow.calls.every(({ state }) => state === "stopped")).toBe(true);
});

describe("/metrics", () => {
  it("has as many series after odd requests as before", async () => {
    const { get, ask } = servedBy([hello()], { metrics: true });
    await ask(body);
    await ask({ ...body, model: "none" });
    await get("/nothing");
    const series = (text: string): number =>
      text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
    const before = await (await get("/metrics")).text();
    await get("/metrics");
    const count = series(await (await get("/metrics")).text());
    for (let index = 0; index < 300; index++) {
      await ask({ ...body, model: `odd-${index}` });
      await get(`/odd/${index}`);
      await get(`/v1/models/odd-${index}`);
    }
    const after = await (await get("/metrics")).text();
    // One for each status of a path that there was none of before.
    expect(series(after)).toBeLessThanOrEqual(count + 1);
    expect(after).not.toContain("odd");
    expect(before).toContain('qwen_requests_total{route="/v1/chat/completions",status="200"} 1');
    expect(before).toContain('qwen_attempts_total{provider="scripted",model="scripted-model",outcome="answered"} 1');
    expect(before).toContain("qwen_truncated_total 0");
    expect(before).toContain('qwen_breaker_state{provider="scripted",model="scripted-model"} 0');
    expect(before).toContain("qwen_upstream_jobs_open 0");
  });

  it("knows no jobs less than none, whatever was under way at the first look", async () => {
    const { get, ask } = servedBy([scriptedProvider({ script: ["Hello", { waitMs: 20 }, "there"] })]);
    const begun = ask({ ...body, stream: true });
    await (await get("/metrics")).text();
    const counted = ask({ ...body, stream: true });
    expect(await (await get("/metrics")).text()).toContain("qwen_upstream_jobs_open 1\n");
    for (const answer of [await begun, await counted]) await answer.text();
    expect(await (await get("/metrics")).text()).toContain("qwen_upstream_jobs_open 0\n");
  });

  it("is not there where it was switched off, and counts from the first look on where nobody said", async () => {
    const off = servedBy([hello()], { metrics: false });
    expect((await off.get("/metrics")).status).toBe(404);
    const lazy = servedBy([hello()]);
    await lazy.ask(body);
    expect(await (await lazy.get("/metrics")).text()).not.toContain('outcome="answered"} 1');
    await lazy.ask(body);
    expect(await (await lazy.get("/metrics")).text()).toContain('outcome="answered"} 1');
  });
});

it("/v1/health tells how each model is doing", async () => {
  const { get } = servedBy([hello()]);
  expect(await (await get("/v1/health")).json()).toMatchObject({
    object: "list",
    data: [{ provider: "scripted", model: MODEL, breaker: "closed", busy: 0 }],
  });
});

it.each([
  [{ keys: "sk-qwen" }],
  [{ keys: [{}] }],
  [{ limits: { rpm: 5 } }],
  [{ state: {} }],
  [{ state: { count: 1, lease: 2 } }],
  [{ store: { get: 1, put: 2, delete: 3 } }],
  [{ cors: "*" }],
  [{ cors: ["app.example"] }],
  [{ hosts: ["http://a"] }],
  [{ metrics: "yes" }],
  [{ key: [] }],
])("%j is a TypeError when the gateway is made", (options) => {
  const { router } = servedBy([hello()]);
  expect(() => createGateway({ router, ...(options as object) })).toThrow(TypeError);
});
