import { inspect } from "node:util";
import { createRouter, QwenError } from "@qwen/core";
import { afterEach, describe, expect, test } from "vitest";
import { endpointProvider } from "../src/openai-compatible.ts";
import { openaiCompatible, type OpenAICompatibleOptions } from "../src/index.ts";
import {
  type Answerer,
  chunk,
  heard,
  json,
  providerOf,
  QUESTION,
  startEndpoint,
  stream,
  words,
} from "./scripted-endpoint.ts";

const KEY = "sk-Proj0123456789abcdef";
const TEAM = "team-secret-1";
const LEAK = /sk-pr|team-secret/i;
const VARIABLE = "QWEN_TEST_ENDPOINT_KEY";

afterEach(() => {
  delete process.env[VARIABLE];
});

describe("a key", () => {
  test("goes to the endpoint, from the option before the environment", async () => {
    process.env[VARIABLE] = "from-the-environment";
    const endpoint = await startEndpoint(words("Hello"));
    for (const apiKey of [KEY, undefined, ""]) {
      const provider = endpointProvider(
        { id: "a", baseURL: endpoint.url, models: ["m"], apiKey },
        { keyVariable: VARIABLE },
      );
      await heard(provider.stream({ messages: QUESTION }));
      await provider.close();
    }
    expect(endpoint.requests.map(({ headers }) => headers.authorization)).toEqual([
      `Bearer ${KEY}`,
      "Bearer from-the-environment",
      "Bearer from-the-environment",
    ]);
  });

  test("is not sent where there is none, nor beside one of the caller's own", async () => {
    const { ask, requests } = await providerOf(words("Hello"), { apiKey: KEY });
    await ask({ headers: { Authorization: "Bearer mine" } });
    expect(requests[0]?.headers.authorization).toBe("Bearer mine");
    const { ask: askFreely, requests: free } = await providerOf(words("Hello"), { apiKey: " " });
    await askFreely();
    expect(free[0]?.headers).not.toHaveProperty("authorization");
  });

  test("never goes across a redirect, though that may be followed", async () => {
    const other = await startEndpoint(json({ data: [{ id: "a" }] }));
    for (const status of [301, 302, 303, 307, 308]) {
      const { provider, ask } = await providerOf(
        (response) => {
          response.writeHead(status, { location: other.url });
          response.end();
        },
        { apiKey: KEY, headers: { "x-team": "team-secret" } },
      );
      const { error } = await ask({ headers: { "x-user": "user-secret" } });
      expect(error).toMatchObject({ code: "protocol", message: expect.stringContaining("redirects to") });
      await provider.listModels();
    }
    expect(other.requests.map(({ method }) => method)).toEqual(Array.from({ length: 5 }, () => "GET"));
    expect(JSON.stringify(other.requests)).not.toMatch(/sk-Proj|secret/i);
  });

  test.each(["http://169.254.169.254/latest/", "http://127.0.0.1:1/", "http://[::1]/", "http://localhost:1/"])(
    "of an endpoint of the internet takes nobody inside, to %s",
    async (location) => {
      const asked: string[] = [];
      const transport = {
        async request({ url }: { url: URL }) {
          asked.push(url.host);
          const body = { pipe() {}, pause() {}, resume() {}, cancel() {} };
          return { status: 302, headers: { location }, body };
        },
        close: () => Promise.resolve(),
      } as never;
      const provider = openaiCompatible({ id: "a", baseURL: "https://api.example.com/v1", models: ["m"], transport });
      await expect(provider.listModels()).rejects.toMatchObject({ code: "protocol" });
      expect(asked).toEqual(["api.example.com"]);
    },
  );

  test.each<[string, Answerer, Partial<OpenAICompatibleOptions<"endpoint">>?]>([
    [
      "a refusal",
      json({ error: { message: `Incorrect API key provided: ${KEY}, x-team: ${TEAM}.` } }, { status: 401 }),
    ],
    [
      "an answer that fails",
      stream([{ error: { message: `You said Bearer ${KEY} and ${encodeURIComponent(KEY)} and ${TEAM}` } }]),
    ],
    ["a reason that is cut", json({ error: { message: `${"x".repeat(290)} ${KEY}` } }, { status: 500 })],
    ["a reason with much white space", json({ error: { message: `${" ".repeat(1990)} ${KEY}` } }, { status: 500 })],
    ["the model's name", stream([{ ...chunk({ content: "Hello" }), model: KEY }]), { strictModel: true }],
    ["a long name", stream([{ ...chunk({ content: "Hello" }), model: "x".repeat(90) + KEY }]), { strictModel: true }],
    ["a tool's name", stream([chunk({ tool_calls: [toolCall(KEY)] }), chunk({}, "tool_calls")])],
    [
      "a tool's long name",
      stream([chunk({ tool_calls: [toolCall("x".repeat(1970) + KEY)] }), chunk({}, "tool_calls")]),
    ],
    ["a model that refuses", stream([chunk({ refusal: `No, ${TEAM}: ${KEY}.` }), chunk({}, "stop")])],
    ["a page", (response) => void response.writeHead(502).end(`<title>${KEY}</title>`)],
    ["a redirect's host", redirect(`http://${KEY}.example.com/`)],
    ["a redirect's scheme", redirect(`${KEY}:x`)],
    ["the encoding of its body", (response) => void response.writeHead(200, { "content-encoding": KEY }).end("x")],
  ])("stands in no error, though %s repeats it", async (_, answer, options = {}) => {
    const { ask, provider } = await providerOf(answer, { apiKey: KEY, headers: { "x-team": TEAM }, ...options });
    const { error } = await ask();
    expect(error).toBeInstanceOf(QwenError);
    expect(shownOf(error)).not.toMatch(LEAK);
    await using router = createRouter({ plugins: [provider], retry: { maxAttempts: 2, baseDelayMs: 0 } });
    expect(shownOf(await caught(router.complete({ model: "model-a", messages: QUESTION })))).not.toMatch(LEAK);
  });

  test.each<[string, Answerer]>([
    ["a refusal", json({ error: { message: `Incorrect API key: ${KEY}` } }, { status: 401 })],
    ["a redirect", redirect(`ftp://${KEY}.example.com/`)],
    ["a host that is redirected to", redirect(`http://${KEY}.localhost:1/`)],
    ["an error in the list", json({ error: { message: KEY } })],
  ])("stands in no error of a list of models, though %s repeats it", async (_, answer) => {
    const { provider } = await providerOf(answer, { apiKey: KEY, timeouts: { connectMs: 500 } });
    const error = await caught(provider.listModels());
    expect(error).toBeInstanceOf(QwenError);
    expect(shownOf(error)).not.toMatch(LEAK);
  });

  test("stands in no cause of a transport of one's own", async () => {
    const inner = Object.assign(new TypeError(`cannot send ${KEY}`), { header: `Bearer ${KEY}` });
    const transport = {
      request: () => Promise.reject(new Error("it failed", { cause: inner })),
      close: () => Promise.resolve(),
    };
    const { ask } = await providerOf(words("Hello"), { apiKey: KEY, transport });
    const { error } = await ask();
    expect(error).toMatchObject({ code: "connection", cause: { message: "it failed" } });
    expect(shownOf(error)).not.toMatch(LEAK);
    const { cause } = (error as { cause: Error }).cause;
    expect(cause).toBeInstanceOf(TypeError);
    expect(shownOf(cause)).not.toMatch(LEAK);
  });

  test("of the environment stands in no error, though another one was put there meanwhile", async () => {
    process.env[VARIABLE] = KEY;
    const endpoint = await startEndpoint((response) => {
      process.env[VARIABLE] = "another-key-1";
      response.writeHead(401).end(`No: ${KEY}`);
    });
    const provider = endpointProvider({ id: "a", baseURL: endpoint.url, models: ["m"] }, { keyVariable: VARIABLE });
    const { error } = await heard(provider.stream({ messages: QUESTION }));
    await provider.close();
    expect(error).toMatchObject({ code: "authentication" });
    expect(shownOf(error)).not.toMatch(LEAK);
  });

  test("leaves the reason of an abort as it is, and the text of an answer", async () => {
    const { ask } = await providerOf(stream([chunk({ content: `I am ${KEY}` })]), { apiKey: KEY });
    expect((await ask()).error).toMatchObject({ code: "stream_interrupted", text: `I am ${KEY}` });
    const reason = new Error(KEY);
    expect((await ask({ signal: AbortSignal.abort(reason) })).error).toBe(reason);
  });
});

