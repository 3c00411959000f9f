import { createSpaceProvider, dialogueOf, type SpaceProviderOptions } from "@qwen/core/gradio";

/**
 * Qwen2.5-Max, served by its public demo Space.
 *
 * History and system prompt have slots of their own there. Without a system message the Space's
 * own default goes out: "You are a helpful assistant."
 *
 * @example
 * ```ts
 * const router = createRouter({ plugins: [qwenMax()] });
 * const { text } = await router.complete({ model: "qwen-max", messages: [{ role: "user", content: "Hi" }] });
 * ```
 */
export function qwenMax<const Id extends string = "max">(options?: SpaceProviderOptions<Id>) {
  return createSpaceProvider(
    {
      id: "max",
      space: "https://qwen-qwen2-5-max-demo.hf.space",
      models: [
        {
          id: "qwen-qwen2-5-max",
          aliases: ["qwen-2.5-max", "qwen-2-5-max", "qwen-max"],
          label: "Qwen Qwen-2.5-Max",
          capabilities: {
            images: false,
            system: "native",
            history: "native",
            conversation: false,
            tools: false,
            json: false,
          },
        },
      ],
      endpoint: "model_chat",
      fnIndex: 0,
      inputs({ messages }) {
        const { system = "You are a helpful assistant.", turns, question } = dialogueOf(messages);
        return [question, turns, system];
      },
      // The text box, the chat as pairs of question and answer, the system prompt.
      outputs({ array, nullable, string, tuple, unknown }) {
        const pair = tuple([nullable(string()), nullable(string())]);
        return tuple([unknown(), array(pair), unknown()]);
      },
      answer: { at: [1, -1, 1] },
    },
    options,
  );
}
