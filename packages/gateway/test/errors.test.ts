import type { OpenAIFaultLike } from "@qwen/testing";
import { describe, expect, test } from "vitest";

import { question, servedByOpenAI } from "./served.ts";

/** What a fault of the only provider is to its caller, where nothing was said before. */
const rows: readonly [OpenAIFaultLike, number, string, object?][] = [
  ["unauthorized", 502, "provider_authentication", { "x-should-retry": "false" }],
  ["forbidden", 502, "provider_authentication", { "x-should-retry": "false" }],
  ["context-too-long", 400, "context_length_exceeded"],
  ["content-refused", 400, "content_policy_violation"],
  ["unprocessable", 400, "unsupported_value"],
  ["quota", 429, "quota_exceeded", { "x-should-retry": "false" }],
  [{ name: "rate-limited-ms", ms: 120_000 }, 429, "rate_limit_exceeded", { "retry-after": "120" }],
  ["html", 503, "space_unavailable"],
  ["redirect", 502, "protocol"],
];

describe("a failure before any output has a status of its own, streamed or not", () => {
  test.each(rows)("%j", async (fault, status, code, headers = {}) => {
    const { ask, server } = await servedByOpenAI({ m: "Hello" });
    server.fault(fault);
    for (const stream of [true, false]) {
      const response = await ask(
        { model: "m", messages: question, stream },
        { headers: { "x-qwen-timeout-ms": "20000" } },
      );
      const body = (await response.json()) as { readonly error: { readonly code: string; readonly message: string } };
      expect([response.status, body.error.code]).toStrictEqual([status, code]);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        ...headers,
        "content-type": "application/json",
        "x-qwen-route": "m",
      });
      expect(body.error.message).not.toMatch(/127\.0\.0\.1|localhost/);
    }
  });
});

describe("what a model cannot do is a 400 that names the parameter, and nothing is sent", () => {
  const tools = [{ type: "function", function: { name: "f" } }];
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
  test.each<[string, object]>([
    ["tools", { tools }],
    ["response_format", { response_format: { type: "json_object" } }],
    ["messages", { messages: [{ role: "user", content: [image] }] }],
    ["messages", { messages: [...question, { role: "assistant", content: "I" }] }],
  ])("%s", async (param, body) => {
    const { ask, server } = await servedByOpenAI({ m: "Hello" }, { capabilities: {} });
    for (const stream of [true, false]) {
      const response = await ask({ model: "m", messages: question, stream, ...body });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: { param, code: "unsupported_value" } });
    }
    expect((await ask({ model: "m", messages: question, tools, tool_choice: "none" })).status).toBe(200);
    expect(server.requests).toHaveLength(1);
  });
});

test("messages that hold no question are a 400 that names them", async () => {
  const { ask, server } = await servedByOpenAI({ m: "Hello" });
  for (const messages of [[{ role: "system", content: "Hi" }], [{ role: "user", content: "" }]]) {
    const response = await ask({ model: "m", messages });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: "messages", code: null } });
  }
  expect(server.requests).toHaveLength(0);
});

describe("what is at no route", () => {
  test("is JSON of a 404, legacy completions by name", async () => {
    const { get, gateway } = await servedByOpenAI({ m: "Hello" });
    for (const path of [
      "/",
      "/v1",
      "/v1/chat",
      "/v2/chat/completions",
      "/v1/chat/completions/",
      "/%00",
      "/v1/models/",
    ]) {
      const response = await get(path);
      expect.soft([path, response.status]).toStrictEqual([path, 404]);
      expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
    }
    const legacy = await gateway.fetch(new Request("http://localhost/v1/completions", { method: "POST", body: "{}" }));
    expect(legacy.status).toBe(404);
    expect(await legacy.text()).toContain("useLegacyCompletionsEndpoint");
  });

  test.each(["PUT", "PATCH", "DELETE", "OPTIONS", "GET"])("%s is a 405 that says what is allowed", async (method) => {
    const { gateway } = await servedByOpenAI({ m: "Hello" });
    const response = await gateway.fetch(new Request("http://localhost/v1/chat/completions", { method }));
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
    expect(await response.json()).toMatchObject({ error: { code: "method_not_allowed" } });
  });
});

describe("the id of a request", () => {
  test.each([
    ["abc-DEF_123", true],
    ["", false],
    ["a".repeat(64), true],
    ["a".repeat(65), false],
    ["a b", false],
    ["<script>", false],
    ["é", false],
  ])("%j is the caller's own: %s", async (id, isTaken) => {
    const { ask } = await servedByOpenAI({ m: "Hello" });
    const response = await ask({ model: "nobody", messages: question }, { headers: { "x-request-id": id } });
    expect(response.headers.get("x-request-id") === id).toBe(isTaken);
    expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{1,64}$/);
  });

  test("is another where a request of that id is under way", async () => {
    const { ask } = await servedByOpenAI({ m: { steps: ["a", { waitMs: 50 }, "b"] } });
    const options = { headers: { "x-request-id": "same" } };
    const body = { model: "m", messages: question, stream: true };
    const [one, two] = await Promise.all([ask(body, options), ask(body, options)]);
    expect(one.headers.get("x-request-id")).not.toBe(two.headers.get("x-request-id"));
    expect([await one.text(), await two.text()].every((text) => text.endsWith("data: [DONE]\n\n"))).toBe(true);
    expect((await ask(body, options)).headers.get("x-request-id")).toBe("same");
  });
});
