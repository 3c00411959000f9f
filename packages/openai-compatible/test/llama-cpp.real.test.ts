import { textOf, type Message, type ProviderRequest, type Settings } from "@qwen/core";
import { modelId, startModel } from "@qwen/local-spaces";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { llamaCpp } from "../src/index.ts";
import { heard } from "./scripted-endpoint.ts";

type Model = Awaited<ReturnType<typeof startModel>>;
type Provider = ReturnType<typeof ask>["provider"];

const start = () => startModel({ slots: 1, contextTokens: 1024 });
let model: Model;
const providers = new Set<Provider>();
beforeAll(async () => {
  model = await start();
}, 120_000);
afterAll(async () => {
  await Promise.all([...providers].map((provider) => provider.close()));
  await model?.stop();
});

const QUESTION: readonly Message[] = [{ role: "user", content: "Tell me about the sea, in a few sentences." }];
const HISTORY: readonly Message[] = [
  { role: "system", content: "You are a sailor, and brief." },
  { role: "user", content: "I am Ada." },
  { role: "assistant", content: "Ahoy, Ada." },
  ...QUESTION,
];

/** Asks the server where it is now. */
function ask(request: Partial<ProviderRequest> = {}) {
  const provider = llamaCpp({ baseURL: `${model.url}/v1` });
  providers.add(provider);
  const settings = { temperature: 0, maxOutputTokens: 24, ...request.settings };
  return { provider, parts: provider.stream({ messages: QUESTION, ...request, settings }) };
}

const told = (request?: Partial<ProviderRequest>) => heard(ask(request).parts);

/** Asks, and lets something happen behind so many pieces of the answer. */
async function until(pieces: number, happens: () => void, request: Partial<ProviderRequest>) {
  const { parts } = ask({ ...request, settings: { maxOutputTokens: 800 } });
  let said = 0;
  async function* watched() {
    for await (const part of parts) {
      yield part;
      if (part.type === "text-delta" && ++said === pieces) happens();
    }
  }
  return heard(watched());
}

const SCHEMA = {
  type: "object",
  properties: { name: { type: "string", maxLength: 20 }, big: { type: "boolean" } },
  required: ["name", "big"],
  additionalProperties: false,
};

describe("a real llama.cpp, by its preset", () => {
  test.each<[string, readonly Message[], Settings]>([
    ["temperature 0", QUESTION, { temperature: 0 }],
    ["a seed", QUESTION, { temperature: 0.8, seed: 7 }],
    ["a system prompt and a history", HISTORY, { temperature: 0 }],
    ["a stop and a nucleus", QUESTION, { temperature: 0.8, seed: 3, topP: 0.5, stopSequences: ["."] }],
    ["penalties", QUESTION, { temperature: 0, presencePenalty: 1, frequencyPenalty: 1 }],
    ["a schema", QUESTION, { temperature: 0, responseFormat: { type: "json", schema: SCHEMA } }],
  ])("says what it says through `openai` too, with %s", async (_, messages, settings) => {
    const { text, finish } = await told({ messages, settings });
    const client = new OpenAI({ baseURL: `${model.url}/v1`, apiKey: "none", maxRetries: 0 });
    const stream = await client.chat.completions.create({
      model: modelId,
      messages: messages.map((message) => ({ role: message.role as "user", content: textOf(message) })),
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: 24,
      temperature: settings.temperature ?? null,
      seed: settings.seed ?? null,
      top_p: settings.topP ?? null,
      presence_penalty: settings.presencePenalty ?? null,
      frequency_penalty: settings.frequencyPenalty ?? null,
      ...(settings.stopSequences !== undefined && { stop: [...settings.stopSequences] }),
      ...(settings.responseFormat !== undefined && {
        response_format: { type: "json_schema" as const, json_schema: { name: "answer", schema: SCHEMA } },
      }),
    });
    let beside = "";
    let reason: string | null = null;
    let tokens: number | undefined;
    for await (const { choices, usage } of stream) {
      beside += choices[0]?.delta.content ?? "";
      reason = choices[0]?.finish_reason ?? reason;
      tokens = usage?.completion_tokens ?? tokens;
    }
    expect(text).not.toBe("");
    expect(text).toBe(beside);
    expect(finish).toMatchObject({ rawReason: reason, usage: { outputTokens: tokens } });
  });

  test("honours limits, stops and the smallest choice", async () => {
    const greedy = await told();
    expect(greedy.finish).toMatchObject({ reason: "length", usage: { outputTokens: 24 } });
    expect((await told({ settings: { maxOutputTokens: 5 } })).finish).toMatchObject({ usage: { outputTokens: 5 } });
    expect((await told({ settings: { temperature: 1, topK: 1, seed: 1 } })).text).toBe(greedy.text);
    const [, word = ""] = greedy.text.split(" ");
    const stopped = await told({ settings: { stopSequences: [word] } });
    expect(stopped).toMatchObject({ finish: { reason: "stop" } });
    expect(greedy.text.startsWith(stopped.text)).toBe(true);
    expect(stopped.text).not.toContain(word);
  });

  test(
    "goes on behind each piece of an answer, and says how often as it had gone on before",
    { timeout: 120_000 },
    async () => {
      const whole = await told();
      const pieces = whole.parts.flatMap((part) => (part.type === "text-delta" ? [part.text] : []));
      let same = 0;
      for (let index = 1; index < pieces.length; index++) {
        const beginning = pieces.slice(0, index).join("");
        const { text, error } = await told({
          messages: [...QUESTION, { role: "assistant", content: beginning }],
          settings: { maxOutputTokens: pieces.length - index },
        });
        expect(error).toBeUndefined();
        expect(text.startsWith(beginning)).toBe(false);
        if (beginning + text === whole.text) same += 1;
      }
      console.log(`Prefill at every piece: ${same} of ${pieces.length - 1} go on with the original.`);
    },
  );

  test("that is paused in mid-answer ends by the idle clock, and answers again when it goes on", async () => {
    const startedAt = performance.now();
    const { text, finish, error } = await until(5, () => process.kill(model.pid, "SIGSTOP"), {
      timeouts: { idleMs: 500 },
    });
    process.kill(model.pid, "SIGCONT");
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(error).toMatchObject({ code: "timeout" });
    expect(finish).toBeUndefined();
    expect(text).not.toBe("");
    expect((await told()).error).toBeUndefined();
  });

  test(
    "that is killed in mid-answer is no `stop`, and says the same after it was started again",
    { timeout: 120_000 },
    async () => {
      const settings = { temperature: 0.8, seed: 7 };
      const before = await told({ settings });
      const { text, finish, error } = await until(5, () => process.kill(model.pid, "SIGKILL"), {});
      expect(error).toMatchObject({ code: "stream_interrupted" });
      expect(finish).toBeUndefined();
      expect(text).not.toBe("");
      expect((await told()).error).toMatchObject({ code: "connection" });
      model = await start();
      expect((await told({ settings })).text).toBe(before.text);
    },
  );
});
