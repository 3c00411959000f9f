import { describe, expect, it } from "vitest";

import { cameBy } from "../src/connection.ts";
import { createOriginGate, type OriginOptions } from "../src/origin.ts";
import { Refusal } from "../src/refusal.ts";

function asked(
  headers: Readonly<Record<string, string>>,
  { method = "GET", path = "/v1/models", port = 8080 } = {},
): Request {
  const request = new Request(`http://localhost${path}`, { method, headers });
  cameBy(request, { port });
  return request;
}

function isLetIn(headers: Readonly<Record<string, string>>, options: Partial<OriginOptions> = {}, how = {}): boolean {
  try {
    createOriginGate({ hasKeys: false, ...options }).check(asked(headers, how));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ status: 403, code: "origin_not_allowed", type: "invalid_request_error" });
    expect(error).toBeInstanceOf(Refusal);
    return false;
  }
}

describe("without keys", () => {
  it.each([
    ["localhost:8080", true],
    ["LOCALHOST:8080", true],
    ["127.0.0.1:8080", true],
    ["[::1]:8080", true],
    ["localhost", false],
    ["localhost:80", false],
    ["127.0.0.2:8080", false],
    ["evil.example:8080", false],
    ["localhost.evil.example:8080", false],
    ["evil.example", false],
    ["127.0.0.1:8080@evil.example", false],
    ["localhost:08080x", false],
    ["", false],
  ])("the host %j is let in: %j", (host, expected) => {
    expect(isLetIn({ host })).toBe(expected);
  });

  it("port 80 needs no number, and hosts that are named are the gateway's too", () => {
    expect(isLetIn({ host: "localhost" }, {}, { port: 80 })).toBe(true);
    expect(isLetIn({ host: "chat.example" }, { hosts: ["Chat.example"] })).toBe(true);
    expect(isLetIn({ host: "chat.example:81" }, { hosts: ["chat.example"] })).toBe(false);
  });

  it.each([
    ["http://localhost:8080", true],
    ["http://127.0.0.1:8080", true],
    ["http://localhost:3000", false],
    ["http://localhost", false],
    ["https://evil.example", false],
    ["null", false],
    ["", false],
    ["file://", false],
    ["http://localhost:8080.evil.example", false],
    ["http://localhost:8080@evil.example", false],
  ])("a page of the origin %j is let in: %j", (origin, expected) => {
    expect(isLetIn({ host: "localhost:8080", origin })).toBe(expected);
    expect(isLetIn({ host: "localhost:8080", origin, "sec-fetch-site": "same-origin" })).toBe(expected);
  });

  it("a page's origin counts on every method and path", () => {
    for (const method of ["GET", "POST", "OPTIONS", "DELETE"])
      for (const path of ["/", "/v1/models", "/healthz", "/metrics"])
        expect(isLetIn({ host: "localhost:8080", origin: "https://evil.example" }, {}, { method, path })).toBe(false);
  });

  it("what another site loads without an origin is kept out, but for a link to the page", () => {
    const cross = { host: "localhost:8080", "sec-fetch-site": "cross-site" };
    expect(isLetIn({ ...cross, "sec-fetch-mode": "no-cors" })).toBe(false);
    expect(isLetIn({ ...cross, "sec-fetch-mode": "navigate" })).toBe(false);
    expect(isLetIn({ ...cross, "sec-fetch-mode": "navigate" }, {}, { path: "/" })).toBe(true);
    expect(isLetIn({ ...cross, "sec-fetch-mode": "no-cors" }, {}, { path: "/" })).toBe(false);
    expect(isLetIn({ ...cross, "sec-fetch-mode": "navigate" }, {}, { path: "/", method: "POST" })).toBe(false);
    expect(isLetIn({ host: "localhost:8080", "sec-fetch-site": "none" })).toBe(true);
  });

  it("a page in `cors` is let in, and may read the answer", () => {
    const origin = "https://app.example";
    const gate = createOriginGate({ hasKeys: false, cors: [origin] });
    const request = asked({ host: "localhost:8080", origin, "sec-fetch-site": "cross-site" });
    gate.check(request);
    expect(gate.headersFor(request)).toMatchObject({ "access-control-allow-origin": origin, vary: "origin" });
    expect(gate.headersFor(asked({ host: "localhost:8080", origin: "https://evil.example" }))).toEqual({});
  });

  it("where nobody says what was bound, a page is our own if it was sent to its own host", () => {
    const gate = createOriginGate({ hasKeys: false });
    const own = new Request("http://localhost:9/", { headers: { host: "localhost:9", origin: "http://localhost:9" } });
    expect(() => gate.check(own)).not.toThrow();
    const other = new Request("http://localhost:9/", {
      headers: { host: "localhost:9", origin: "http://localhost:8" },
    });
    expect(() => gate.check(other)).toThrow("origin");
  });

  it("the URL of a request is its sender's and says nothing", () => {
    const request = new Request("http://localhost:8080/", { headers: { host: "evil.example" } });
    cameBy(request, { port: 8080 });
    expect(() => createOriginGate({ hasKeys: false }).check(request)).toThrow(Refusal);
  });
});

describe("with keys", () => {
  it("whoever has one may come by any host and from any page", () => {
    expect(isLetIn({ host: "api.example", origin: "https://other.example" }, { hasKeys: true })).toBe(true);
  });

  it("`*` lets all pages read, and never without keys", () => {
    const gate = createOriginGate({ hasKeys: true, cors: "*" });
    expect(gate.headersFor(asked({ origin: "https://a.example" }))).toMatchObject({
      "access-control-allow-origin": "*",
    });
    expect(() => createOriginGate({ hasKeys: false, cors: "*" })).toThrow(TypeError);
  });
});

describe("a preflight", () => {
  const preflight = (origin: string): Request =>
    asked({ host: "localhost:8080", origin, "access-control-request-method": "POST" }, { method: "OPTIONS" });

  it("of a page in `cors` is answered, of another not", () => {
    const gate = createOriginGate({ hasKeys: false, cors: ["https://app.example"] });
    const answer = gate.preflight(preflight("https://app.example"));
    expect(answer?.status).toBe(204);
    expect(answer?.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer?.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(answer?.headers.has("access-control-allow-credentials")).toBe(false);
    // Those of mounts as well.
    expect(answer?.headers.get("access-control-allow-methods")).toBe("GET, POST, PUT, PATCH, DELETE");
    expect(gate.preflight(preflight("https://evil.example"))).toBeUndefined();
    expect(gate.preflight(asked({ origin: "https://app.example" }))).toBeUndefined();
  });
});

it.each([
  [{ cors: "https://app.example" }],
  [{ cors: ["app.example"] }],
  [{ cors: ["https://app.example/path"] }],
  [{ cors: ["null"] }],
  [{ cors: ["https://*.example.com"] }],
  [{ cors: ["https://app.example:443"] }],
  [{ cors: ["https://über.example"] }],
  [{ hosts: ["chat.example:99999"] }],
  [{ cors: [7] }],
  [{ hosts: "localhost" }],
  [{ hosts: ["http://localhost"] }],
  [{ hosts: [""] }],
  [{ hosts: [null] }],
])("%j is a TypeError", (options) => {
  expect(() => createOriginGate({ hasKeys: false, ...(options as object) })).toThrow(TypeError);
});
