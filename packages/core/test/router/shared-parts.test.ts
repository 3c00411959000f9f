import { emulate } from "@qwen/core/emulate";
import { createRouter, type Provider, type ProviderPart, wrapProvider } from "@qwen/core";
import { describe, expect, test } from "vitest";

const messages = [{ role: "user", content: "Hi" }] as const;

/** What a provider may hold for good and yield in each call. */
function constants(): readonly ProviderPart[] {
  const providerMetadata = { x: { list: [1] } };
  return [
    { type: "start", warnings: [{ feature: "seed", message: "no" }], response: { id: "r" }, providerMetadata },
    { type: "source", sourceId: "s", title: "A book", providerMetadata },
    { type: "reasoning-delta", text: "Hm" },
    { type: "reasoning-end", providerMetadata },
    { type: "text-delta", text: "Hello" },
    { type: "file", url: new URL("https://example.com/a.png"), mediaType: "image/png", providerMetadata },
    { type: "finish", reason: "stop", usage: { inputTokens: 1, outputTokens: 2 }, response: { modelId: "m" } },
  ];
}

function holding(parts: readonly ProviderPart[]): Provider {
  return {
    id: "p",
    models: [{ id: "m" }],
    async *stream() {
      await Promise.resolve();
      yield* parts;
    },
  };
}

/** Writes on all that can be written on, except what has a class. */
function spoil(value: unknown): void {
  if (typeof value !== "object" || value === null || value instanceof URL) return;
  for (const [name, inner] of Object.entries(value)) {
    spoil(inner);
    (value as Record<string, unknown>)[name] = "spoilt";
  }
}

describe.each([
  ["a provider's own", (provider: Provider) => provider],
  ["one's that is wrapped", (provider: Provider) => wrapProvider(provider, { error: (error) => error })],
  ["one's whose parts a hook hands on", (provider: Provider) => wrapProvider(provider, { part: (part) => part })],
  ["one's that is emulated", (provider: Provider) => emulate(provider, { reasoning: true })],
])("parts that a provider holds for good, %s", (_, made) => {
  test.each(["first-output", "buffered"] as const)(
    "stay as they are, whatever is written on them: %s",
    async (commit) => {
      const held = constants();
      const router = createRouter({ plugins: [made(holding(held))], commit });
      for await (const part of router.stream({ model: "m", messages })) spoil(part);
      expect(held).toEqual(constants());
      const completion = await router.complete({ model: "m", messages });
      expect([completion.text, completion.usage]).toEqual(["Hello", { inputTokens: 1, outputTokens: 2 }]);
      spoil(completion);
      expect(held).toEqual(constants());
    },
  );
});
