import { createRouter } from "@qwen/core";
import { describe, expect, test } from "vitest";
import { openaiCompatible } from "../src/index.ts";
import { chunk, event, json, providerOf, QUESTION, startEndpoint, stream, words } from "./scripted-endpoint.ts";

const GOOD = { id: "a", baseURL: "http://127.0.0.1:1/v1", models: ["model-a"] };

const { proxy: REVOKED, revoke } = Proxy.revocable({}, {});
revoke();

describe("an option that is none is a TypeError when the provider is made, and says what it must be", () => {
  test.each<[string, object | undefined, RegExp]>([
    ["no options", undefined, /`options`/],
    ["no id", { id: undefined }, /`options\.id` must be a string/],
    ["an id with a slash", { id: "a/b" }, /without "\/"/],
    ["no base URL", { baseURL: undefined }, /`options\.baseURL` must be/],
    ["a base URL that is none", { baseURL: "api.example.com" }, /an http or https URL/],
    ["a base URL of a file", { baseURL: "file:///etc/passwd" }, /an http or https URL/],
    ["a base URL with credentials", { baseURL: "https://user:hunter22@example.com/v1" }, /without a user and password/],
    ["a base URL with a query", { baseURL: "https://example.com/v1?key=hunter22" }, /without a query/],
    ["a base URL with an empty query", { baseURL: "https://example.com/v1?" }, /without a query/],
    ["a base URL that is a number", { baseURL: 80 }, /an http or https URL/],
    ["a base URL that throws when it is looked at", { baseURL: REVOKED }, /`options\.baseURL` cannot be read/],
    ["the path of answers", { baseURL: "https://example.com/v1/chat/completions/" }, /where `chat\/completions` is/],
    ["no models", { models: undefined }, /`options\.models` must be/],
    ["an empty list of models", { models: [] }, /at least one model/],
    ["models that are no list", { models: "model-a" }, /a list of at least one model/],
    ["a name that is empty", { models: [""] }, /not empty/],
    ["a model that is none", { models: [7] }, /`options\.models\[0\]`/],
    ["a model without a name", { models: [{ aliases: ["b"] }] }, /`options\.models\[0\]\.id` must be/],
    ["a model with an unknown field", { models: [{ id: "a", alias: ["b"] }] }, /"aliases"/],
    ["a name twice", { models: ["a", "a"] }, /"a" twice/],
    ["an alias that is a name", { models: ["a", { id: "b", aliases: ["a"] }] }, /"a" twice/],
    ["an unknown option", { baseUrl: "https://example.com" }, /Did you mean "baseURL"/],
    ["a key that no header can carry", { apiKey: "hunter22\nx: y" }, /`options\.apiKey`/],
    ["a key that is no string", { apiKey: 7 }, /`options\.apiKey`/],
    ["a body that is none", { extraBody: [] }, /`options\.extraBody`/],
    ["a body that is no JSON", { extraBody: { a: 1n } }, /what JSON can tell/],
    ["a body that holds a function", { extraBody: { a: () => 1 } }, /what JSON can tell/],
    ["a body with a number that is none", { extraBody: { a: [Number.NaN] } }, /what JSON can tell/],
    ["a body with a Map", { extraBody: { a: new Map([["a", 1]]) } }, /what JSON can tell/],
    ["a body of a Map", { extraBody: new Map([["a", 1]]) }, /a plain object/],
    ["a body to come", { extraBody: Promise.resolve({}) }, /a plain object/],
    ["a body that writes itself", { extraBody: { toJSON: () => ({ messages: [] }) } }, /a plain object/],
    ["a number of answers", { extraBody: { n: 2 } }, /`n`/],
    ["a flag that is none", { strictModel: "yes" }, /true or false/],
    ["a limit that is none", { timeouts: { idleMs: Number.NaN } }, /idleMs/],
    ["a transport that is none", { transport: {} }, /`request`/],
    ["a header that is none", { headers: { "x y": "z" } }, /header/],
  ])("%s", (_, wrong, says) => {
    const make = (): unknown => openaiCompatible((wrong && { ...GOOD, ...wrong }) as never);
    expect(make).toThrow(TypeError);
    expect(make).toThrow(says);
    expect(make).not.toThrow(/hunter22/);
  });

  test("while one that is undefined is not set", async () => {
    const unset = {
      apiKey: undefined,
      headers: undefined,
      proxy: undefined,
      transport: undefined,
      timeouts: undefined,
    };
    const more = { capabilities: undefined, extraBody: undefined, strictModel: undefined };
    const provider = openaiCompatible({ ...GOOD, models: ["model-a"], ...unset, ...more });
    expect(provider.models).toEqual([{ id: "model-a" }]);
    await provider.close();
  });
});

test("options are read once: what their owner changes later changes nothing", async () => {
  const endpoint = await startEndpoint(words("Hello"));
  const options = {
    ...GOOD,
    baseURL: endpoint.url,
    extraBody: { deep: { a: 1 } },
    models: [{ id: "model-a", aliases: ["b"] }] as [{ id: string; aliases: string[] }],
  };
  const provider = openaiCompatible(options);
  options.extraBody.deep.a = 2;
  options.models[0].aliases.push("c");
  for await (const _ of provider.stream({ messages: QUESTION }));
  expect(endpoint.requests[0]?.body).toMatchObject({ deep: { a: 1 } });
  expect(provider.models).toEqual([{ id: "model-a", aliases: ["b"] }]);
  await provider.close();
});

