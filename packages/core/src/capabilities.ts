import { QwenError } from "./errors.ts";
import { imageSource, imagesOf, textOf, type ImagePart, type Message } from "./message.ts";
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
  { images, tools, json, prefill = false }: Capabilities,
  messages: readonly Message[],
  settings: Settings,
): string | undefined {
  if (!images && messages.some((message) => imagesOf(message).length > 0)) return "images";
  if (!tools && settings.tools !== undefined && settings.tools.length > 0 && settings.toolChoice !== "none")
    return "tools";
  if (!tools && messages.some(({ role }) => role === "tool")) return "tool results";
  if (!prefill && lastSpoken(messages)?.role === "assistant")
    return "a chat that ends with the assistant, only one that ends with a question";
  if (!json && settings.responseFormat?.type === "json") return "a JSON response format";
  return undefined;
}

/**
 * Throws `invalid_request` for a request that no provider could answer, saying what is wrong with it.
 *
 * For callers without the compiler, and for what types cannot say, such as an empty last message. A history that
 * ends with the assistant is none of them: some models go on with it.
 */
export function checkRequest({ messages, settings }: AskedFor): void {
  if (!Array.isArray(messages)) throw invalid("`messages` must be an array");
  if (messages.length === 0) throw invalid("`messages` is empty");
  messages.forEach(checkMessage);
  const last = lastSpoken(messages);
  if (last === undefined) throw invalid("`messages` holds nothing but a system prompt, and no question");
  if (last.role !== "assistant" && textOf(last).trim() === "" && imagesOf(last).length === 0)
    throw invalid("the last message is empty");
  if (settings !== undefined) checkSettings(settings);
}

/** The last message that is no system prompt: those stand beside the dialogue, wherever they are in the list. */
function lastSpoken(messages: readonly Message[]): Message | undefined {
  return messages.findLast(({ role }) => role !== "system" && role !== "developer");
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
    if (part?.type !== "image")
      throw invalid(`a part of ${where} is neither { type: "text", text } nor { type: "image", image }`);
    checkImage(part.image, where);
  }
}

function checkImage(image: ImagePart["image"], where: string): void {
  // A picture in a string may be megabytes, which are decoded where they are needed.
  if (typeof image === "string" && /^data:/i.test(image)) return;
  try {
    imageSource(image);
  } catch (error) {
    throw invalid(`the image of ${where} cannot be read. ${error instanceof Error ? error.message.slice(0, -1) : ""}`);
  }
}

function checkSettings(settings: Settings): void {
  if (typeof settings !== "object" || settings === null) throw invalid("`settings` must be an object");
  for (const [name, [expected, fits]] of SETTING_RULES) {
    const value: unknown = settings[name];
    if (value !== undefined && !fits(value)) throw invalid(`\`settings.${name}\` must be ${expected}`);
  }
}

const isFiniteNumber = (value: unknown): value is number => Number.isFinite(value);
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isTool = (value: unknown): boolean =>
  isObject(value) && "name" in value && typeof value.name === "string" && value.name !== "";

/** What a setting must be, and whether it is. */
const SETTING_RULES: ReadonlyMap<keyof Settings, readonly [string, (value: unknown) => boolean]> = new Map<
  keyof Settings,
  readonly [string, (value: unknown) => boolean]
>([
  ["maxOutputTokens", ["a whole number from 1", (value) => Number.isInteger(value) && Number(value) >= 1]],
  ["temperature", ["a number from 0", (value) => isFiniteNumber(value) && value >= 0]],
  ["topP", ["a number from 0 to 1", (value) => isFiniteNumber(value) && value >= 0 && value <= 1]],
  [
    "stopSequences",
    ["an array of strings", (value) => Array.isArray(value) && value.every((one) => typeof one === "string")],
  ],
  ["seed", ["a whole number", (value) => Number.isInteger(value)]],
  [
    "responseFormat",
    [
      '{ type: "text" } or { type: "json" }',
      (value) => isObject(value) && "type" in value && (value.type === "text" || value.type === "json"),
    ],
  ],
  ["tools", ["an array of tools, each with a `name`", (value) => Array.isArray(value) && value.every(isTool)]],
  [
    "toolChoice",
    [
      '"auto", "none", "required" or { toolName }',
      (value) =>
        value === "auto" || value === "none" || value === "required" || (isObject(value) && "toolName" in value),
    ],
  ],
]);

const ROLES: ReadonlySet<string> = new Set(["system", "developer", "user", "assistant", "tool"]);

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
