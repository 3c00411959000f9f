import { QwenError } from "./errors.ts";
import { imagesOf, textOf, type Message } from "./message.ts";
import type { Capabilities, ModelInfo, ProviderRequest, Settings, Warning } from "./provider.ts";

/** The request, as far as it decides whether a model can answer it. */
export type AskedFor = Pick<ProviderRequest, "messages" | "settings">;

/**
 * Says why a model cannot answer a request: `unsupported`, naming the feature; `undefined` where it can.
 *
 * Asked before anything is sent, by the router of every candidate.
 */
export function findUnsupported(
  { id, capabilities }: ModelInfo,
  { messages, settings = {} }: AskedFor,
): QwenError | undefined {
  const feature = missingFeature(capabilities, messages, settings);
  if (feature === undefined) return undefined;
  return new QwenError(
    "unsupported",
    `The model "${id}" cannot take ${feature}. Ask a model that can, or put one into the route.`,
  );
}

function missingFeature(
  { images, tools, json }: Capabilities,
  messages: readonly Message[],
  settings: Settings,
): string | undefined {
  if (!images && messages.some((message) => imagesOf(message).length > 0)) return "images";
  if (!tools && settings.tools !== undefined && settings.tools.length > 0 && settings.toolChoice !== "none")
    return "tools";
  if (!tools && messages.some(({ role }) => role === "tool")) return "tool results";
  if (!json && settings.responseFormat?.type === "json") return "a JSON response format";
  return undefined;
}

/**
 * Throws `invalid_request` for a request that no provider could answer, saying what is wrong with it.
 *
 * For callers without the compiler, and for what types cannot say, such as an empty last message.
 */
export function checkRequest({ messages, settings }: AskedFor): void {
  if (!Array.isArray(messages)) throw invalid("`messages` must be an array");
  if (messages.length === 0) throw invalid("`messages` is empty");
  messages.forEach(checkMessage);
  const last = messages.at(-1);
  if (last !== undefined && textOf(last).trim() === "" && imagesOf(last).length === 0)
    throw invalid("the last message is empty");
  if (settings !== undefined && (typeof settings !== "object" || settings === null))
    throw invalid("`settings` must be an object");
}

function checkMessage(message: Message, index: number): void {
  const where = `messages[${index}]`;
  if (typeof message !== "object" || message === null) throw invalid(`${where} must be an object`);
  if (!ROLES.has(message.role)) throw invalid(`the role of ${where} must be one of ${[...ROLES].join(", ")}`);
  const { content } = message;
  if (typeof content === "string") return;
  if (!Array.isArray(content)) throw invalid(`the content of ${where} must be a string or an array of parts`);
  for (const part of content) {
    if (part?.type === "text" && typeof part.text === "string") continue;
    if (
      part?.type === "image" &&
      (part.image instanceof Uint8Array || part.image instanceof Blob || part.image instanceof URL)
    )
      continue;
    throw invalid(
      `a part of ${where} is neither { type: "text", text } nor { type: "image", image } with bytes, a Blob or a URL`,
    );
  }
}

const ROLES: ReadonlySet<string> = new Set(["system", "user", "assistant", "tool"]);

function invalid(what: string): QwenError {
  return new QwenError("invalid_request", `The request cannot be sent: ${what}.`);
}

/**
 * Warns of the settings a provider does not honour, for the `warnings` of its `finish`.
 *
 * A setting that asks for nothing (`toolChoice: "auto"`, `responseFormat: { type: "text" }`) earns no warning.
 */
export function warnOfSettings(
  settings: Settings | undefined,
  honoured: readonly (keyof Settings)[] = [],
): readonly Warning[] {
  if (settings === undefined) return NO_WARNINGS;
  return SETTINGS.filter((name) => asksFor(settings, name) && !honoured.includes(name)).map((name) => ({
    feature: name,
    message: `The provider ignores the setting "${name}".`,
  }));
}

function asksFor(settings: Settings, name: keyof Settings): boolean {
  switch (name) {
    case "toolChoice":
      return settings.toolChoice !== undefined && settings.toolChoice !== "auto" && settings.toolChoice !== "none";
    case "responseFormat":
      return settings.responseFormat?.type === "json";
    case "tools":
    case "stopSequences":
      return (settings[name]?.length ?? 0) > 0;
    default:
      return settings[name] !== undefined;
  }
}

const SETTINGS = [
  "maxOutputTokens",
  "temperature",
  "topP",
  "stopSequences",
  "seed",
  "responseFormat",
  "tools",
  "toolChoice",
] as const;

const NO_WARNINGS: readonly Warning[] = [];
