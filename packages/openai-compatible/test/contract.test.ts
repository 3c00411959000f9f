import { createOpenAIEmulator, testProvider, type OpenAIAnswerStep } from "@qwen/testing";
import { afterAll, test } from "vitest";
import { openaiCompatible } from "../src/index.ts";

const numbers = Array.from({ length: 200 }, (_, index) => `${index} `);
const ANSWERS: ReadonlyMap<string, readonly OpenAIAnswerStep[]> = new Map<string, readonly OpenAIAnswerStep[]>([
  ["hello", ["Hello", " there", ", you."]],
  ["thought", [{ reasoning: "Hm. " }, { reasoning: "Well." }, "Four"]],
  ["repeat", ["ha", "ha", " ha", "ha\n", "\n"]],
  ["numbers", numbers],
  ["slow", numbers.flatMap((piece) => [piece, { waitMs: 25 }])],
  ["breaks", ["one ", "two ", { error: "It is over." }]],
  ["crashes", [{ error: "It is over." }]],
]);

const server = await createOpenAIEmulator({
  models: {
    "model-a": ({ messages }) => {
      const { content } = messages.at(-1) as { readonly content?: unknown };
      return ANSWERS.get(String(content)) ?? "Yes.";
    },
  },
});
afterAll(() => server.close());

const make = (baseURL: string) => openaiCompatible({ id: "emulated", baseURL, models: ["model-a"] });

testProvider(() => make(server.url), {
  test,
  service: {
    answers: [
      { prompt: "hello", text: "Hello there, you." },
      { prompt: "thought", text: "Four" },
      { prompt: "repeat", text: "haha haha\n\n" },
      { prompt: "numbers", text: numbers.join("") },
    ],
    slow: "slow",
    failures: [
      { prompt: "breaks", text: "one two " },
      { prompt: "crashes", text: "" },
    ],
    requests: () => server.requests.length,
    running: () => server.calls.filter(({ state }) => state === "running").length,
    sockets: () => server.sockets,
  },
  createUnreachable: () => make("http://127.0.0.1:1/v1"),
});
