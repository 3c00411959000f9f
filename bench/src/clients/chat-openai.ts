import OpenAI from "openai";

import type { BenchClient, Target } from "./client.ts";

/** The npm package `openai`. */
export function createClient({ url }: Target): BenchClient {
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: "any" });
  return {
    async ask(prompt, onText) {
      const stream = await client.chat.completions.create({
        model: "model-a",
        messages: [{ role: "user", content: prompt }],
        stream: true,
      });
      for await (const { choices } of stream) {
        const text = choices[0]?.delta.content ?? "";
        if (text !== "") onText(text);
      }
    },
    close: () => Promise.resolve(),
  };
}
