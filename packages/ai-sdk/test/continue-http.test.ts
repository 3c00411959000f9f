import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { createOpenAIEmulator, type OpenAIFault } from "@qwen/testing";
import { readUIMessageStream, streamText, type UIMessage } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { shareOf } from "../../../test/share.ts";
import { createFallback, type FallbackLanguageModel } from "../src/index.ts";
import { startCuttingProxy, type Cut, type CutHow } from "./cutting-proxy.ts";
import { seeded } from "./seeded.ts";

const WORDS = [
  "The ",
  "sea ",
  "is ",
  "größer ",
  "als ",
  "das ",
  "Land",
  ": ",
  "🌊🏝️ ",
  "{}",
  "\n\n",
  "海は",
  "広い",
  "。",
];
const IDLE_MS = 700;

let server: Awaited<ReturnType<typeof createOpenAIEmulator>>;
beforeAll(async () => {
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  server = await createOpenAIEmulator();
});
afterAll(() => server.close());

let names = 0;
const modelAt = (baseURL: string, name: string) => createOpenAICompatible({ name, baseURL, includeUsage: true })(name);

/** Everything that a call tells its reader. */
async function told(model: FallbackLanguageModel) {
  const result = streamText({ model, prompt: "Go.", maxRetries: 0, onError: () => undefined });
  const [forText, forUI] = [result.textStream, result.toUIMessageStream()];
  const parts: string[] = [];
  const reading = (async () => {
    for await (const { type } of result.fullStream) parts.push(type);
  })();
  let text = "";
  for await (const piece of forText) text += piece;
  let message: UIMessage | undefined;
  for await (const each of readUIMessageStream({ stream: forUI, onError: () => undefined })) message = each;
  await reading;
  const blocks = (message?.parts ?? []).filter((part) => part.type === "text");
  const { unified, usage, metadata } = await ends(result);
  return { text, parts, blocks, reason: unified, usage, metadata };
}

async function ends(result: ReturnType<typeof streamText>) {
  try {
    const metadata = (await result.providerMetadata)?.["qwen"];
    return { unified: await result.finishReason, usage: await result.usage, metadata };
  } catch {
    return { unified: "none", usage: undefined, metadata: undefined };
  }
}

interface Case {
  readonly seed: number;
  readonly how: CutHow;
  readonly mirror: "equal" | "diverging";
}

const cases: readonly Case[] = Array.from({ length: 400 }, (_, seed) => ({
  seed,
  how: seed % 32 === 0 ? "stall" : seed % 2 === 0 ? "end" : "reset",
  mirror: seed % 3 === 0 ? "diverging" : "equal",
}));

describe("an answer that is cut at any byte of its connection", () => {
  test(
    "is read as the whole of one model, or ends with an error behind what was shown of it",
    { timeout: 60_000 },
    async () => {
      const seams = new Map<string, number>();
      const chosen = shareOf(cases, 1 / 16);
      const waiting = [...chosen];
      await Promise.all(
        Array.from({ length: 8 }, async () => {
          for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
            const way = await check(one);
            seams.set(way, (seams.get(way) ?? 0) + 1);
          }
        }),
      );
      process.stdout.write(
        `\nOf ${chosen.length} answers that were cut: ${JSON.stringify(Object.fromEntries(seams))}\n`,
      );
      expect(seams.get("gone on")).toBeGreaterThan(chosen.length / 4);
    },
  );

  async function check({ seed, how, mirror }: Case): Promise<string> {
    const random = seeded(seed + 1);
    const pick = (below: number): number => Math.floor(random() * below);
    const pieces = Array.from({ length: 10 + pick(30) }, () => WORDS[pick(WORDS.length)]!);
    const whole = pieces.join("");
    const other = mirror === "equal" ? pieces : pieces.with(pick(pieces.length), "But ");
    const [a, b] = [`a ${++names}`, `b ${names}`];
    server.answer(a, pieces);
    server.answer(b, other);
    const cut = (): Cut => ({ atByte: pick(350 + pieces.length * 230), how });
    await using proxy = await startCuttingProxy(server.url, cut);
    const model = createFallback({
      models: [modelAt(proxy.url, a), modelAt(server.url, b)],
      commit: "continue",
      retry: { baseDelayMs: 0 },
      ...(how === "stall" && { timeouts: { firstOutputMs: IDLE_MS, idleMs: IDLE_MS } }),
    });
    const { text, parts, blocks, reason, metadata } = await told(model);
    const about = `seed ${seed}, ${how}, ${mirror}: ${JSON.stringify(metadata)}`;
    const isWhole = reason === "stop";
    if (isWhole) expect([whole, other.join("")], about).toContain(text);
    else {
      expect(mirror, about).toBe("diverging");
      expect(whole.startsWith(text) || other.join("").startsWith(text), about).toBe(true);
      expect(
        parts.filter((type) => type === "error"),
        about,
      ).toHaveLength(1);
    }
    expect(
      parts.filter((type) => type === "text-start"),
      about,
    ).toHaveLength(1);
    expect(
      blocks.map((block) => block.text),
      about,
    ).toEqual([text]);
    expect(
      parts.filter((type) => type === "text-end"),
      about,
    ).toHaveLength(1);
    const { attempts = [] } = (metadata ?? {}) as { attempts?: readonly { continuedAt?: number }[] };
    for (const { busy } of model.health()) expect(busy, about).toBe(0);
    if (!isWhole) return "ended with an error";
    return attempts.some(({ continuedAt }) => continuedAt !== undefined) ? "gone on" : "begun again unseen, or whole";
  }
});

describe.concurrent("an answer that its server spoils in the middle", () => {
  const FAULTS: readonly Omit<OpenAIFault, "model">[] = [
    ...(["eof", "eof-done", "truncated", "cut-body", "short-body", "reset", "garbage-chunk"] as const),
    ...(["missing-finish", "error-chunk", "error-done", "error-object", "error-finish"] as const),
    ...(["stall", "heartbeats-only"] as const),
  ].map((name) => ({ name, after: 3 }));

  test.each(FAULTS)("by $name is gone on with by a mirror: one text in one block", async (fault) => {
    const [a, b] = [`a ${++names}`, `b ${names}`];
    const pieces = ["One ", "two ", "three ", "four ", "five."];
    server.answer(a, pieces);
    server.answer(b, pieces);
    using _ = { [Symbol.dispose]: server.fault({ ...fault, model: a }) };
    const model = createFallback({
      models: [modelAt(server.url, a), modelAt(server.url, b)],
      commit: "continue",
      retry: { baseDelayMs: 0 },
      timeouts: { idleMs: IDLE_MS },
    });
    const { text, blocks, reason, parts, usage, metadata } = await told(model);
    expect(text).toBe("One two three four five.");
    expect(blocks).toMatchObject([{ text, state: "done" }]);
    expect(reason).toBe("stop");
    expect(parts).not.toContain("error");
    expect(usage?.outputTokens).toBeUndefined();
    expect(metadata).toMatchObject({ model: b, provider: expect.stringContaining("b ") });
  });
});
