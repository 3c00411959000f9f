import type { Message, ReasoningEffort, Settings } from "@qwen/core";
import type { Policy } from "../policy.ts";
import { policyInBody } from "../policy.ts";
import { readMessages } from "./chat-messages.ts";
import { readResponseFormat, readToolChoice, readTools } from "./chat-tools.ts";
import { type Body, Fields, isObject, unsupported, wrong } from "./fields.ts";

/** What a body of `POST /v1/chat/completions` asks for. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly Message[];
  readonly settings: Settings;
  readonly stream: boolean;
  /** Whether the stream is to tell what the answer took. */
  readonly includeUsage: boolean;
  /** Where the text is to be cut, before the first of them. */
  readonly stop: readonly string[];
  /** What the caller wishes of how it is tried. */
  readonly policy: Policy;
  /** Parameters that are known and not honoured. */
  readonly ignored: readonly string[];
}

/**
 * Reads a body. What it does not know is ignored, since clients send new parameters each month; what is known and nobody here honours
 * is in `ignored`; what would make another answer of it than was asked for is a refusal that names the parameter.
 */
export function readChatRequest(given: unknown): ChatRequest {
  const fields = new Fields(given);
  const model = fields.name("model");
  refuseOthers(fields);
  const streamOptions = fields.object("stream_options");
  const effort = fields.string("reasoning_effort");
  const qwen = fields.value("qwen");
  return {
    model,
    messages: readMessages(fields.list("messages"), "messages"),
    settings: readSettings(fields, effort),
    stream: fields.flag("stream") ?? false,
    includeUsage: streamOptions?.flag("include_usage") ?? false,
    stop: readStop(fields),
    policy: policyInBody(isObject(qwen) ? qwen : undefined),
    ignored: ignoredIn(fields.body, effort),
  };
}

/** What can be had elsewhere and not here, and is not to be left out in silence. */
function refuseOthers(fields: Fields): void {
  if ((fields.whole("n", 1) ?? 1) > 1) throw unsupported("n", "`n` can be 1 only: ask as often as you want answers.");
  for (const name of ["functions", "function_call"] as const)
    if (fields.value(name) !== undefined)
      throw unsupported(name, `\`${name}\` is no longer taken: use \`tools\` and \`tool_choice\`.`);
  if (fields.list("modalities")?.some((one) => one !== "text") === true)
    throw unsupported("modalities", "Answers are text only: leave `modalities` out.");
  if (fields.value("audio") !== undefined) throw unsupported("audio", "Answers are text only: leave `audio` out.");
}

function readSettings(fields: Fields, effort: string | undefined): Settings {
  const limit = fields.whole("max_completion_tokens", 1) ?? fields.whole("max_tokens", 1);
  const stop = readStop(fields);
  const tools = readTools(fields);
  return told({
    maxOutputTokens: limit,
    temperature: fields.number("temperature", { least: 0 }),
    topP: fields.number("top_p", { least: 0, most: 1 }),
    topK: fields.whole("top_k", 1),
    presencePenalty: fields.number("presence_penalty"),
    frequencyPenalty: fields.number("frequency_penalty"),
    stopSequences: stop.length === 0 ? undefined : stop,
    seed: fields.whole("seed"),
    reasoning: isEffort(effort) ? effort : undefined,
    responseFormat: readResponseFormat(fields),
    tools,
    toolChoice: readToolChoice(fields, tools),
    parallelToolCalls: fields.flag("parallel_tool_calls"),
  });
}

/** The settings that are set. */
function told(settings: Settings): Settings {
  const set: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(settings)) if (value !== undefined) set[name] = value;
  return set;
}

const MOST_STOPS = 4;
/** In characters. They are looked for at each piece of an answer. */
const LONGEST_STOP = 1000;

function readStop(fields: Fields): readonly string[] {
  const given = fields.value("stop");
  if (given === undefined) return [];
  const all: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (all.length > MOST_STOPS || !all.every(isStop))
    throw wrong("stop", `a string of at most ${LONGEST_STOP} characters, or a list of at most ${MOST_STOPS}`);
  // An empty one would end every answer before it began.
  return all.filter((one) => one !== "").map((one) => one.toWellFormed());
}

function isStop(one: unknown): one is string {
  return typeof one === "string" && one.length <= LONGEST_STOP;
}

const EFFORTS: readonly string[] = [
  "none",
  "minimal",
  "low",
  "medium",
  "high",
  "xhigh",
  "max",
] satisfies ReasoningEffort[];

/** Whether a word says how much a model is to think. */
export function isEffort(effort: string | undefined): effort is ReasoningEffort {
  return effort !== undefined && EFFORTS.includes(effort);
}

/** Parameters of OpenAI's that ask for something which nobody behind this gateway does. */
const IGNORED: readonly string[] = [
  "logit_bias",
  "logprobs",
  "metadata",
  "moderation",
  "prediction",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "store",
  "top_logprobs",
  "user",
  "verbosity",
  "web_search_options",
];

function ignoredIn(body: Body, effort: string | undefined): readonly string[] {
  const ignored = IGNORED.filter((name) => body[name] !== undefined && body[name] !== null && body[name] !== false);
  return effort === undefined || isEffort(effort) ? ignored : [...ignored, "reasoning_effort"];
}
