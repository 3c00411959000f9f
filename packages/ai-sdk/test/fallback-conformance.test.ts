import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { conformance, createOpenAIEmulator, serviceOf, type ConformanceService } from "@qwen/testing";
import { afterAll, describe, test } from "vitest";

import { createFallback } from "../src/index.ts";

const server = await createOpenAIEmulator({
  models: {
    "test-model": ({ prompt: asked, tools }) =>
      asked === "tool" && tools.length > 0 ? [{ toolCall: "clock" }] : undefined,
  },
});
afterAll(() => server.close());

const service: ConformanceService = {
  ...serviceOf(server),
  slow: "script:slow 16 25",
  empty: "script:nothing",
  toolCall: "tool",
};

const model = createOpenAICompatible({ name: "server", baseURL: server.url })("test-model");
const settings = { models: [model], retry: { maxAttempts: 2, baseDelayMs: 0 }, breaker: false } as const;

describe("a fallback keeps the rules of models", () => {
  test.each(conformance(createFallback(settings), { service }))("$name", ({ run }) => run());
});

describe("a fallback that holds its output keeps the rules of models", () => {
  // It comes in one piece, and what breaks off in the middle was never seen.
  const { slow: _slow, failures: _failures, ...known } = service;
  const fallback = createFallback({ ...settings, commit: "buffered" });
  test.each(conformance(fallback, { service: known }))("$name", ({ run }) => run());
});

describe("a fallback that goes on in mid-answer keeps the rules of models", () => {
  test.each(conformance(createFallback({ ...settings, commit: "continue" }), { service }))("$name", ({ run }) => run());
});
