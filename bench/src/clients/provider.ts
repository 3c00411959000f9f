import type { Provider } from "@qwen/core";
import { createSpaceProvider, type SpaceProviderOptions } from "@qwen/core/gradio";
import { qwenMax } from "@qwen/max";

import type { BenchClient, Target } from "./client.ts";
import { withoutRouter } from "./without-router.ts";

/** Our provider of the app that a version runs. */
export function createProvider(
  { url, version }: Target,
  options: Pick<SpaceProviderOptions, "earlyStream"> = {},
): Provider {
  return version === "5.50" ? qwenMax({ ...options, space: url }) : textBox({ ...options, space: url });
}

function textBox(options: SpaceProviderOptions & { readonly space: string }): Provider {
  return createSpaceProvider(
    {
      id: "chat",
      space: options.space,
      models: [
        {
          id: "chat",
          aliases: [],
          capabilities: {
            images: false,
            system: "prompt",
            history: "prompt",
            conversation: false,
            tools: false,
            json: false,
          },
        },
      ],
      endpoint: "chat",
      fnIndex: 0,
      inputs: ({ messages }) => [messages[0]?.content],
      outputs: { "~standard": { version: 1, validate: (value) => (Array.isArray(value) ? {} : { issues: NO_LIST }) } },
      answer: { at: [0] },
    },
    options,
  );
}

const NO_LIST = [{ message: "no list" }];

/** `@qwen/max` without a router. */
export function createClient(target: Target): BenchClient {
  return withoutRouter(createProvider(target));
}
