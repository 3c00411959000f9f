import { createSpaceProvider, dialogueOf, type SpaceProviderOptions } from "@qwen/core/gradio";

/**
 * Qwen2-72B-Instruct, served by its public demo Space on Gradio 4.
 *
 * History and system prompt have slots of their own there. Without a system message the Space's
 * own default goes out: "You are a helpful assistant."
 *
 * That Gradio tidies the indentation of a text that grows, so `text-replace` is part of an ordinary
 * answer.
 *
 * @example
 * ```ts
 * const router = createRouter({ plugins: [qwen72B()] });
 * const { text } = await router.complete({ model: "qwen-72b", messages: [{ role: "user", content: "Hi" }] });
 * ```
 */
export function qwen72B<const Id extends string = "72b">(options?: SpaceProviderOptions<Id>) {
  return createSpaceProvider(
    {
      id: "72b",
      space: "https://qwen-qwen2-72b-instruct.hf.space",
      models: [
        {
          id: "qwen-qwen2-72b-instruct",
          aliases: ["qwen-2-72b", "qwen-72b"],
          label: "Qwen Qwen-2.72B",
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
      apiPrefix: "",
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
