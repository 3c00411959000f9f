import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { modelId, startModel } from "@qwen/local-spaces";
import { streamText } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";

import { createFallback, type FallbackOptions } from "../src/index.ts";

type Server = Awaited<ReturnType<typeof startModel>>;

const start = () => startModel({ slots: 1, contextTokens: 1024 });
let first: Server;
let mirror: Server;
beforeAll(async () => {
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  [first, mirror] = await Promise.all([start(), start()]);
}, 120_000);
afterAll(async () => {
  await Promise.all([first?.stop(), mirror?.stop()]);
});

const settings = { prompt: "Tell me about the sea, in a few sentences.", maxOutputTokens: 60, maxRetries: 0 };
const modelOf = (name: string, { url }: Server) => createOpenAICompatible({ name, baseURL: `${url}/v1` })(modelId);

/** Asks the first server, and lets something happen to it behind so many pieces of text. */
async function ask(
  { pieces, happens }: { pieces: number; happens: () => void },
  { temperature, ...options }: Omit<FallbackOptions, "models"> & { temperature: number },
) {
  const models = [modelOf("first", first), modelOf("mirror", mirror)] as const;
  const model = createFallback({ models, commit: "continue", retry: { baseDelayMs: 0 }, ...options });
  const result = streamText({ model, temperature, ...settings, onError: () => undefined });
  let text = "";
  let count = 0;
  for await (const piece of result.textStream) {
    text += piece;
    if (++count === pieces) happens();
  }
  const qwen = (await result.providerMetadata)?.["qwen"] as { attempts: readonly Record<string, unknown>[] };
  return { text, count, reason: await result.finishReason, attempts: qwen.attempts };
}

const nothing = { pieces: Infinity, happens: () => undefined };

test("a real llama.cpp that is paused in mid-answer is gone on with by its mirror, word for word", async () => {
  const undisturbed = await ask(nothing, { temperature: 0 });
  expect(undisturbed.attempts).toHaveLength(1);
  const paused = { pieces: 5, happens: () => process.kill(first.pid, "SIGSTOP") };
  const { text, reason, attempts } = await ask(paused, { temperature: 0, timeouts: { idleMs: 1500 } });
  process.kill(first.pid, "SIGCONT");
  expect({ text, reason }).toEqual({ text: undisturbed.text, reason: undisturbed.reason });
  expect(attempts[0]).toMatchObject({ provider: "first.chat", code: "timeout" });
  expect(attempts.at(-1)).toMatchObject({ provider: "mirror.chat", continuedBy: "replay" });
}, 60_000);

test("one that is killed is gone on with, and with another temperature ends where it differs, with an error", async () => {
  const undisturbed = await ask(nothing, { temperature: 0 });
  const killed = { pieces: 7, happens: () => process.kill(first.pid, "SIGKILL") };
  const { text, reason, attempts } = await ask(killed, { temperature: 0 });
  expect({ text, reason }).toEqual({ text: undisturbed.text, reason: undisturbed.reason });
  expect(attempts.at(-1)).toMatchObject({ provider: "mirror.chat", continuedBy: "replay" });
  expect(attempts.at(-1)?.["continuedAt"]).toBeGreaterThan(0);

  first = await start();
  const warm = await ask({ pieces: 3, happens: () => process.kill(first.pid, "SIGKILL") }, { temperature: 1.5 });
  const codes = warm.attempts.map(({ code }) => code);
  if (warm.reason === "interrupted") expect(codes).toContain("unsupported");
  else expect(warm.attempts.at(-1)).toHaveProperty("continuedBy");
  expect(warm.text).not.toBe("");
}, 120_000);
