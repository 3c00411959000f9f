import { createRouter, QwenError } from "@qwen/core";
import { afterEach, describe, expect, test } from "vitest";
import { endpointProvider } from "../src/openai-compatible.ts";
import { heard, json, providerOf, QUESTION, startEndpoint, stream, words } from "./scripted-endpoint.ts";

const KEY = "k-0123456789abcdef";
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
    expect(JSON.stringify(other.requests)).not.toMatch(/k-0123|secret/);
  });

  test.each([
    [
      "a refusal",
      json({ error: { message: `Incorrect API key provided: ${KEY}, x-team: team-secret-1.` } }, { status: 401 }),
    ],
    [
      "an answer that fails",
      stream([{ error: { message: `You said Bearer ${KEY} and ${encodeURIComponent(KEY)} and team-secret-1` } }]),
    ],
  ])("stands in no error, though %s repeats it", async (_, answer) => {
    const { ask } = await providerOf(answer, { apiKey: KEY, headers: { "x-team": "team-secret-1" } });
    const { error } = await ask();
    expect(error).toBeInstanceOf(QwenError);
    expect(`${(error as QwenError).stack} ${JSON.stringify(error)} ${String((error as QwenError).cause)}`).not.toMatch(
      /k-0123|team-secret/,
    );
  });
});

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
