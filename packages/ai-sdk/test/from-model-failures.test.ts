import type { LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { createRouter, QwenError } from "@qwen/core";
import { scriptedProvider } from "@qwen/testing";
import { generateText, streamText } from "ai";
import type { MockLanguageModelV4 } from "ai/test";
import { describe, expect, test } from "vitest";

import { createRouterProvider, fromLanguageModel } from "../src/index.ts";
import { END, hello, messages, mock, read, saying, streamOf, text, type Doing } from "./scripted-models.ts";

describe("fromLanguageModel()", () => {
  test("lets `prepare` make the options of each call, and ends the request with what it throws", async () => {
    const model = saying(...hello);
    const prepared = fromLanguageModel(model, {
      id: "a",
      prepare: async (options, given) => ({ ...options, temperature: given.model === model ? 1 : 0 }),
    });
    await read(prepared);
    expect(model.doStreamCalls[0]).toMatchObject({ temperature: 1 });
    const wrong = new RangeError("mine");
    const thrown: unknown[] = [wrong, "a word", new QwenError("connection", "of another call")];
    for (const mistake of thrown) {
      const broken = fromLanguageModel(model, { id: "a", prepare: () => Promise.reject(mistake) });
      const next = scriptedProvider({ id: "b", script: ["never"], models: [{ id: "m" }] });
      const error = await createRouter({ plugins: [broken, next] })
        .complete({ model: "m", messages })
        .catch((failed: unknown) => failed);
      expect(error).toBeInstanceOf(Error);
      if (mistake === wrong) expect(error).toBe(wrong);
      else expect(error).toHaveProperty("cause", mistake);
      expect(next.calls).toEqual([]);
    }
    expect(model.doStreamCalls).toHaveLength(1);
    const forEver = fromLanguageModel(model, { id: "a", prepare: () => new Promise(() => {}) });
    const late = await createRouter({ plugins: [forEver] })
      .complete({ model: "m", messages, timeouts: { totalMs: 30 } })
      .catch((failed: unknown) => failed);
    expect(late).toMatchObject({ code: "timeout", phase: "total" });
  });

  const cut = { ...END, finishReason: { unified: "interrupted", raw: undefined } };
  test.each<[string, Doing, string, string?]>([
    ["rejects with a string", () => Promise.reject("no"), "protocol"],
    [
      "throws before it returns a promise",
      () => {
        throw new RangeError("no");
      },
      "protocol",
    ],
    ["returns nothing", () => undefined as never, "protocol"],
    ["returns no stream", () => Promise.resolve({}) as never, "protocol"],
    ["yields null", () => Promise.resolve({ stream: streamOf([null]) }), "protocol"],
    ["yields text that is none", () => Promise.resolve({ stream: streamOf([text(7 as never)]) }), "protocol"],
    [
      "finishes without a reason",
      () => Promise.resolve({ stream: streamOf([text("a"), { type: "finish" }]) }),
      "stream_interrupted",
      "a",
    ],
    ["is refused by a vendor", () => Promise.reject(new TypeError("fetch failed")), "connection"],
    [
      "ends without a finish",
      () => Promise.resolve({ stream: streamOf([text("Hel"), text("lo")]) }),
      "stream_interrupted",
      "Hello",
    ],
    [
      "errors",
      () => Promise.resolve({ stream: streamOf([text("Hel")], new Error("reset")) }),
      "stream_interrupted",
      "Hel",
    ],
    ["is interrupted", () => Promise.resolve({ stream: streamOf([text("Hel"), cut]) }), "stream_interrupted", "Hel"],
    [
      "says an error",
      () => Promise.resolve({ stream: streamOf([text("Hel"), { type: "error", error: "no" }, text("lo"), END]) }),
      "stream_interrupted",
      "Hel",
    ],
    ["ends in silence", () => Promise.resolve({ stream: streamOf([]) }), "stream_interrupted", ""],
  ])("fails with an error of the family where the model %s", async (_, doStream, code, said) => {
    const { error, parts } = await read(fromLanguageModel(mock(doStream), { id: "a" }));
    expect(error).toMatchObject({ code, provider: "a", ...(said !== undefined && { text: said }) });
    expect(parts.some(({ type }) => type === "finish")).toBe(false);
  });

  test("keeps the limits of its calls, pings being no sign of an answer", async () => {
    const pinging = (...first: LanguageModelV4StreamPart[]): MockLanguageModelV4 =>
      mock(() =>
        Promise.resolve({
          stream: new ReadableStream<LanguageModelV4StreamPart>({
            start: (controller) => first.forEach((part) => controller.enqueue(part)),
            async pull(controller) {
              await new Promise((resolve) => setTimeout(resolve, 10));
              controller.enqueue({ type: "ping" });
            },
          }),
        }),
      );
    const timeouts = { firstOutputMs: 40, idleMs: 50 };
    expect((await read(fromLanguageModel(pinging(), { id: "a", timeouts }))).error).toMatchObject({
      phase: "first-output",
    });
    expect((await read(fromLanguageModel(pinging(text("Hel")), { id: "a", timeouts }))).error).toMatchObject({
      phase: "idle",
    });
    const silent = mock(() => new Promise(() => {}));
    expect((await read(fromLanguageModel(silent, { id: "a", timeouts }))).error).toMatchObject({
      phase: "first-output",
    });
    expect(silent.doStreamCalls[0]?.abortSignal?.aborted).toBe(true);
  });

  test("keeps the limits of its calls where a model pings without a pause", async () => {
    const until = performance.now() + 1500;
    const breathless = mock(() =>
      Promise.resolve({
        stream: new ReadableStream<LanguageModelV4StreamPart>({
          pull(controller) {
            if (performance.now() < until) controller.enqueue({ type: "ping" });
            else controller.close();
          },
        }),
      }),
    );
    const { error } = await read(fromLanguageModel(breathless, { id: "a", timeouts: { firstOutputMs: 20 } }));
    expect(error).toMatchObject({ code: "timeout", phase: "first-output" });
  });

  test("stands in a route behind a Space, and in front of the AI SDK again", async () => {
    const dying = scriptedProvider({ id: "space", models: [{ id: "s" }], script: ["Hel", new Error("gone")] });
    const router = createRouter({
      plugins: [dying, fromLanguageModel(saying(...hello), { id: "paid" })],
      routes: { smart: ["s", "paid/m"] },
      retry: { maxAttempts: 2, baseDelayMs: 0 },
    });
    const model = createRouterProvider({ router })("smart");
    const { text: whole, providerMetadata } = await generateText({ model, prompt: "Hi" });
    expect(whole).toBe("Hello");
    expect(providerMetadata?.["qwen"]).toMatchObject({
      attempts: [{ provider: "space", code: "stream_interrupted" }, {}],
    });
    const held = streamText({ model, prompt: "Hi", providerOptions: { qwen: { commit: "buffered" } } });
    expect(await held.text).toBe("Hello");
  });

  test.each([
    [undefined, { id: "a" }, "model"],
    ["gpt", { id: "a" }, "string"],
    [{}, { id: "a" }, "model"],
    [{ one: "gpt" }, { id: "a" }, 'model["one"]'],
    [{ one: { specificationVersion: "v2" } }, { id: "a" }, "wrapLanguageModel"],
    [{ specificationVersion: "v3" }, { id: "a" }, "wrapLanguageModel"],
    [
      {
        get one() {
          throw new Error("no");
        },
      },
      { id: "a" },
      "it throws",
    ],
    [saying(), undefined, "options"],
    [saying(), {}, "id"],
    [saying(), { id: "a/b" }, "id"],
    [saying(), { id: "a", prepare: 1 }, "prepare"],
    [saying(), { id: "a", capabilities: { image: true } }, "image"],
    [saying(), { id: "a", timeouts: { idleMs: 0 } }, "idleMs"],
    [saying(), { id: "a", prepair: () => {} }, "prepare"],
  ])("is a TypeError for what is no model or option, which it names", (model, options, named) => {
    expect(() => fromLanguageModel(model as never, options as never)).toThrow(TypeError);
    expect(() => fromLanguageModel(model as never, options as never)).toThrow(named);
  });

  test("refuses options of a vendor of the wrong shape as invalid_request, and asks nobody", async () => {
    const model = saying(...hello);
    for (const own of [7, "x", [], { openai: 1 }])
      expect((await read(fromLanguageModel(model, { id: "a" }), { providerOptions: { a: own } })).error).toMatchObject({
        code: "invalid_request",
        message: expect.stringContaining("providerOptions.a"),
      });
    expect(model.doStreamCalls).toEqual([]);
  });
});
