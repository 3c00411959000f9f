import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4 } from "@ai-sdk/provider";
import { modelId, startModel } from "@qwen/local-spaces";
import { createOpenAIEmulator } from "@qwen/testing";
import { generateText, jsonSchema, Output, streamText } from "ai";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createFallback, type FallbackLanguageModel, type FallbackOptions } from "../src/index.ts";

type Server = Awaited<ReturnType<typeof startModel>>;

const start = () => startModel({ slots: 1, contextTokens: 1024 });
let server: Server;
let healthy: Awaited<ReturnType<typeof createOpenAIEmulator>>;
beforeAll(async () => {
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  [server, healthy] = await Promise.all([start(), createOpenAIEmulator({ models: { healthy: "I am healthy." } })]);
}, 120_000);
afterAll(async () => {
  await Promise.all([server?.stop(), healthy?.close()]);
});

const PROMPT = "Tell me about the sea, in a few sentences.";

/** The clients of the AI SDK that people have for such a server. */
const clients: Readonly<Record<string, () => LanguageModelV4>> = {
  "@ai-sdk/openai-compatible": () =>
    createOpenAICompatible({
      name: "llama",
      baseURL: `${server.url}/v1`,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })(modelId),
  "@ai-sdk/openai": () => createOpenAI({ name: "llama", baseURL: `${server.url}/v1`, apiKey: "any" }).chat(modelId),
};

// On a busy machine the first token may take its time.
function fallbackOf(client: string, options: Omit<FallbackOptions, "models"> = {}) {
  const second = createOpenAICompatible({ name: "second", baseURL: healthy.url })("healthy");
  return createFallback({ models: [clients[client]!(), second], retry: { baseDelayMs: 0 }, ...options });
}

/** Reads a stream, and lets something happen behind so many pieces of it. */
async function until(pieces: number, happens: () => void, model: LanguageModelV4) {
  const told = { text: "", error: undefined as unknown, reason: undefined as string | undefined };
  const { fullStream } = streamText({
    model,
    prompt: PROMPT,
    maxOutputTokens: 700,
    maxRetries: 0,
    onError: () => undefined,
  });
  let count = 0;
  for await (const part of fullStream) {
    if (part.type === "text-delta") {
      told.text += part.text;
      if (++count === pieces) happens();
    } else if (part.type === "error") told.error = part.error;
    else if (part.type === "finish") told.reason = part.finishReason;
  }
  return told;
}

/** Lets something happen at the first output, though nobody sees it. */
function atFirstOutput({ observe }: FallbackLanguageModel, happens: () => void): void {
  let count = 0;
  observe(({ type }) => {
    if (type === "output" && ++count === 1) happens();
  });
}

async function busySlots(): Promise<number> {
  const slots = (await (await fetch(`${server.url}/slots`)).json()) as readonly { readonly is_processing: boolean }[];
  return slots.filter((slot) => slot.is_processing).length;
}

describe.each(Object.keys(clients))("a fallback over a real llama.cpp, through %s", (client) => {
  test("says what the wire says, as `openai` reads it, streamed and whole", async () => {
    const common = { model: fallbackOf(client), prompt: PROMPT, temperature: 0, maxOutputTokens: 24, maxRetries: 0 };
    const wire = await new OpenAI({
      baseURL: `${server.url}/v1`,
      apiKey: "any",
      maxRetries: 0,
    }).chat.completions.create({
      model: modelId,
      messages: [{ role: "user", content: PROMPT }],
      temperature: 0,
      max_tokens: 24,
    });
    const streamed = streamText(common);
    const whole = await generateText(common);
    const said = wire.choices[0]?.message.content;
    expect(said).not.toBe("");
    expect([await streamed.text, whole.text]).toEqual([said, said]);
    expect([await streamed.finishReason, whole.finishReason]).toEqual(["length", "length"]);
    expect(whole.usage.outputTokens).toBe(wire.usage?.completion_tokens);
    expect((await streamed.response).modelId).toEqual(expect.any(String));
    expect(whole.providerMetadata).toMatchObject({ qwen: { model: modelId, attempts: [{ model: modelId }] } });
  });

  test("gives an object of the schema that the server enforces", async () => {
    const schema = jsonSchema<{ name: string; big: boolean }>({
      type: "object",
      properties: { name: { type: "string", maxLength: 20 }, big: { type: "boolean" } },
      required: ["name", "big"],
      additionalProperties: false,
    });
    const { output } = await generateText({
      model: fallbackOf(client),
      prompt: "Name an animal.",
      output: Output.object({ schema }),
      maxOutputTokens: 100,
      maxRetries: 0,
    });
    expect(output).toEqual({ name: expect.any(String), big: expect.any(Boolean) });
  });

  test("goes on to the next model with a prompt that is too long for this one", async () => {
    const { text, providerMetadata } = await generateText({
      model: fallbackOf(client),
      prompt: "sea ".repeat(3000),
      maxRetries: 0,
    });
    expect(text).toBe("I am healthy.");
    expect(providerMetadata).toMatchObject({
      qwen: { attempts: [{ code: "context_length_exceeded" }, { model: "healthy" }] },
    });
  });

  test("leaves the server free after an abort", async () => {
    const abort = new AbortController();
    const { fullStream } = streamText({
      model: fallbackOf(client),
      prompt: PROMPT,
      maxOutputTokens: 700,
      maxRetries: 0,
      abortSignal: abort.signal,
    });
    const seen: string[] = [];
    for await (const { type } of fullStream) {
      seen.push(type);
      if (type === "text-delta") abort.abort();
    }
    expect(seen).toContain("abort");
    const abortedAt = performance.now();
    while ((await busySlots()) > 0) expect(performance.now() - abortedAt).toBeLessThan(5000);
  });

  test("ends by the idle clock where the server is paused, and is answered by the next model where output is held", async () => {
    const options: Omit<FallbackOptions, "models"> = { timeouts: { idleMs: 500 } };
    const shown = await until(5, () => process.kill(server.pid, "SIGSTOP"), fallbackOf(client, options));
    process.kill(server.pid, "SIGCONT");
    expect(shown).toMatchObject({ reason: "interrupted", error: { cause: { code: "timeout", phase: "idle" } } });
    expect(shown.text).not.toBe("");
    while ((await busySlots()) > 0);
    const held = fallbackOf(client, { ...options, commit: "buffered" });
    atFirstOutput(held, () => process.kill(server.pid, "SIGSTOP"));
    const { text } = await until(Infinity, () => undefined, held);
    process.kill(server.pid, "SIGCONT");
    expect(text).toBe("I am healthy.");
  });

  test(
    "tells a server that was killed in mid-answer, and has the next model answer where output is held",
    { timeout: 120_000 },
    async () => {
      const shown = await until(5, () => process.kill(server.pid, "SIGKILL"), fallbackOf(client));
      expect(shown).toMatchObject({ reason: "interrupted", error: { cause: { code: "stream_interrupted" } } });
      expect(shown.text).not.toBe("");
      server = await start();
      const held = fallbackOf(client, { commit: "buffered" });
      atFirstOutput(held, () => process.kill(server.pid, "SIGKILL"));
      const { text, reason, error } = await until(Infinity, () => undefined, held);
      expect({ text, reason, error }).toEqual({ text: "I am healthy.", reason: "stop", error: undefined });
      server = await start();
    },
  );
});
