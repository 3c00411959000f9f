import type { SpaceDefinition } from "../../src/gradio/space-definition.ts";
import { createSpaceProvider, type SpaceProviderOptions } from "../../src/gradio/space-provider.ts";
import { textOf } from "../../src/message.ts";
import type { ModelInfo, Provider, ProviderRequest } from "../../src/provider.ts";
import type { ProviderPart } from "../../src/part.ts";

const MODEL: ModelInfo = {
  id: "model",
  aliases: ["alias"],
  capabilities: { images: false, system: "prompt", history: "prompt", conversation: false, tools: false, json: false },
};

/** A provider of the endpoint `/chat`, `fn_index` 0, whose only output is the answer. */
export function chatProvider(
  options: SpaceProviderOptions & { readonly space: string },
  definition: Partial<SpaceDefinition<string, ModelInfo>> = {},
): Provider {
  return createSpaceProvider(
    {
      id: "test",
      models: [MODEL],
      space: options.space,
      endpoint: "chat",
      fnIndex: 0,
      inputs: ({ messages }) => messages.map(textOf),
      outputs: {
        "~standard": {
          version: 1,
          validate: (value) =>
            Array.isArray(value) && typeof value[0] === "string" ? {} : { issues: [{ message: "no text" }] },
        },
      },
      answer: { at: [0] },
      ...definition,
    },
    options,
  );
}

/** Asks a provider a question. */
export function ask(provider: Provider, request: Partial<ProviderRequest> = {}): AsyncIterable<ProviderPart> {
  return provider.stream({ messages: [{ role: "user", content: "Hi" }], ...request });
}

/** The text that a consumer who shows every part ends up with. */
export function shownText(parts: readonly ProviderPart[]): string {
  let text = "";
  for (const part of parts) {
    if (part.type === "text-delta") text += part.text;
    if (part.type === "text-replace") ({ text } = part);
  }
  return text;
}
