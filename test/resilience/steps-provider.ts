import type { Provider } from "@qwen/core";
import { createSpaceProvider, type SpaceProviderOptions, textOf } from "@qwen/core/gradio";

/** Endpoints of the protocol app that count, and their numbers. */
const FN_INDEXES = { steps: 1, one_at_a_time: 2 } as const;

/** A provider of the protocol app's counters, asked by `COUNT MS JOB`. */
export function stepsProvider({
  endpoint,
  prefix,
  ...options
}: SpaceProviderOptions & {
  readonly space: string;
  readonly endpoint: keyof typeof FN_INDEXES;
  readonly prefix: string;
}): Provider {
  return createSpaceProvider(
    {
      id: "steps",
      space: options.space,
      models: [
        {
          id: "counter",
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
      endpoint,
      fnIndex: FN_INDEXES[endpoint],
      apiPrefix: prefix,
      inputs({ messages }) {
        const [count, ms, job] = messages.map(textOf).join("").split(" ");
        return [Number(count), Number(ms), job];
      },
      outputs: { "~standard": { version: 1, validate: () => ({}) } },
      answer: { at: [0] },
    },
    options,
  );
}
