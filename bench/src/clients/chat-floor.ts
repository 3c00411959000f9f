import Agent from "undici/lib/dispatcher/agent.js";

import type { BenchClient, Target } from "./client.ts";

interface Chunk {
  readonly choices: readonly [{ readonly delta: { readonly content?: string } }];
}

/** Written by hand on undici's `dispatch`: splits at blank lines, parses, hands out the text. It checks nothing. */
export function createClient({ url }: Target): BenchClient {
  const agent = new Agent({
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
    connectTimeout: 10_000,
  });
  return {
    ask(prompt, onText) {
      const { feed } = createReader(onText);
      return new Promise((resolve, reject) => {
        agent.dispatch(
          {
            origin: url,
            path: "/v1/chat/completions",
            method: "POST",
            headers: { "content-type": "application/json" },
            headersTimeout: 0,
            bodyTimeout: 0,
            body: JSON.stringify({ model: "model-a", messages: [{ role: "user", content: prompt }], stream: true }),
          },
          {
            onRequestStart() {},
            onResponseStart() {},
            onResponseData: (_, bytes) => feed(bytes),
            onResponseEnd: () => resolve(),
            onResponseError: (_, error) => reject(error),
          },
        );
      });
    },
    close: () => agent.close(),
  };
}

function createReader(onText: (text: string) => void): { feed(bytes: Uint8Array): void } {
  const decoder = new TextDecoder();
  let rest = "";
  return {
    feed(bytes) {
      const text = rest + decoder.decode(bytes, { stream: true });
      let start = 0;
      for (let end = text.indexOf("\n\n"); end !== -1; end = text.indexOf("\n\n", start)) {
        const data = text.slice(start + 6, end);
        start = end + 2;
        if (data === "[DONE]") continue;
        const { content } = (JSON.parse(data) as Chunk).choices[0].delta;
        if (content) onText(content);
      }
      rest = text.slice(start);
    },
  };
}
