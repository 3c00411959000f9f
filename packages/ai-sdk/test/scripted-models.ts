import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import type { Provider, ProviderPart, ProviderRequest } from "@qwen/core";
import { MockLanguageModelV4 } from "ai/test";

export const END = {
  type: "finish",
  finishReason: { unified: "stop", raw: "end_turn" },
  usage: {
    inputTokens: { total: 5, noCache: 2, cacheRead: 3, cacheWrite: undefined },
    outputTokens: { total: 4, text: 3, reasoning: 1 },
  },
} as const satisfies LanguageModelV4StreamPart;
export const hello: readonly LanguageModelV4StreamPart[] = [
  { type: "text-start", id: "0" },
  { type: "text-delta", id: "0", delta: "Hello" },
  { type: "text-end", id: "0" },
  END,
];
export const text = (delta: string): LanguageModelV4StreamPart => ({ type: "text-delta", id: "0", delta });

export type Doing = (options: LanguageModelV4CallOptions) => ReturnType<LanguageModelV4["doStream"]>;
export const streamOf = (parts: readonly unknown[], end?: Error): ReadableStream<LanguageModelV4StreamPart> => {
  const left = [...parts];
  return new ReadableStream<LanguageModelV4StreamPart>({
    pull(controller) {
      if (left.length > 0) controller.enqueue(left.shift() as LanguageModelV4StreamPart);
      else if (end === undefined) controller.close();
      else controller.error(end);
    },
  });
};
export const mock = (doStream: Doing, supportedUrls: Record<string, RegExp[]> = {}): MockLanguageModelV4 =>
  new MockLanguageModelV4({ modelId: "m", doStream, supportedUrls });
export const saying = (...parts: readonly unknown[]): MockLanguageModelV4 =>
  mock(() => Promise.resolve({ stream: streamOf(parts) }));

export const messages = [{ role: "user", content: "Hi" }] as const;
/** Reads an iteration to its end. `error` is what it threw. */
export async function read(
  provider: Provider,
  request: Partial<ProviderRequest> = {},
): Promise<{ readonly parts: ProviderPart[]; readonly error?: unknown }> {
  const parts: ProviderPart[] = [];
  try {
    for await (const part of provider.stream({ messages, ...request })) parts.push(part);
    return { parts };
  } catch (error) {
    return { parts, error };
  }
}
