import { Client } from "@gradio/client";

import type { BenchClient, Target } from "./client.ts";

/** `@gradio/client`. It hands out the whole text each time; what is new of it is cut off here. */
export async function createClient({ url, version }: Target): Promise<BenchClient> {
  const client = await Client.connect(url);
  return {
    async ask(prompt, onText) {
      const job =
        version === "5.50"
          ? client.submit("/model_chat", [prompt, [], "You are a helpful assistant."])
          : client.submit("/chat", [prompt]);
      let length = 0;
      for await (const event of job) {
        if (event.type !== "data") continue;
        const [first, second] = event.data as readonly [unknown, unknown];
        const text = (version === "5.50" ? (second as readonly [readonly [string, string]])[0][1] : first) as string;
        if (text.length > length) onText(text.slice(length));
        ({ length } = text);
      }
    },
    async close() {
      client.close();
    },
  };
}
