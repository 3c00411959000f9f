import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { QwenError, type ProviderRequest, type Settings, type Warning } from "@qwen/core";
import { isGroup } from "@qwen/core/http";
import { endsCall } from "@qwen/core/router";
import type { FromLanguageModelOptions } from "./from-model-options.ts";
import { writePrompt, type Fetch } from "./from-model-prompt.ts";
import { chosen } from "./prepared.ts";

type ProviderOptions = LanguageModelV4CallOptions["providerOptions"];

/** How a request is written for a model. */
export interface WriteOptions extends Pick<FromLanguageModelOptions, "id" | "prepare"> {
  readonly model: LanguageModelV4;
  /** Aborts where the call is over. */
  readonly signal: AbortSignal;
  readonly fetch: Fetch;
}

/**
 * A request to a provider as the options of a call. `request.providerOptions[id]` are those of the AI SDK, by vendor.
 *
 * Rejects with `invalid_request` for what nobody could send, and with what ends the request where `prepare` fails.
 */
export async function writeCall(
  request: ProviderRequest,
  { id, prepare, model, signal, fetch }: WriteOptions,
): Promise<LanguageModelV4CallOptions> {
  const { messages, settings = {}, headers } = request;
  const options: LanguageModelV4CallOptions = {
    ...settingsOf(settings),
    providerOptions: vendorsOf(request.providerOptions, id),
    prompt: await writePrompt(messages, { model, fetch }),
    abortSignal: signal,
    ...(headers !== undefined && { headers: { ...headers } }),
  } as LanguageModelV4CallOptions;
  if (prepare === undefined) return options;
  try {
    return chosen(await prepare(options, { model }), options);
  } catch (error) {
    // One of the family is of another call: copied, as errors of a provider are, it would be taken for one of this.
    throw endsCall("prepare", QwenError.isInstance(error) ? new Error("`prepare` failed.", { cause: error }) : error);
  }
}

/** What of the settings no model of the AI SDK hears of. */
export function unheard({ parallelToolCalls, tools = [] }: Settings = {}): readonly Warning[] {
  if (parallelToolCalls === undefined || tools.length === 0) return [];
  return [{ feature: "parallelToolCalls", message: "The AI SDK has no such setting: give it by `providerOptions`." }];
}

function vendorsOf(options: ProviderRequest["providerOptions"], id: string): ProviderOptions {
  const own = options !== undefined && Object.hasOwn(options, id) ? options[id] : undefined;
  if (own === undefined) return undefined;
  if (isGroup(own) && Object.values(own).every(isGroup)) return own as ProviderOptions;
  throw new QwenError(
    "invalid_request",
    `\`providerOptions.${id}\` must be an object of options by vendor, as the AI SDK has them: { openai: { … } }.`,
  );
}

/** What is set of the settings, as a call has it. */
function settingsOf({ tools, toolChoice, responseFormat, ...same }: Settings): object {
  const set = Object.entries(same).filter(([name, value]) => value !== undefined && name !== "parallelToolCalls");
  return {
    ...Object.fromEntries(set),
    ...(responseFormat !== undefined && { responseFormat }),
    ...(tools !== undefined && { tools: tools.map(toolOf) }),
    ...(toolChoice !== undefined && { toolChoice: choiceOf(toolChoice) }),
  };
}

function toolOf({ name, description, inputSchema }: NonNullable<Settings["tools"]>[number]): object {
  return {
    type: "function",
    name,
    ...(description !== undefined && { description }),
    inputSchema: inputSchema ?? { type: "object" },
  };
}

function choiceOf(choice: NonNullable<Settings["toolChoice"]>): object {
  return typeof choice === "string" ? { type: choice } : { type: "tool", toolName: choice.toolName };
}
