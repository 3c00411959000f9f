import { createSpaceProvider, dialogueOf, promptOf, type SpaceProviderOptions } from "@qwen/core/gradio";

/** Writes a message into the session; `agent_run` answers what stands there. */
const ADD_TEXT = { endpoint: "add_text", fnIndex: 1 };

/**
 * Qwen2.5-1M, served by its public demo Space on Gradio 4: a context of a million tokens.
 *
 * The Space keeps a conversation in its session, and `finish.conversation` names it: a request that
 * passes it back sends its last message only. A first request writes system prompt and history into
 * the prompt. The summary below an answer, of how the context was read, is cut off.
 *
 * @example
 * ```ts
 * const router = createRouter({ plugins: [qwen1M()] });
 * const first = await router.complete({ model: "qwen-1m", messages });
 * const next = await router.complete({ model: "qwen-1m", messages: more, conversation: first.conversation });
 * ```
 */
export function qwen1M<const Id extends string = "1m">(options?: SpaceProviderOptions<Id>) {
  return createSpaceProvider(
    {
      id: "1m",
      space: "https://qwen-qwen2-5-1m-demo.hf.space",
      models: [
        {
          id: "qwen-2.5-1m-demo",
          aliases: ["qwen-2.5-1m", "qwen-1m"],
          label: "Qwen Qwen-2.5M",
          capabilities: {
            images: false,
            system: "prompt",
            history: "prompt",
            conversation: true,
            tools: false,
            json: false,
          },
        },
      ],
      endpoint: "agent_run",
      fnIndex: 2,
      apiPrefix: "",
      async inputs({ messages }, session) {
        const text = session.continued ? dialogueOf(messages).question : promptOf(messages);
        const [, chat] = await session.predict(ADD_TEXT, [{ files: [], text }, [], []]);
        return [chat, null, 0];
      },
      // The chat as pairs of question and answer, and two of the Space's own.
      outputs({ array, nullable, nullish, object, string, tuple, unknown }) {
        // A message of modelscope_studio's chatbot; the answer's side of a pair is a list of them, or null.
        const message = object({ text: nullish(string()) });
        const pair = tuple([unknown(), nullable(array(nullable(message)))]);
        return tuple([array(pair), unknown(), unknown()]);
      },
      answer: {
        at: [0, -1, 1, 0, "text"],
        placeholders: ["Qwen is thinking..."],
        // How the context was read. What the model itself puts into such a block stands above it.
        footer: { from: "<summary>", to: "</summary>" },
      },
    },
    options,
  );
}
