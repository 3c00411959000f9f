import { createOpenAIEmulator, type OpenAIFault } from "@qwen/testing";
import { describe, expect, test } from "vitest";
import { openaiCompatible } from "../src/index.ts";
import { QUESTION } from "./scripted-endpoint.ts";

/** All of it where there is time for that, and enough to see what grows where there is not. */
const SHARE = process.env["TEST_ALL"] === "1" ? 1 : 0.05;

/** What became of an answer, and how much of it was kept while it was read. */
async function read(fault: OpenAIFault) {
  await using server = await createOpenAIEmulator({ models: { "model-a": "Yes." }, faults: [fault] });
  const provider = openaiCompatible({ id: "emulated", baseURL: server.url, models: ["model-a"] });
  let characters = 0;
  let finish: string | undefined;
  let error: unknown;
  try {
    for await (const part of provider.stream({ messages: QUESTION })) {
      if (part.type === "text-delta") characters += part.text.length;
      else if (part.type === "finish") finish = part.reason;
    }
  } catch (thrown) {
    error = thrown;
  }
  await provider.close();
  return { characters, finish, error };
}

describe("an answer without measure ends, and says why", () => {
  test("of 100 MB: behind 16 Mi characters", { timeout: 60_000 }, async () => {
    const { characters, error } = await read({ name: "huge-answer", count: Math.max(20_000_000, 100_000_000 * SHARE) });
    expect(error).toMatchObject({ code: "protocol", message: expect.stringContaining("too large") });
    expect(characters).toBeLessThanOrEqual(16 * 1024 * 1024);
    expect(characters).toBeGreaterThan(16_000_000);
  });

  test("in one chunk of 10 MB: it is read", { timeout: 60_000 }, async () => {
    expect(await read({ name: "huge-chunk", count: 10_000_000 * SHARE })).toMatchObject({
      finish: "stop",
      error: undefined,
    });
  });

  test("of a million empty chunks: they are read", { timeout: 60_000 }, async () => {
    expect(await read({ name: "empty-chunks", count: 1_000_000 * SHARE })).toMatchObject({
      finish: "stop",
      error: undefined,
    });
  });
});
