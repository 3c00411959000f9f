import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4Prompt } from "@ai-sdk/provider";
import { createRouter, type ProviderPart, type ProviderRequest } from "@qwen/core";
import { beforeEach, describe, expect, test, vi } from "vitest";

// What a call takes is loaded with the first one: here each test has one, as each process has.

beforeEach(() => vi.resetModules());

const prompt = (): LanguageModelV4Prompt => [{ role: "user", content: [{ type: "text", text: "Hi" }] }];

async function routerModel() {
  const { createRouterProvider } = await import("../src/index.ts");
  const asked: ProviderRequest[] = [];
  const provider = {
    id: "a",
    models: [{ id: "m" }],
    async *stream(request: ProviderRequest): AsyncGenerator<ProviderPart> {
      asked.push(request);
      yield { type: "text-delta", text: "Hello" };
      yield { type: "finish", reason: "stop", warnings: [] };
    },
  } as const;
  return { model: createRouterProvider({ router: createRouter({ plugins: [provider] }) })("m"), asked };
}

async function fallback() {
  const { createFallback } = await import("../src/index.ts");
  const asked: LanguageModelV4CallOptions[] = [];
  const ask = async (options: LanguageModelV4CallOptions): Promise<never> => {
    asked.push(options);
    throw new Error("It is down.");
  };
  const one: LanguageModelV4 = {
    specificationVersion: "v4",
    provider: "p",
    modelId: "m",
    supportedUrls: {},
    doGenerate: ask,
    doStream: ask,
  };
  return { model: createFallback({ models: [one] }), asked };
}

describe("a first call to a router's model", () => {
  test("asks what its prompt was at the call", async () => {
    const { model, asked } = await routerModel();
    const mine = prompt();
    const answer = model.doGenerate({ prompt: mine });
    mine.length = 0;
    expect((await answer).content).toEqual([{ type: "text", text: "Hello" }]);
    expect(asked[0]?.messages).toMatchObject([{ role: "user" }]);
  });

  test.each([undefined, null, 7, { prompt: 7 }])("that is none (%j) is told as one", async (given) => {
    const { model, asked } = await routerModel();
    await expect(model.doStream(given as never)).rejects.toMatchObject({
      name: expect.stringMatching(/^AI_(?:APICall|InvalidPrompt)Error$/),
    });
    expect(asked).toEqual([]);
  });
});

describe.each([
  ["a router's model", routerModel],
  ["a fallback", fallback],
])("a first call to %s", (_, make) => {
  test.each(["doGenerate", "doStream"] as const)(
    "that is left before its code is there asks nobody: %s",
    async (ask) => {
      const { model, asked } = await make();
      const caller = new AbortController();
      const answer = Promise.resolve(model[ask]({ prompt: prompt(), abortSignal: caller.signal }));
      const reason = new Error("enough");
      caller.abort(reason);
      await expect(answer).rejects.toBe(reason);
      expect(asked).toEqual([]);
    },
  );
});
