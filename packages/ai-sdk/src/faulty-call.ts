import type { LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { QwenError } from "@qwen/core";
import { isGroup } from "@qwen/core/http";

import { failureOf } from "./model-errors.ts";

/**
 * Asks a model. Where it fails before it has asked anybody, because of what its caller says, that is `invalid_request`: the next
 * model would fail of it as well, and each would be left alone for what others could still have of it.
 */
export async function blamingCalls<Answer>(
  options: LanguageModelV4CallOptions,
  ask: () => PromiseLike<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    // What servers and connections fail with is known.
    if (QwenError.isInstance(failureOf(error, { provider: "", model: "", hasOutput: false }))) throw error;
    const fault = faultIn(options);
    if (fault === undefined) throw error;
    throw new QwenError("invalid_request", `The call cannot be sent: ${fault}.`, { cause: error, sent: false });
  }
}

/** Why no model can be asked with these options, without a word of what they hold. Looked for only where one has failed. */
function faultIn(options: LanguageModelV4CallOptions): string | undefined {
  try {
    const { abortSignal: _, headers, ...said } = options;
    if (!isPrompt(said.prompt)) return "`prompt` must be an array of messages, as the AI SDK has them";
    if (!areHeaders(headers)) return "`headers` has a name or a value that HTTP cannot carry";
    const name = Object.keys(said).find((each) => !isJson(Reflect.get(said, each)));
    return name === undefined ? undefined : `\`${name}\` cannot be written as JSON`;
  } catch {
    return "its options cannot be read";
  }
}

const ROLES: ReadonlySet<unknown> = new Set(["system", "user", "assistant", "tool"]);

function isPrompt(prompt: unknown): boolean {
  return Array.isArray(prompt) && prompt.every(isMessage);
}

function isMessage(message: unknown): boolean {
  if (!isGroup(message)) return false;
  const { role, content } = message as Readonly<Record<string, unknown>>;
  if (role === "system") return typeof content === "string";
  return ROLES.has(role) && Array.isArray(content) && content.every(isPart);
}

function isPart(part: unknown): boolean {
  if (!isGroup(part)) return false;
  const { type, data } = part as Readonly<Record<string, unknown>>;
  return typeof type === "string" && (type !== "file" || isGroup(data));
}

function areHeaders(headers: LanguageModelV4CallOptions["headers"]): boolean {
  const set = Object.entries(headers ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return !throws(() => new Headers(set));
}

function isJson(value: unknown): boolean {
  // Bytes are sent otherwise, and may be many.
  return !throws(() => JSON.stringify(value, (_, each: unknown) => (ArrayBuffer.isView(each) ? undefined : each)));
}

function throws(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch {
    return true;
  }
}
