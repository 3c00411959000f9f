import { createRouter } from "@qwen/core";
import { createOpenAIEmulator } from "@qwen/testing";
import { describe, expect, test } from "vitest";
import { openaiCompatible } from "../src/index.ts";
import { QUESTION } from "./scripted-endpoint.ts";

const TEXT = "one two three four five";

/** Two endpoints of one model, of which the first fails as told. */
async function pair(fault: Parameters<Awaited<ReturnType<typeof createOpenAIEmulator>>["fault"]>[0]) {
  const first = await createOpenAIEmulator({ models: { m: TEXT }, faults: [fault], dialect: "llama.cpp" });
  const second = await createOpenAIEmulator({ models: { m: TEXT }, dialect: "llama.cpp" });
  const capabilities = { prefill: true };
  const plugins = [
    openaiCompatible({ id: "first", baseURL: first.url, models: ["m"], capabilities }),
    openaiCompatible({ id: "second", baseURL: second.url, models: [{ id: "m", aliases: ["n"] }], capabilities }),
  ] as const;
  const router = createRouter({ plugins, routes: { any: ["first/m", "second/m"] }, retry: { maxAttempts: 2 } });
  return {
    router,
    first,
    second,
    async [Symbol.asyncDispose]() {
      await router.close();
      await Promise.all([first.close(), second.close()]);
    },
  };
}

describe("in a route, an endpoint", () => {
  test.each(["eof", "reset", "html", "error-chunk", "unavailable", "garbage-chunk"] as const)(
    "that fails before it says anything (%s) is asked again, or the next is",
    async (name) => {
      await using each = await pair({ name, after: 0, on: 1 });
      const { text, attempts } = await each.router.complete({ model: "any", messages: QUESTION });
      expect(text).toBe(TEXT);
      expect(attempts[0]).toMatchObject({ provider: "first", error: { provider: "first" } });
    },
  );

  test.each([
    ["replay", { temperature: 0 }],
    ["prefill", { temperature: 1 }],
  ] as const)("that is cut in mid-answer is gone on with by %s, to the character", async (continuedBy, settings) => {
    await using each = await pair({ name: "eof", after: 2, on: 1 });
    let text = "";
    let attempts: unknown;
    for await (const part of each.router.stream({ model: "any", messages: QUESTION, settings, commit: "continue" })) {
      if (part.type === "text-delta") text += part.text;
      else if (part.type === "finish") ({ attempts } = part);
    }
    expect(text).toBe(TEXT);
    expect(attempts).toMatchObject([{ provider: "first", error: { code: "stream_interrupted" } }, { continuedBy }]);
  });
});
