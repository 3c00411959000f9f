import {
  createOpenAIEmulator,
  type OpenAIDialectName,
  type OpenAIEmulator,
  type OpenAIEmulatorOptions,
} from "@qwen/testing";

/** An OpenAI-compatible endpoint in this process, so that the examples need no network and no key. */
export function emulatedEndpoint(
  dialect: OpenAIDialectName,
  models: OpenAIEmulatorOptions["models"],
): Promise<OpenAIEmulator> {
  return createOpenAIEmulator({ dialect, models });
}
