import { APICallError } from "@ai-sdk/provider";
import { generateText, streamText } from "ai";
import { expect, test } from "vitest";

import { createFallback } from "../src/index.ts";
import { model, saying, start, text, textStart, type Script } from "./models.ts";

const SECRETS = /the-server|the-prompt|s3cret|api\.example/;

const failure = new APICallError({
  message: "the-server says: key s3cret is not known",
  url: "https://user:s3cret@api.example/v1/chat?key=s3cret",
  requestBodyValues: { prompt: "the-prompt" },
  statusCode: 503,
  responseHeaders: { "set-cookie": "s3cret" },
  responseBody: "the-server's page, with s3cret",
  data: { error: { message: "the-server has failed" } },
});

/** All that a page could be sent: the chunks of its stream with whatever an error or a part has in it. */
async function sentTo(scripts: readonly [Script, Script]): Promise<string> {
  const [first, second] = scripts.map((script, index) => model(`m${index}`, script));
  const fallback = createFallback({ models: [first!, second!], retry: { baseDelayMs: 0 } });
  const result = streamText({ model: fallback, prompt: "the-prompt", maxRetries: 0, onError: () => undefined });
  const chunks: unknown[] = [];
  const shown = (error: unknown): string => `${String(error)} ${JSON.stringify(error)}`;
  const stream = result.toUIMessageStream({
    onError: shown,
    messageMetadata: ({ part }) => JSON.parse(JSON.stringify(part)),
  });
  for await (const chunk of stream) chunks.push(chunk);
  return JSON.stringify(chunks);
}

test("a page gets ids, codes and milliseconds of attempts, and nothing that a server, the prompt or an address says", async () => {
  const failed: Script = { reject: failure };
  const cut: Script = [start, textStart, text("Half"), { type: "error", error: failure }];
  const answered = await sentTo([failed, saying("Hi")]);
  expect(answered).toMatch(/"code":"space_unavailable","ms":\d+/);
  const broken = await sentTo([cut, saying("Hi")]);
  expect(broken).toMatch(/space_unavailable/);
  const all = await sentTo([failed, failed]);
  expect(all).toMatch(/No model answered\. scripted\/m0: space_unavailable, scripted\/m1: space_unavailable\./);
  // The address of an error is bare.
  expect((answered + broken + all).replaceAll("https://api.example/v1/chat", "")).not.toMatch(SECRETS);
  const fallback = createFallback({
    models: [model("a", failed), model("b", saying("Hi"))],
    retry: { baseDelayMs: 0 },
  });
  const { providerMetadata } = await generateText({ model: fallback, prompt: "the-prompt", maxRetries: 0 });
  expect(JSON.stringify(providerMetadata)).toMatch(/space_unavailable/);
  expect(JSON.stringify(providerMetadata)).not.toMatch(SECRETS);
});