test("names, aliases, labels and capabilities are a router's, an alias asked for by the endpoint's own name", async () => {
  const endpoint = await startEndpoint(words("Hello"));
  const provider = openaiCompatible({
    id: "hosted",
    baseURL: `${endpoint.url}/`,
    models: ["plain", { id: "Qwen/Qwen3-8B", aliases: ["qwen"], label: "Qwen 3", capabilities: { json: true } }],
    capabilities: { tools: true },
  });
  expect(provider.models).toEqual([
    { id: "plain", capabilities: { tools: true } },
    { id: "Qwen/Qwen3-8B", aliases: ["qwen"], label: "Qwen 3", capabilities: { tools: true, json: true } },
  ]);
  await using router = createRouter({ plugins: [provider] });
  for (const model of ["qwen", "Qwen/Qwen3-8B", "hosted/Qwen/Qwen3-8B"] as const)
    expect((await router.complete({ model, messages: QUESTION })).text).toBe("Hello");
  expect(endpoint.requests.map(({ path, body }) => `${path} ${String(body["model"])}`)).toEqual(
    Array.from({ length: 3 }, () => "/v1/chat/completions Qwen/Qwen3-8B"),
  );
});

describe("an answer of another model", () => {
  const other = stream([{ ...chunk({ content: "Hello" }), model: "model-b" }, chunk({}, "stop")]);

  test("says so", async () => {
    const { ask } = await providerOf(other);
    expect(await ask()).toMatchObject({ text: "Hello", finish: { response: { modelId: "model-b" } } });
  });

  test("is `unsupported` with `strictModel`, before any output", async () => {
    for (const answer of [
      other,
      json({ model: "model-b", choices: [{ message: { content: "Hello" }, finish_reason: "stop" }] }),
    ]) {
      const { ask } = await providerOf(answer, { strictModel: true });
      expect(await ask()).toMatchObject({
        parts: [],
        error: { code: "unsupported", message: expect.stringContaining("model-b") },
      });
    }
    const { ask } = await providerOf(words("Hello"), { strictModel: true });
    expect(await ask()).toMatchObject({ text: "Hello", error: undefined });
  });
});

describe("listModels()", () => {
  test("gives what the endpoint says of each", async () => {
    const { provider, requests } = await providerOf(
      json({
        object: "list",
        data: [
          { id: "a", object: "model", owned_by: "me", max_model_len: 4096 },
          { id: "b", name: "B", context_length: 8192 },
          { id: "c", meta: { n_ctx_train: 2048 } },
          { name: "models/d", display_name: "D" },
          "none",
          {},
        ],
      }),
      { apiKey: "key-1" },
    );
    const models = await provider.listModels();
    expect(models).toMatchObject([
      { id: "a", ownedBy: "me", contextTokens: 4096 },
      { id: "b", label: "B", contextTokens: 8192 },
      { id: "c", contextTokens: 2048 },
      { id: "models/d", label: "D" },
    ]);
    expect(models[0]?.raw).toMatchObject({ max_model_len: 4096 });
    expect(requests).toMatchObject([{ method: "GET", path: "/v1/models", headers: { authorization: "Bearer key-1" } }]);
  });

  test("fails as a call does", async () => {
    const refused = await providerOf(json({ error: { message: "no" } }, { status: 401 }));
    await expect(refused.provider.listModels()).rejects.toMatchObject({ code: "authentication", provider: "endpoint" });
    const page = await providerOf((response) => response.end("<html><title>Hi</title></html>"));
    await expect(page.provider.listModels()).rejects.toMatchObject({ code: "protocol" });
    const reason = new Error("Not now.");
    await expect(page.provider.listModels({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(page.provider.listModels({ limit: 1 } as never)).rejects.toThrow(TypeError);
  });

  test("ends by the limit of the whole, of the call or of the provider, whatever it waits for", async () => {
    const silent = await providerOf(() => undefined, { timeouts: { totalMs: 40 } });
    await expect(silent.provider.listModels()).rejects.toMatchObject({ code: "timeout", phase: "total", limitMs: 40 });
    const dripping = await providerOf((response) => {
      const timer = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(timer));
    });
    await expect(dripping.provider.listModels({ timeouts: { totalMs: 30 } })).rejects.toMatchObject({ limitMs: 30 });
    const { signal } = new AbortController();
    const quick = await providerOf(json({ data: [] }));
    expect(await quick.provider.listModels({ signal, timeouts: { totalMs: Infinity } })).toEqual([]);
  });

  test("gives none where there are none", async () => {
    const none = await providerOf(json({ object: "list", data: null }));
    expect(await none.provider.listModels()).toEqual([]);
  });
});

test("a stream of events that is called something else is read as what it is", async () => {
  for (const type of ["text/plain", "application/json", "application/octet-stream"]) {
    const { ask } = await providerOf((response) => {
      response.writeHead(200, { "content-type": type });
      response.end(event(chunk({ content: "Hello" })) + event(chunk({}, "stop")));
    });
    expect(await ask(), type).toMatchObject({ text: "Hello", error: undefined });
  }
});
