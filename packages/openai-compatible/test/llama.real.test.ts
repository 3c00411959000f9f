import { createRouter, type ProviderRequest } from "@qwen/core";
import { modelId, startModel } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openaiCompatible, type OpenAICompatibleProvider } from "../src/index.ts";
import { heard } from "./scripted-endpoint.ts";

type Model = Awaited<ReturnType<typeof startModel>>;

let model: Model;
let provider: OpenAICompatibleProvider;
beforeAll(async () => {
  model = await startModel({ slots: 2, contextTokens: 1024 });
  provider = openaiCompatible({
    id: "llama",
    baseURL: `${model.url}/v1`,
    models: [{ id: modelId, aliases: ["llama"] }],
    capabilities: { json: true, prefill: true },
    // On a busy machine the first token may take its time.
    timeouts: { headersMs: 50_000, firstOutputMs: 50_000 },
  });
}, 120_000);
afterAll(async () => {
  await provider?.close();
  await model?.stop();
});

const QUESTION = [{ role: "user", content: "Tell me about the sea, in a few sentences." }] as const;

const ask = (request: Partial<ProviderRequest> = {}) =>
  heard(
    provider.stream({
      messages: QUESTION,
      ...request,
      settings: { temperature: 0, maxOutputTokens: 16, ...request.settings },
    }),
  );

/** How many of the server's places are taken. */
async function busy(): Promise<number> {
  const slots = (await (await fetch(`${model.url}/slots`)).json()) as readonly { readonly is_processing: boolean }[];
  return slots.filter((slot) => slot.is_processing).length;
}

describe("a real llama.cpp", () => {
  test("answers with text, usage and its name, one call after the other over one connection", async () => {
    const { text, finish, parts, error } = await ask();
    expect(error).toBeUndefined();
    expect(text.length).toBeGreaterThan(20);
    expect(finish).toMatchObject({
      reason: "length",
      usage: { inputTokens: expect.any(Number), outputTokens: 16 },
      response: { id: expect.any(String), timestamp: expect.any(Date) },
      warnings: [],
    });
    expect(parts[0]?.type).toBe("start");
  });

  test("says the same twice with a seed, also beside other calls", async () => {
    const settings = { seed: 7, temperature: 0.8 };
    const alone = await ask({ settings });
    expect(alone.error).toBeUndefined();
    const [beside] = await Promise.all([ask({ settings }), ask({ settings: { seed: 8, temperature: 0.8 } })]);
    expect(beside.text).toBe(alone.text);
  });

  test("reads a system prompt and the history", async () => {
    const { text } = await ask({
      messages: [
        { role: "system", content: "You repeat the user's secret word, and say nothing else." },
        { role: "user", content: "The secret word is banana. Say it." },
        { role: "assistant", content: "banana" },
        { role: "user", content: "Say the secret word again." },
      ],
    });
    expect(text.toLowerCase()).toContain("banana");
  });

  test("answers in JSON of an enforced schema", async () => {
    const schema = {
      type: "object",
      properties: { name: { type: "string", maxLength: 20 }, big: { type: "boolean" } },
      required: ["name", "big"],
      additionalProperties: false,
    };
    const { text, finish } = await ask({
      settings: { responseFormat: { type: "json", schema }, maxOutputTokens: 100 },
    });
    expect(finish).toMatchObject({ reason: "stop" });
    expect(JSON.parse(text)).toEqual({ name: expect.any(String), big: expect.any(Boolean) });
  });

  test("refuses what is longer than its context as `context_length_exceeded`", async () => {
    const { error } = await ask({ messages: [{ role: "user", content: "sea ".repeat(3000) }] });
    expect(error).toMatchObject({ code: "context_length_exceeded" });
  });

  test("stops to work within 200 ms of an abort", async () => {
    const controller = new AbortController();
    const parts = provider.stream({
      messages: QUESTION,
      signal: controller.signal,
      settings: { maxOutputTokens: 800, temperature: 1 },
    });
    let pieces = 0;
    await expect(
      (async () => {
        for await (const part of parts)
          if (part.type === "text-delta" && ++pieces === 3) controller.abort(new Error("Enough."));
      })(),
    ).rejects.toThrow("Enough.");
    const abortedAt = performance.now();
    while ((await busy()) > 0) expect(performance.now() - abortedAt).toBeLessThan(200);
  });

  test("goes on behind a beginning, and does not say that again", async () => {
    const whole = await ask();
    const pieces = whole.parts.flatMap((part) => (part.type === "text-delta" ? [part.text] : []));
    const beginning = pieces.slice(0, 8).join("");
    const { text, error } = await ask({
      messages: [...QUESTION, { role: "assistant", content: beginning }],
      settings: { maxOutputTokens: 8 },
    });
    expect(error).toBeUndefined();
    expect(text).not.toBe("");
    expect(text.startsWith(beginning)).toBe(false);
  });

  test("answers fifty at once, in turns", async () => {
    await using router = createRouter({ plugins: [provider] });
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        router.complete({ model: "llama", messages: QUESTION, settings: { temperature: 0, maxOutputTokens: 3 } }),
      ),
    );
    expect(new Set(answers.map(({ finishReason }) => finishReason))).toEqual(new Set(["length"]));
  });

  test("lists its model", async () => {
    expect(await provider.listModels()).toMatchObject([{ id: expect.any(String) }]);
  });

  test("takes any name, which `strictModel` does not", async () => {
    const options = { id: "llama", baseURL: `${model.url}/v1`, models: ["no-such-model"] } as const;
    const lax = openaiCompatible(options);
    const strict = openaiCompatible({ ...options, strictModel: true });
    const request = { messages: QUESTION, settings: { maxOutputTokens: 2 } };
    expect((await heard(lax.stream(request))).error).toBeUndefined();
    expect(await heard(strict.stream(request))).toMatchObject({ parts: [], error: { code: "unsupported" } });
    await Promise.all([lax.close(), strict.close()]);
  });
});
