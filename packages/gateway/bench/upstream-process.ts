import { createOpenAIEmulator, type OpenAIAnswer } from "@qwen/testing";

import { answerParent } from "./child.ts";

const many = (count: number, piece: string): readonly string[] => Array.from({ length: count }, () => piece);

const models: Readonly<Record<string, OpenAIAnswer>> = {
  short: { steps: ["Paris ", "is ", "the ", "capital ", "of ", "France."] },
  words: { steps: many(2000, "word ") },
  // A token each 50 ms, so that a thousand at once leave a machine time.
  paced: { steps: many(60, "word "), delayMs: 100 },
  huge: { steps: many(1000, `${"x".repeat(9_999)} `) },
};

const server = await createOpenAIEmulator({ models });

answerParent({
  url: () => server.url,
  /** Pieces that were said so far, of all answers. */
  pieces: () => server.calls.reduce((all, { pieces }) => all + pieces, 0),
  forget: () => server.forget(),
});
