import { createRouter, type ProviderRequest } from "@qwen/core";
import { createOpenAIEmulator, type OpenAIDialectName } from "@qwen/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import { dashscope, huggingFace, llamaCpp, lmStudio, ollama, openRouter, vllm } from "../src/index.ts";
import type { Make, Options } from "./preset.ts";
import { heard, json, QUESTION, startEndpoint, words } from "./scripted-endpoint.ts";

const models = ["model-a"] as const;

test.each<[string, Make, readonly (readonly [string, unknown])[]]>([
  [
    "dashscope",
    dashscope,
    [
      ["none", { enable_thinking: false }],
      ["high", { enable_thinking: true }],
    ],
  ],
  ["hugging-face", huggingFace, [["high", { reasoning_effort: "high" }]]],
  [
    "open-router",
    openRouter,
    [
      ["none", { reasoning: { effort: "none" } }],
      ["max", { reasoning: { effort: "xhigh" } }],
    ],
  ],
  [
    "ollama",
    ollama,
    [
      ["minimal", { reasoning_effort: "low" }],
      ["max", { reasoning_effort: "high" }],
    ],
  ],
  ["llama-cpp", llamaCpp, [["none", { chat_template_kwargs: { enable_thinking: false } }]]],
  ["vllm", vllm, [["low", { chat_template_kwargs: { enable_thinking: true, reasoning_effort: "low" } }]]],
  ["lm-studio", lmStudio, [["low", { reasoning_effort: "low" }]]],
])("%s() asks for thought as its vendor or server is asked", async (_, make, efforts) => {
  const { url: baseURL, requests } = await startEndpoint(words("Hello"));
  const provider = make({ baseURL, models });
  onTestFinished(() => provider.close());
  for (const [effort] of efforts)
    await heard(
      provider.stream({
        messages: QUESTION,
        settings: { reasoning: effort as "high" },
      }),
    );
  expect(requests.map(({ body }) => body)).toMatchObject(efforts.map(([, sent]) => sent));
});

test("ollama() says what Ollama would leave out without a word", async () => {
  const { url: baseURL, requests } = await startEndpoint(words("Hello"));
  const provider = ollama({ baseURL, models });
  onTestFinished(() => provider.close());
  const tools = [{ name: "weather", inputSchema: { type: "object" } }];
  const settings = { topK: 3, tools, toolChoice: "required" } as const;
  const { finish } = await heard(provider.stream({ messages: QUESTION, settings }));
  expect(finish?.warnings?.map(({ feature }) => feature).toSorted()).toEqual(["toolChoice", "topK"]);
  expect(requests[0]?.body).not.toHaveProperty("tool_choice");
});

const BEGINNING = [...QUESTION, { role: "assistant", content: "one two " }] as const;

