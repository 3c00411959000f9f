import { APICallError, InvalidPromptError, NoSuchModelError } from "@ai-sdk/provider";
import { createRouter, QwenError } from "@qwen/core";
import { createProviderRegistry, generateText, streamText, wrapLanguageModel } from "ai";
import { describe, expect, test } from "vitest";

import { createRouterProvider } from "../src/router-provider.ts";
import { modelOf, prompt, read, rejection, scripted } from "./router-models.ts";

const hello = ["Hello", " world"];

describe("createRouterProvider()", () => {
  test("gives a model by every name of the router, to be called or asked for", async () => {
    const router = createRouter({ plugins: [scripted(hello)], routes: { smart: "m" } });
    const qwen = createRouterProvider({ router });
    expect(qwen.specificationVersion).toBe("v4");
    for (const model of [qwen("smart"), qwen("m"), qwen.languageModel("a/m")]) {
      expect(model).toMatchObject({ specificationVersion: "v4", provider: "qwen" });
      expect((await generateText({ model, prompt: "Hi" })).text).toBe("Hello world");
    }
  });

  test("answers generateText and streamText, and says who answered", async () => {
    const model = modelOf([
      scripted([new QwenError("authentication", "Refused by 10.0.0.1.")], {}, "a"),
      scripted(hello, {}, "b"),
    ]);
    const whole = await generateText({ model, prompt: "Hi" });
    expect(whole.text).toBe("Hello world");
    expect(whole.response.modelId).toBe("m");
    const told = {
      provider: "b",
      model: "m",
      attempts: [
        { provider: "a", model: "m", code: "authentication", ms: expect.any(Number) },
        { provider: "b", model: "m", ms: expect.any(Number) },
      ],
    };
    expect(whole.providerMetadata?.["qwen"]).toEqual(told);
    const streamed = streamText({ model, prompt: "Hi" });
    expect(await Array.fromAsync(streamed.textStream)).toEqual(hello);
    expect((await streamed.response).modelId).toBe("m");
    expect((await streamed.providerMetadata)?.["qwen"]).toEqual(told);
    expect(await streamed.finishReason).toBe("stop");
  });

  test("stands in a registry as @qwen, with a slash behind it, and under wrapLanguageModel", async () => {
    const router = createRouter({ plugins: [scripted(hello)], routes: { max: "a/m" } });
    const registry = createProviderRegistry({ "@qwen": createRouterProvider({ router }) }, { separator: "/" });
    const model = registry.languageModel("@qwen/max");
    expect((await generateText({ model, prompt: "Hi" })).text).toBe("Hello world");
    const same = await generateText({ model: registry.languageModel("@qwen/a/m"), prompt: "Hi" });
    expect(same.text).toBe("Hello world");
    const wrapped = wrapLanguageModel({
      model,
      middleware: { specificationVersion: "v4", overrideModelId: () => "mine" },
    });
    expect((await generateText({ model: wrapped, prompt: "Hi" })).text).toBe("Hello world");
  });

  test.each([
    ["languageModel", "smrat", 'The router has no model "smrat". Did you mean "smart"?'],
    ["embeddingModel", "smrat", 'so no embeddingModel "smrat". It has the language model "smart"'],
    ["imageModel", "smart", 'so no imageModel "smart". It has the language model "smart"'],
  ] as const)("refuses an unknown %s with NoSuchModelError, and names the nearest", (kind, name, message) => {
    const qwen = createRouterProvider({ router: createRouter({ plugins: [scripted(hello)], routes: { smart: "m" } }) });
    try {
      qwen[kind](name);
      expect.unreachable();
    } catch (error) {
      expect(NoSuchModelError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({ modelId: name, modelType: kind, message: expect.stringContaining(message) });
    }
  });

  test.each([undefined, null, 7, "", "__proto__", "constructor", {}, "x".repeat(100_000)])(
    "refuses %s as a name with NoSuchModelError",
    (name) => {
      const qwen = createRouterProvider({ router: createRouter({ plugins: [scripted(hello)] }) });
      expect(() => qwen(name as never)).toThrow(NoSuchModelError);
    },
  );

  test.each([undefined, null, "router", {}, { router: undefined }, { router: {} }, { router: null }, { rooter: 1 }])(
    "is a TypeError for %j, which is no router",
    (options) => {
      expect(() => createRouterProvider(options as never)).toThrow(TypeError);
    },
  );

  test("knows what plugins add later", () => {
    const router = createRouter({ plugins: [scripted(hello)] });
    const qwen = createRouterProvider({ router });
    expect(() => qwen("late")).toThrow(NoSuchModelError);
    router.use({ id: "z", models: [{ id: "late" }], stream: scripted(hello).stream });
    expect(qwen("late").modelId).toBe("late");
  });
});

describe("a call that fails", () => {
  test("before its first output rejects with an APICallError that nobody retries, its error as cause", async () => {
    const provider = scripted([new QwenError("authentication", "Wait, said secret.example.", { status: 401 })]);
    const model = modelOf(provider);
    for (const way of ["doStream", "doGenerate"] as const) {
      const error = await rejection(model[way]({ prompt }));
      expect(APICallError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({
        statusCode: 401,
        isRetryable: false,
        requestBodyValues: {},
        cause: { code: "authentication" },
      });
      expect(JSON.stringify(error) + String(error)).not.toContain("secret.example");
    }
    expect(provider.calls).toHaveLength(2);
  });

  test("once it has begun ends with an error part and a finish that says interrupted, and what was tried", async () => {
    const { parts, error } = await read(modelOf(scripted(["Hel", new Error("Reset.")])));
    expect(error).toBeUndefined();
    expect(parts.map(({ type }) => type)).toEqual([
      "stream-start",
      "response-metadata",
      "text-start",
      "text-delta",
      "text-end",
      "error",
      "finish",
    ]);
    expect(parts.at(-2)).toMatchObject({
      error: { isRetryable: false, cause: { code: "stream_interrupted", text: "Hel" } },
    });
    expect(parts.at(-1)).toMatchObject({
      finishReason: { unified: "interrupted" },
      usage: { inputTokens: { total: undefined }, outputTokens: { total: undefined } },
      providerMetadata: {
        qwen: { provider: "a", model: "m", attempts: [{ provider: "a", code: "stream_interrupted" }] },
      },
    });
  });

  test("is thrown only where the caller aborts, with the caller's reason", async () => {
    const reason = new Error("enough");
    const abort = new AbortController();
    const provider = scripted(["Hel", { waitMs: 10_000 }, "lo"]);
    const { stream } = await modelOf(provider).doStream({ prompt, abortSignal: abort.signal });
    const reading = Array.fromAsync(stream);
    abort.abort(reason);
    expect(await rejection(reading)).toBe(reason);
    expect(provider.calls[0]?.state).toBe("stopped");
  });

  test("that came before an abort and is told behind it shows no more than any other", async () => {
    const abort = new AbortController();
    const { stream } = await modelOf(scripted(["Hel", new Error("Reset.")])).doStream({
      prompt,
      abortSignal: abort.signal,
    });
    const reader = stream.getReader();
    for (let at = 0; at < 4; at++) await reader.read();
    await new Promise((resolve) => setTimeout(resolve, 0));
    abort.abort();
    const parts: unknown[] = [];
    for (let next = await reader.read(); !next.done; next = await reader.read()) parts.push(next.value);
    expect(parts.at(-2)).toMatchObject({ type: "error", error: { name: "AI_APICallError" } });
    expect(parts.at(-1)).toMatchObject({ type: "finish", finishReason: { unified: "interrupted" } });
  });

  test("rejects with the reason of a signal that is aborted already, and asks nobody", async () => {
    const provider = scripted(hello);
    const reason = { any: "thing" };
    const abortSignal = AbortSignal.abort(reason);
    expect(await rejection(modelOf(provider).doStream({ prompt, abortSignal }))).toBe(reason);
    expect(await rejection(modelOf(provider).doGenerate({ prompt, abortSignal }))).toBe(reason);
    expect(await rejection(modelOf(provider).doGenerate({ prompt: [], abortSignal }))).toBe(reason);
    expect(provider.calls).toHaveLength(0);
  });

  test("stops its work where the stream is cancelled", async () => {
    const provider = scripted(["Hel", { waitMs: 10_000 }, "lo"]);
    const { stream } = await modelOf(provider).doStream({ prompt });
    const reader = stream.getReader();
    for (let at = 0; at < 4; at++) await reader.read();
    const pending = reader.read();
    await reader.cancel();
    expect((await pending).done).toBe(true);
    expect(provider.calls[0]?.state).toBe("stopped");
  });

  test("leaves tools and JSON to models that have them, and says so without a status", async () => {
    const plain = scripted(hello);
    const tools = [{ type: "function", name: "clock", inputSchema: { type: "object" } }] as const;
    const error = await rejection(modelOf(plain).doStream({ prompt, tools: [...tools] }));
    expect(error).toMatchObject({ isRetryable: false, cause: { code: "unsupported" } });
    expect((error as APICallError).statusCode).toBeUndefined();
    expect(plain.calls).toHaveLength(0);
    const able = scripted(hello, { tools: true, json: true }, "b");
    expect((await read(modelOf([plain, able]), { tools: [...tools] })).error).toBeUndefined();
    expect((await read(modelOf([plain, able]), { responseFormat: { type: "json" } })).error).toBeUndefined();
    expect(plain.calls).toHaveLength(0);
  });

  test.each([
    [{ timeouts: { totalMs: "1s" } }, "providerOptions.qwen.timeouts.totalMs"],
    [{ timeouts: { totalms: 1 } }, "totalms"],
    [{ timeouts: 7 }, "providerOptions.qwen.timeouts"],
    [{ commit: "late" }, "providerOptions.qwen.commit"],
    [{ commit: { continue: "prefill" } }, "providerOptions.qwen.commit"],
    [{ maxQueueMs: -1 }, "providerOptions.qwen.maxQueueMs"],
    [{ conversation: 7 }, "providerOptions.qwen.conversation"],
    [{ onConversationLost: "cry" }, "providerOptions.qwen.onConversationLost"],
    [{ retry: { maxAttempts: 99 } }, "retry"],
    [{ maxQueueMS: 7 }, "maxQueueMs"],
    ["fast", "providerOptions.qwen"],
    [["fast"], "providerOptions.qwen"],
  ])(
    "refuses providerOptions.qwen of the wrong shape, %j, as invalid_request that names the key, and sends nothing",
    async (qwen, key) => {
      const provider = scripted(hello);
      const error = await rejection(modelOf(provider).doStream({ prompt, providerOptions: { qwen: qwen as never } }));
      expect(APICallError.isInstance(error)).toBe(true);
      expect(error).toMatchObject({
        isRetryable: false,
        message: expect.stringContaining(key),
        cause: { code: "invalid_request" },
      });
      expect(provider.calls).toHaveLength(0);
    },
  );

  test.each([
    [undefined],
    [{ prompt, tools: "clock" }],
    [{ prompt, tools: [null] }],
    [{ prompt, temperature: "hot" }],
    [{ prompt, responseFormat: "json" }],
    [{ prompt, reasoning: "very" }],
  ])("refuses options of the wrong shape as invalid_request, and sends nothing: %o", async (options) => {
    const provider = scripted(hello, { tools: true, json: true });
    const error = await rejection(modelOf(provider).doStream(options as never));
    expect(error).toMatchObject({ isRetryable: false, cause: { code: "invalid_request" } });
    expect(provider.calls).toHaveLength(0);
  });

  test("takes what is null for what is not set, and says what is no signal", async () => {
    const unset = {
      temperature: null,
      topK: null,
      stopSequences: null,
      tools: null,
      headers: null,
      providerOptions: null,
    };
    expect((await read(modelOf(scripted(hello)), unset as never)).parts.at(-1)).toMatchObject({ type: "finish" });
    const error = await rejection(modelOf(scripted(hello)).doStream({ prompt, abortSignal: "now" as never }));
    expect(error).toMatchObject({ name: "TypeError", message: expect.stringContaining("AbortSignal") });
  });

  test("refuses an empty prompt with InvalidPromptError", async () => {
    const provider = scripted(hello);
    const empties: unknown[] = [
      [],
      undefined,
      "Hi",
      [{ role: "user", content: [] }],
      [{ role: "assistant", content: [{ type: "custom", kind: "openai.compaction" }] }],
    ];
    for (const empty of empties)
      expect(
        InvalidPromptError.isInstance(await rejection(modelOf(provider).doStream({ prompt: empty as never }))),
      ).toBe(true);
    expect(provider.calls).toHaveLength(0);
  });
});

describe("limits of a call", () => {
  test("hold where they are below the router's, and never beyond them", async () => {
    const provider = scripted([{ waitMs: 300 }, "late"]);
    const limits = async (own: number | undefined, qwen: object): Promise<unknown> => {
      const model = modelOf(provider, { timeouts: { firstOutputMs: own, totalMs: 5000 } });
      return rejection(model.doStream({ prompt, providerOptions: { qwen: qwen as never } }));
    };
    const shorter = await limits(10_000, { timeouts: { firstOutputMs: 20 } });
    expect(shorter).toMatchObject({ cause: { code: "timeout", phase: "first-output", limitMs: 20 } });
    const longer = await limits(20, { timeouts: { firstOutputMs: Infinity } });
    expect(longer).toMatchObject({ cause: { code: "timeout", phase: "first-output", limitMs: 20 } });
    const total = await limits(10_000, { timeouts: { totalMs: 20 } });
    expect(total).toMatchObject({ cause: { code: "timeout", phase: "total", limitMs: 20 } });
  });

  test("reach the provider with the options of others", async () => {
    const provider = scripted(hello);
    await read(modelOf(provider, { maxQueueMs: 500 }), {
      providerOptions: { qwen: { maxQueueMs: 100 }, openai: { store: true } },
    });
    await read(modelOf(provider, { maxQueueMs: 500 }), { providerOptions: { qwen: { maxQueueMs: 1000 } } });
    const [one, other] = provider.calls.map(({ request }) => request);
    expect(one).toMatchObject({ maxQueueMs: 100, providerOptions: { openai: { store: true } } });
    expect(one?.providerOptions).not.toHaveProperty("qwen");
    expect(other).toMatchObject({ maxQueueMs: 500 });
  });
});
