import { scriptedProvider } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { createKey, type FrontPage } from "../src/index.ts";
import { servedBy, type Served, type ServedOptions } from "./served.ts";

const served = (options: ServedOptions = {}): Served => servedBy([scriptedProvider({ script: ["Hello"] })], options);
const send = ({ gateway }: Served, path: string, init: RequestInit = {}): Promise<Response> =>
  gateway.fetch(new Request(`http://localhost${path}`, init));

const page: FrontPage = (request) => {
  const { pathname } = new URL(request.url);
  if (pathname !== "/") return new Response(pathname, { headers: { "content-type": "text/javascript" } });
  return new Response("<p>Hello</p>", {
    headers: { "content-type": "text/html", "x-key": `${request.headers.get("authorization")}` },
  });
};

describe("`/`", () => {
  test("is nothing where there is no page", async () => {
    for (const path of ["/", "/app.js"])
      expect(await (await send(served(), path)).json()).toMatchObject({ error: { code: "not_found" } });
  });

  test("and what is at no other path are the page's, by GET and HEAD, without a key", async () => {
    const { record } = await createKey();
    const one = served({ ui: page, keys: [record] });
    const front = await send(one, "/", { headers: { authorization: "Bearer secret" } });
    expect([front.status, await front.text(), front.headers.get("x-key")]).toEqual([200, "<p>Hello</p>", "null"]);
    expect(front.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await (await send(one, "/assets/app.js")).text()).toBe("/assets/app.js");
    const head = await send(one, "/", { method: "HEAD" });
    expect([head.status, head.headers.get("content-type"), await head.text()]).toEqual([200, "text/html", ""]);
    for (const method of ["POST", "DELETE", "OPTIONS"]) expect((await send(one, "/", { method })).status).toBe(405);
    expect((await send(one, "/assets/app.js", { method: "POST" })).status).toBe(404);
    for (const path of ["/v1", "/v1/nothing", "//v1//nothing"]) expect((await send(one, path)).status).toBe(404);
    expect((await send(one, "/v1/models")).status).toBe(401);
  });

  test("is kept from pages of other sites, but for a link to it", async () => {
    const one = served({ ui: page });
    const cross = { host: "localhost", "sec-fetch-site": "cross-site" };
    expect((await send(one, "/", { headers: { ...cross, "sec-fetch-mode": "navigate" } })).status).toBe(200);
    expect((await send(one, "/", { headers: { ...cross, "sec-fetch-mode": "no-cors" } })).status).toBe(403);
    expect((await send(one, "/app.js", { headers: { ...cross, "sec-fetch-mode": "no-cors" } })).status).toBe(403);
    expect((await send(one, "/", { headers: { host: "evil.example" } })).status).toBe(403);
  });

  const unreadable = (): never => {
    throw new Error("a secret");
  };
  const once = new Response("once");
  test.each<[string, FrontPage]>([
    [
      "throws",
      () => {
        throw new Error("a secret");
      },
    ],
    [
      "throws what cannot be looked at",
      () => {
        throw new Proxy({}, { getPrototypeOf: unreadable, get: unreadable });
      },
    ],
    ["rejects", () => Promise.reject(new Error("a secret"))],
    ["answers with no response", () => "a secret" as unknown as Response],
    ["answers with what was read already", () => once],
  ])("is a 500 in JSON where its page %s", async (_, ui) => {
    await once.clone().text();
    const one = served({ ui });
    await (await send(one, "/")).text();
    const response = await send(one, "/");
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ error: { code: "internal_error", message: "The gateway failed." } });
  });

  test("waits no longer than its caller where its page never answers", async () => {
    const signal = AbortSignal.timeout(10);
    const response = await send(served({ ui: () => new Promise(() => {}) }), "/", { signal });
    expect(response.status).toBe(499);
  });

  test("takes a function alone", () => {
    expect(() => served({ ui: "page" as unknown as FrontPage })).toThrow("`options.ui` must be a function");
  });
});