function caught(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** All that anybody may print of an error. */
function shownOf(error: unknown): string {
  const { stack } = error as Error;
  return `${stack} ${inspect(error, { depth: 10, showHidden: true })} ${JSON.stringify(error)}`;
}

function toolCall(name: string): object {
  return { index: 0, id: "call-1", function: { name, arguments: "{" } };
}

function redirect(location: string): Answerer {
  return (response) => void response.writeHead(302, { location }).end();
}

describe("a key that is missing", () => {
  const missing = (baseURL: string) =>
    endpointProvider({ id: "paid", baseURL, models: ["m"] }, { keyVariable: VARIABLE });

  test("is `authentication` before anything is sent, and says where it is looked for", async () => {
    const endpoint = await startEndpoint(words("Hello"));
    const provider = missing(endpoint.url);
    const expected = {
      code: "authentication",
      sent: false,
      provider: "paid",
      message: expect.stringContaining(VARIABLE),
    };
    expect((await heard(provider.stream({ messages: QUESTION }))).error).toMatchObject(expected);
    await expect(provider.listModels()).rejects.toMatchObject(expected);
    expect(endpoint.requests).toEqual([]);
    process.env[VARIABLE] = KEY;
    expect(await heard(provider.stream({ messages: QUESTION }))).toMatchObject({ text: "Hello" });
    await provider.close();
  });

  test("moves on in a route, and opens no circuit breaker", async () => {
    const endpoint = await startEndpoint(words("Hello"));
    const free = endpointProvider({ id: "free", baseURL: endpoint.url, models: ["m2"] }, {});
    await using router = createRouter({
      plugins: [missing(endpoint.url), free],
      routes: { any: ["paid/m", "free/m2"] },
    });
    for (let call = 0; call < 20; call++) {
      const { text, attempts } = await router.complete({ model: "any", messages: QUESTION });
      expect(text).toBe("Hello");
      expect(attempts).toMatchObject([{ provider: "paid", error: { code: "authentication" } }, { provider: "free" }]);
    }
    expect(router.health()).toMatchObject([{ provider: "paid", breaker: "closed" }, { breaker: "closed" }]);
  });
});
