import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { createRouter, type Capabilities, type Provider, type RouterOptions } from "@qwen/core";
import { scriptedProvider, type ScriptItem, type ScriptedProvider } from "@qwen/testing";
import { createRouterProvider } from "../src/router-provider.ts";

export const prompt: LanguageModelV4CallOptions["prompt"] = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];

type Script =
  | readonly ScriptItem[]
  | ((request: Parameters<Provider["stream"]>[0], call: number) => readonly ScriptItem[]);

/** A provider with one model `m` that plays a script. */
export function scripted(script: Script, capabilities: Capabilities = {}, id = "a"): ScriptedProvider {
  return scriptedProvider({ id, models: [{ id: "m", capabilities }], script });
}

/** The model `m` of a router over providers. */
export function modelOf(
  plugins: readonly Provider[] | Provider,
  options: Partial<RouterOptions> = {},
): LanguageModelV4 {
  const router = createRouter({
    retry: { maxAttempts: 2, baseDelayMs: 0 },
    ...options,
    plugins: [plugins].flat() as readonly Provider[],
  });
  return createRouterProvider({ router })("m");
}

/** Reads a stream to its end. `error` is what it threw. */
export async function read(
  model: LanguageModelV4,
  options: Partial<LanguageModelV4CallOptions> = {},
): Promise<{ readonly parts: LanguageModelV4StreamPart[]; readonly error?: unknown }> {
  const { stream } = await model.doStream({ prompt, ...options });
  const parts: LanguageModelV4StreamPart[] = [];
  try {
    for await (const part of stream) parts.push(part);
    return { parts };
  } catch (error) {
    return { parts, error };
  }
}

/** What a call rejects with. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("It did not reject.");
}
