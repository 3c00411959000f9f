import { createSpaceProvider, promptOf, type SpaceProviderOptions } from "@qwen/core/gradio";
import { pictureOf } from "./picture.ts";

/**
 * QVQ-72B, which reasons about a picture, served by its public demo Space.
 *
 * It looks at one picture: the newest of the chat. Those of earlier messages are named in
 * `finish.warnings`; two in one message are `unsupported`. A picture is bytes, a `Blob`, or a `data:`
 * or `http(s):` URL, and PNG, JPEG, GIF or WebP by its bytes; anything else is `invalid_request` before the
 * Space is asked. A local file comes as a `Blob`: `await fs.openAsBlob(path)`. System prompt and history are written into the prompt.
 *
 * @example
 * ```ts
 * const router = createRouter({ plugins: [qvq({ token: process.env.HF_TOKEN })] });
 * const content = [{ type: "text", text: "What is this?" }, { type: "image", image: bytes }];
 * const { text } = await router.complete({ model: "qvq-72b", messages: [{ role: "user", content }] });
 * ```
 */
export function qvq<const Id extends string = "qvq">(options?: SpaceProviderOptions<Id>) {
  return createSpaceProvider(
    {
      id: "qvq",
      space: "https://qwen-qvq-72b-preview.hf.space",
      models: [
        {
          id: "qwen-qvq-72b-preview",
          aliases: ["qvq-72b", "qvq"],
          label: "Qwen QVQ-72B",
          capabilities: {
            images: true,
            system: "prompt",
            history: "prompt",
            conversation: false,
            tools: false,
            json: false,
          },
        },
      ],
      endpoint: "generate",
      fnIndex: 0,
      async inputs({ messages }, session) {
        const picture = await pictureOf(messages, session);
        // With its name, by whose extension Gradio keeps it as it is: else Gradio 4 makes a lossy WebP of it.
        const uploaded =
          picture === undefined ? null : await session.upload(picture.bytes, { filename: picture.filename });
        return [uploaded, promptOf(messages)];
      },
      outputs: ({ nullable, string, tuple }) => tuple([nullable(string())]),
      answer: { at: [0] },
    },
    options,
  );
}