describe("behind a last message of the assistant", () => {
  test.each<[OpenAIDialectName, Make, object]>([
    ["dashscope", dashscope, { enable_thinking: false }],
    [
      "vllm",
      vllm,
      {
        continue_final_message: true,
        add_generation_prompt: false,
        chat_template_kwargs: { enable_thinking: false },
      },
    ],
    ["llama.cpp", llamaCpp, { chat_template_kwargs: { enable_thinking: false } }],
  ])("a model of %s goes on without thinking, asked as it wants to be", async (dialect, make, sent) => {
    await using server = await createOpenAIEmulator({ dialect, models: { "model-a": ["one ", "two ", "three"] } });
    const provider = make({ baseURL: server.url, models });
    onTestFinished(() => provider.close());
    expect(provider.models[0]?.capabilities).toMatchObject({ prefill: true });
    const { text, error, finish } = await heard(provider.stream({ messages: BEGINNING }));
    expect({ text, error }).toEqual({ text: "three", error: undefined });
    expect(finish?.warnings).toEqual([]);
    // A model that thinks would refuse, or go on behind nothing.
    const settings = { reasoning: "high" } as const;
    const thoughtful = await heard(provider.stream({ messages: BEGINNING, settings }));
    expect(thoughtful.text).toBe("three");
    expect(thoughtful.finish?.warnings).toMatchObject([{ feature: "reasoning" }]);
    for (const { body } of server.requests) expect(body).toMatchObject(sent);
  });

  test.each<[string, Make]>([
    ["hugging-face", huggingFace],
    ["open-router", openRouter],
    ["ollama", ollama],
    ["lm-studio", lmStudio],
  ])("%s() asks nothing, unless its owner knows that the model can", async (_, make) => {
    const { url: baseURL, requests } = await startEndpoint(words("three"));
    const ask = async (options: Partial<Options>, messages: ProviderRequest["messages"]) => {
      const provider = make({ baseURL, models, ...options });
      onTestFinished(() => provider.close());
      return heard(provider.stream({ messages }));
    };
    expect((await ask({}, BEGINNING)).error).toMatchObject({ code: "unsupported" });
    expect(requests).toEqual([]);
    expect((await ask({ capabilities: { prefill: true } }, BEGINNING)).text).toBe("three");
  });

  test("an answer that breaks off is gone on with, by the next preset in its own way", async () => {
    await using first = await createOpenAIEmulator({
      dialect: "vllm",
      models: { "model-a": ["one ", "two ", "three ", "four"] },
      faults: [
        { name: "eof", after: 2, on: 1 },
        { name: "unavailable", on: [2, 3, 4] },
      ],
    });
    await using second = await createOpenAIEmulator({
      dialect: "dashscope",
      models: { "model-b": ["one ", "two ", "three ", "four"] },
    });
    await using router = createRouter({
      plugins: [
        vllm({ baseURL: first.url, models: ["model-a"] }),
        dashscope({ baseURL: second.url, models: ["model-b"] }),
      ],
      routes: { best: ["model-a", "model-b"] },
      commit: "continue",
    });
    const stream = router.stream({ model: "best", messages: QUESTION });
    let text = "";
    for await (const piece of stream.textStream) text += piece;
    expect(text).toBe("one two three four");
    const { attempts } = await stream.completion;
    expect(attempts.at(-1)).toMatchObject({ provider: "dashscope", continuedBy: "prefill", continuedAt: 8 });
    expect(second.requests.map(({ body }) => body)).toMatchObject([
      { messages: [{ role: "user" }, { role: "assistant", content: "one two ", partial: true }] },
    ]);
  });
});

test.each<[string, Make, object, object]>([
  [
    "dashscope",
    dashscope,
    { object: "list", data: [{ id: "qwen-plus", object: "model", created: 1, owned_by: "system" }] },
    { id: "qwen-plus", ownedBy: "system" },
  ],
  [
    "hugging-face",
    huggingFace,
    {
      data: [
        {
          id: "Qwen/Qwen3-32B",
          owned_by: "Qwen",
          providers: [
            { provider: "a", context_length: 40_960, supports_tools: true },
            { provider: "b", status: "live" },
            { provider: "c", context_length: 131_072 },
          ],
        },
      ],
    },
    { id: "Qwen/Qwen3-32B", ownedBy: "Qwen", contextTokens: 131_072 },
  ],
  [
    "open-router",
    openRouter,
    { data: [{ id: "qwen/qwen3-32b", name: "Qwen: Qwen3 32B", context_length: 40_960, pricing: { prompt: "0" } }] },
    { id: "qwen/qwen3-32b", label: "Qwen: Qwen3 32B", contextTokens: 40_960 },
  ],
  [
    "ollama",
    ollama,
    { object: "list", data: [{ id: "qwen3:8b", object: "model", owned_by: "library" }] },
    { id: "qwen3:8b", ownedBy: "library" },
  ],
  [
    "llama-cpp",
    llamaCpp,
    {
      models: [{ name: "smol", model: "smol" }],
      data: [{ id: "smol", owned_by: "llamacpp", meta: { n_ctx_train: 8192 } }],
    },
    { id: "smol", ownedBy: "llamacpp", contextTokens: 8192 },
  ],
  [
    "vllm",
    vllm,
    { data: [{ id: "Qwen/Qwen3-8B", owned_by: "vllm", max_model_len: 40_960 }] },
    { id: "Qwen/Qwen3-8B", ownedBy: "vllm", contextTokens: 40_960 },
  ],
  [
    "lm-studio",
    lmStudio,
    { data: [{ id: "qwen/qwen3-8b", object: "model", owned_by: "organization_owner" }] },
    { id: "qwen/qwen3-8b", ownedBy: "organization_owner" },
  ],
])("%s() lists the models with what is said of each", async (_, make, said, listed) => {
  const { url: baseURL, requests } = await startEndpoint(json(said));
  const provider = make({ baseURL, models, apiKey: "k-0123456789" });
  onTestFinished(() => provider.close());
  const all = await provider.listModels();
  expect(all).toEqual([{ ...listed, raw: expect.objectContaining({ id: all[0]?.id }) }]);
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual(["GET /v1/models"]);
});
