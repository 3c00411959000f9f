import { describe, expect, test } from "vitest";

import type { Provider } from "../../src/provider.ts";
import type { ProviderPart } from "../../src/part.ts";
import { createRouter } from "../../src/router/router.ts";

const smallest = {
  id: "tiny",
  models: [{ id: "tiny-1" }],
  async *stream({ messages }) {
    yield { type: "text-delta", text: `heard ${messages.length}` };
    yield { type: "finish", reason: "stop" };
  },
} as const satisfies Provider;

const messages = [{ role: "user", content: "Hi" }] as const;
const cut = (...parts: readonly ProviderPart[]): Provider => ({
  id: "cut",
  models: [{ id: "cut-1" }],
  async *stream() {
    yield* parts;
  },
});

describe("the smallest provider is an id, a model's id and its answer", () => {
  test("and answers, with no warnings", async () => {
    const router = createRouter({ plugins: [smallest], routes: { best: ["tiny-1"] } });
    expect(await router.complete({ model: "best", messages })).toMatchObject({
      text: "heard 1",
      model: "tiny-1",
      warnings: [],
    });
    for await (const part of router.stream({ model: "tiny/tiny-1", messages }))
      if (part.type === "finish") expect(part.warnings).toEqual([]);
  });

  test("with what it leaves out set to undefined as well", async () => {
    const router = createRouter({
      plugins: [
        {
          id: "tiny",
          models: [{ id: "tiny-1", aliases: undefined, capabilities: undefined }],
          async *stream() {
            yield { type: "text-delta", text: "Hello" };
            yield { type: "finish", reason: "stop", warnings: undefined };
          },
        },
      ],
    });
    expect(await router.complete({ model: "tiny-1", messages })).toMatchObject({ text: "Hello", warnings: [] });
  });

  test.each([
    ["images", { messages: [{ role: "user", content: [{ type: "image", image: new Uint8Array([1]) }] }] }],
    ["tools", { messages, settings: { tools: [{ name: "clock", inputSchema: {} }] } }],
    ["JSON", { messages, settings: { responseFormat: { type: "json" } } }],
  ] as const)("and is never asked for %s", async (feature, asked) => {
    const never: Provider = { ...smallest, stream: () => expect.unreachable("it was asked") };
    const router = createRouter({ plugins: [never] });
    await expect(router.complete({ model: "tiny-1", ...asked })).rejects.toMatchObject({
      code: "unsupported",
      message: expect.stringContaining(feature) as string,
    });
  });

  test("and takes text of every role", async () => {
    const router = createRouter({ plugins: [smallest] });
    const chat = [
      { role: "system", content: "Be short." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello" },
      { role: "user", content: "Again" },
    ] as const;
    expect(await router.complete({ model: "tiny-1", messages: chat })).toMatchObject({ text: "heard 4" });
  });
});

test.each([
  ["after some text", [{ type: "text-delta", text: "Half an" }], "Half an"],
  ["without a word", [], ""],
] as const)("a return without `finish` is broken off, and says what to yield: %s", async (_, parts, text) => {
  const router = createRouter({ plugins: [cut(...parts)], retry: { maxAttempts: 1 } });
  await expect(router.complete({ model: "cut-1", messages })).rejects.toMatchObject({
    code: "stream_interrupted",
    provider: "cut",
    text,
    message: expect.stringMatching(
      /"cut" ended without a `finish`.*yields \{ type: "finish", reason: "stop" \} last/,
    ) as string,
  });
});
