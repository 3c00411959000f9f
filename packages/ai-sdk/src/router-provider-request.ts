import type { LanguageModelV4CallOptions, SharedV4Warning } from "@ai-sdk/provider";
import { QwenError, type RouterRequest, type Settings, type Tool } from "@qwen/core";
import { anObject, aPauseMs, aString, isGroup, oneOf, readOptions, readTimeouts, type Rules } from "@qwen/core/http";
import { readPrompt } from "./prompt.ts";

/** What of a call a caller may say to a router, as `providerOptions.qwen`. */
export interface RouterCallOptions extends Pick<
  RouterRequest,
  "timeouts" | "commit" | "maxQueueMs" | "conversation" | "onConversationLost"
> {}

/** A call of the AI SDK as a request to a router, and what of it cannot be honoured. */
export interface ReadCall {
  readonly request: Omit<RouterRequest, "model">;
  readonly warnings: readonly SharedV4Warning[];
}

/**
 * Reads the options of a call. Limits of `providerOptions.qwen` hold where they are below the router's own, and never lift them;
 * options of other providers pass.
 *
 * Throws `invalid_request` for `providerOptions.qwen` of the wrong shape, naming what is wrong.
 */
export function readCall(options: LanguageModelV4CallOptions): ReadCall {
  const { qwen, ...others } = { ...options.providerOptions };
  const { timeouts, maxQueueMs, ...own } = readOwn(qwen);
  const { messages, warnings } = readPrompt(options.prompt);
  const { tools, leftOut } = readTools(options.tools);
  return {
    request: {
      ...own,
      messages,
      settings: settingsOf(options, tools),
      signal: options.abortSignal,
      atMost: { timeouts, maxQueueMs },
      providerOptions: others,
    },
    warnings: [...warnings, ...leftOut, ...unheard(options)],
  };
}

const aCommitPoint = oneOf("first-output", "buffered", "continue");

const isReplayOnly = (value: unknown): boolean =>
  isGroup(value) && Object.keys(value).length === 1 && "continue" in value && value.continue === "replay";

const OWN_RULES: Rules<RouterCallOptions> = {
  timeouts: anObject,
  commit: (value) =>
    aCommitPoint(value) === undefined || isReplayOnly(value)
      ? undefined
      : '"first-output", "buffered", "continue" or { continue: "replay" }',
  maxQueueMs: aPauseMs,
  conversation: aString,
  onConversationLost: oneOf("fail", "restart"),
};

function readOwn(given: RouterCallOptions | undefined): RouterCallOptions {
  try {
    const read = readOptions("providerOptions.qwen", given, OWN_RULES) ?? {};
    return { ...read, timeouts: readTimeouts(read.timeouts, "providerOptions.qwen.timeouts") };
  } catch (cause) {
    throw new QwenError("invalid_request", `The call cannot be made: ${(cause as Error).message}`, { cause });
  }
}

function settingsOf(options: LanguageModelV4CallOptions, tools: readonly Tool[] | undefined): Settings {
  const { maxOutputTokens, temperature, topP, topK, presencePenalty, frequencyPenalty, stopSequences, seed } = options;
  const { reasoning, responseFormat, toolChoice } = options;
  return whatIsSet({
    maxOutputTokens,
    temperature,
    topP,
    topK,
    presencePenalty,
    frequencyPenalty,
    stopSequences,
    seed,
    reasoning: reasoning === "provider-default" ? undefined : reasoning,
    responseFormat: responseFormat?.type === "json" ? { type: "json", schema: responseFormat.schema } : responseFormat,
    tools,
    // "auto" comes even without tools.
    toolChoice: tools === undefined ? undefined : choiceOf(toolChoice),
  });
}

/** Callers without the compiler may have `null` for what is not. */
function whatIsSet(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined && value !== null));
}

function choiceOf(choice: LanguageModelV4CallOptions["toolChoice"]): Settings["toolChoice"] {
  return choice?.type === "tool" ? { toolName: choice.toolName } : choice?.type;
}

type V4Tool = NonNullable<LanguageModelV4CallOptions["tools"]>[number];

function readTools(given: readonly V4Tool[] | undefined): {
  readonly tools: readonly Tool[] | undefined;
  readonly leftOut: readonly SharedV4Warning[];
} {
  if (!Array.isArray(given)) return { tools: given as undefined, leftOut: [] };
  const tools: Tool[] = [];
  const leftOut: SharedV4Warning[] = [];
  for (const tool of given as readonly V4Tool[]) {
    if (tool?.type === "provider") {
      leftOut.push(unsupported(`provider-defined tool ${tool.id}`, "A router hands on tools of the caller's only."));
      continue;
    }
    const { name, description, inputSchema, strict, inputExamples } = tool ?? {};
    tools.push({ name, description, inputSchema });
    if (strict === true) leftOut.push(unsupported(`strict of the tool ${name}`));
    if (inputExamples !== undefined) leftOut.push(unsupported(`inputExamples of the tool ${name}`));
  }
  return { tools: tools.length === 0 ? undefined : tools, leftOut };
}

/** What nobody behind a router would hear of. */
function unheard({ headers, responseFormat }: LanguageModelV4CallOptions): readonly SharedV4Warning[] {
  const named =
    responseFormat?.type === "json" && (responseFormat.name !== undefined || responseFormat.description !== undefined);
  // The AI SDK says who it is with each call.
  const told = Object.entries({ ...headers }).some(
    ([name, value]) => value !== undefined && name.toLowerCase() !== "user-agent",
  );
  return [
    ...(named ? [unsupported("name and description of the response format")] : []),
    ...(told
      ? [unsupported("headers", "A router does not know for which of its providers they are meant: set them there.")]
      : []),
  ];
}

function unsupported(feature: string, details?: string): SharedV4Warning {
  return { type: "unsupported", feature, ...(details !== undefined && { details }) };
}
