import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { APICallError } from "@ai-sdk/provider";
import { generateText, streamText } from "ai";
import { createFallback as createPeer } from "ai-fallback";
import { createRetryableModel } from "ai-retry/language-model";
import { expect, test } from "vitest";

import { createFallback } from "../src/index.ts";
import { model, saying, streamOf, type ScriptedModel } from "./models.ts";
import { seeded } from "./seeded.ts";

const CALLS = 200;

function asked({ prompt }: LanguageModelV4CallOptions): string {
  const [message] = prompt;
  const [part] = message?.role === "user" ? message.content : [];
  return part?.type === "text" ? part.text : "?";
}

/** Answers each question with itself, in its time; the first one fails half of the time. */
function models(): { readonly first: ScriptedModel; readonly second: ScriptedModel } {
  const random = seeded(7);
  const answering = (name: string, failureRate: number): ScriptedModel =>
    model(name, async (options: LanguageModelV4CallOptions) => {
      const isFailing = random() < failureRate;
      await new Promise((resolve) => setTimeout(resolve, random() * 10));
      if (isFailing) throw new APICallError({ message: "busy", url: "", requestBodyValues: {}, statusCode: 503 });
      return { stream: streamOf(saying(...asked(options))), content: [{ type: "text", text: asked(options) }], ...END };
    });
  return { first: answering("first", 0.5), second: answering("second", 0) };
}

const END = {
  finishReason: { unified: "stop", raw: "stop" },
  usage: { inputTokens: { total: 1 }, outputTokens: { total: 1 } },
  warnings: [],
};

interface Answer {
  readonly text: string;
  readonly attempts: readonly { readonly model: string; readonly code?: string }[];
}

async function ask(fallback: LanguageModelV4, index: number): Promise<Answer | undefined> {
  const call = { model: fallback, prompt: `question ${index}`, maxRetries: 0 };
  try {
    if (index % 2 === 0) {
      const { text, providerMetadata } = await generateText(call);
      return { text, attempts: (providerMetadata?.["qwen"]?.["attempts"] ?? []) as never };
    }
    const result = streamText({ ...call, onError: () => undefined });
    const [text, metadata] = [await result.text, await result.providerMetadata];
    return { text, attempts: (metadata?.["qwen"]?.["attempts"] ?? []) as never };
  } catch {
    return undefined;
  }
}

async function answersOf(make: (first: LanguageModelV4, second: LanguageModelV4) => LanguageModelV4) {
  const { first, second } = models();
  const fallback = make(first, second);
  const answers = await Promise.all(Array.from({ length: CALLS }, (_, index) => ask(fallback, index)));
  const wrong = answers.filter((answer, index) => answer?.text !== `question ${index}`).length;
  return { answers, wrong, first, second };
}

test("200 calls at once each get their own answer and their own attempts, though the first model fails half of the time", async () => {
  (globalThis as { AI_SDK_LOG_WARNINGS?: boolean }).AI_SDK_LOG_WARNINGS = false;
  const ours = await answersOf((first, second) =>
    createFallback({ models: [first, second], retry: { baseDelayMs: 5 } }),
  );
  expect(ours.wrong).toBe(0);
  for (const [index, answer] of ours.answers.entries()) {
    const { attempts } = answer!;
    for (const name of ["first", "second"] as const) {
      const calls = ours[name].calls.filter((options) => asked(options) === `question ${index}`);
      expect(attempts.filter((attempt) => attempt.model === name)).toHaveLength(calls.length);
    }
    expect(attempts.filter(({ code }) => code === undefined)).toHaveLength(1);
    expect(attempts.at(-1)).not.toHaveProperty("code");
  }
  const peers = {
    "ai-fallback": await answersOf((first, second) => createPeer({ models: [first, second] })),
    "ai-retry": await answersOf((first, second) => createRetryableModel({ model: first, retries: [second] })),
  };
  const lost = Object.entries(peers).map(([name, { wrong }]) => `${name} ${wrong}`);
  process.stdout.write(`Of ${CALLS} calls at once were lost: ours ${ours.wrong}, ${lost.join(", ")}\n`);
  expect(Object.keys(peers)).toHaveLength(2);
});
