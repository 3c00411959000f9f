import { expect, it } from "vitest";
import { createSpaceProvider } from "../../src/gradio/index.ts";
import type { SpaceDefinition } from "../../src/gradio/space-definition.ts";
import type { ModelInfo } from "../../src/provider.ts";
import { startTestSpace } from "../servers/test-space.ts";
import { rejection } from "../servers/waiting.ts";

it.each([Number.NaN, undefined, -1, 0, 1.5, "100", Infinity])(
  "a download without a limit of its size is a TypeError, and fetches nothing: %o",
  async (maxBytes) => {
    await using space = await startTestSpace();
    const model: ModelInfo = {
      id: "m",
      aliases: [],
      capabilities: {
        images: true,
        system: "prompt",
        history: "prompt",
        conversation: false,
        tools: false,
        json: false,
      },
    };
    const definition: SpaceDefinition<"d", ModelInfo> = {
      id: "d",
      models: [model],
      space: space.origin,
      endpoint: "chat",
      inputs: async (_, session) => [
        await session.download(new URL("/large", space.origin), { maxBytes: maxBytes as number }),
      ],
      outputs: { "~standard": { version: 1, validate: () => ({}) } },
      answer: { at: [0] },
    };
    const provider = createSpaceProvider(definition);
    const stream = provider.stream({ messages: [{ role: "user", content: "Hi" }] })[Symbol.asyncIterator]();
    const error = await rejection(stream.next());
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("`maxBytes` must be a whole number from 1");
    expect(space.requests).toEqual([]);
    await provider.close?.();
  },
);
