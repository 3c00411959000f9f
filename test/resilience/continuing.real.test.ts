import { createRouter, type Message, type Provider, type ProviderPart, type ProviderRequest } from "@qwen/core";
import { modelId, startModel } from "@qwen/local-spaces";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

type Model = Awaited<ReturnType<typeof startModel>>;

let model: Model;
beforeAll(async () => {
  model = await startModel({ slots: 1, contextTokens: 1024 });
}, 120_000);
afterAll(() => model.stop());

interface Chunk {
  readonly choices: readonly [
    { readonly delta: { readonly content?: string | null }; readonly finish_reason?: string | null },
  ];
}

/** llama.cpp, wherever it is served at present. */
const llama: Provider = {
  id: "llama",
  models: [{ id: modelId, aliases: ["llama"], capabilities: { prefill: true } }],
  async *stream({ messages, settings, signal }: ProviderRequest): AsyncGenerator<ProviderPart> {
    const { temperature, seed } = settings ?? {};
    const response = await fetch(`${model.url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages, stream: true, max_tokens: 60, temperature, seed }),
      signal: signal ?? null,
    });
    let waiting = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (waiting + chunk).split("\n");
      waiting = lines.pop() ?? "";
      for (const line of lines) {
        if (!line.startsWith("data: {")) continue;
        const [{ delta, finish_reason: reason }] = (JSON.parse(line.slice(6)) as Chunk).choices;
        if (typeof delta.content === "string" && delta.content !== "")
          yield { type: "text-delta", text: delta.content };
        if (typeof reason === "string") {
          yield { type: "finish", reason: reason === "stop" ? "stop" : "length" };
          return;
        }
      }
    }
  },
};

const messages: readonly Message[] = [{ role: "user", content: "Tell me about the sea, in a few sentences." }];

/** Asks, and kills the model behind so many pieces, to start it again. */
async function askAndKill(settings: ProviderRequest["settings"]) {
  const retry = { baseDelayMs: 1000, maxDelayMs: 1000, maxAttempts: 200 };
  await using router = createRouter({ plugins: [llama], commit: "continue", breaker: false, retry });
  let text = "";
  let pieces = 0;
  let shown = "";
  let restarted: Promise<void> | undefined;
  for await (const part of router.stream({ model: "llama", messages, settings })) {
    if (part.type === "text-delta") {
      text += part.text;
      if (++pieces !== 12) continue;
      shown = text;
      process.kill(model.pid, "SIGKILL");
      restarted = startModel({ slots: 1, contextTokens: 1024 }).then((again) => {
        model = again;
      });
    } else if (part.type === "finish") {
      await restarted;
      return { text, shown, attempts: part.attempts };
    }
  }
  throw new Error("There is no finish.");
}

describe("a model that is killed in mid-answer and started again", () => {
  test.each([
    { temperature: 0, seed: 1 },
    { temperature: 0.7, seed: 7 },
  ])("says the rest of the same answer, with %j", { timeout: 120_000 }, async (settings) => {
    await using router = createRouter({ plugins: [llama] });
    const { text: original } = await router.complete({ model: "llama", messages, settings });
    const { text, attempts } = await askAndKill(settings);
    expect(text).toBe(original);
    expect(attempts.at(-1)).toMatchObject({ continuedBy: "replay" });
  });

  test("writes on behind what was shown, without a seed", { timeout: 120_000 }, async () => {
    const { text, shown, attempts } = await askAndKill({ temperature: 0.7 });
    expect(text.startsWith(shown)).toBe(true);
    expect(text.length).toBeGreaterThan(shown.length);
    expect(attempts.at(-1)).toMatchObject({ continuedBy: "prefill" });
  });
});
