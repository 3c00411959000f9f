import { QwenError, type ProviderRequest, type Settings, type Tool, type Warning } from "@qwen/core";
import { isGroup, warnOfSettings, type Rule } from "@qwen/core/http";
import type { Dialect } from "./dialect.ts";
import { THOUGHTS } from "./given-back.ts";
import { jsonCopy, told } from "./json.ts";
import type { WireMessage, WireMessages } from "./messages.ts";

/** What a body is made of. */
export interface BodyParts {
  readonly model: string;
  readonly messages: WireMessages;
  readonly settings: Settings | undefined;
  /** The settings that the model honours; `undefined` where that is not known. */
  readonly honoured: readonly (keyof Settings)[] | undefined;
  readonly dialect: Dialect;
  /** Laid over the rest, one after the other. */
  readonly extras: readonly (Readonly<Record<string, unknown>> | undefined)[];
  /** What the endpoint has refused: see {@link refusalOf}. */
  readonly refused: ReadonlySet<string>;
}

/** A request's body, and what of the request is not in it. */
export interface Body {
  /** The parameters in it that can be left out. */
  optional(): Readonly<Record<string, unknown>>;
  readonly json: string;
  readonly warnings: readonly Warning[];
}

/** What is decided here, and is nobody's to lay over. */
const RESERVED: readonly string[] = ["messages", "model", "stream", "n"];

const MAX_TOKENS = ["max_tokens", "max_completion_tokens"] as const;

/** Without these the answer would not be what was asked for: an endpoint that refuses them cannot do it. */
const NEEDED: ReadonlySet<string> = new Set([
  ...RESERVED,
  "tools",
  "tool_choice",
  "response_format",
  "continue_final_message",
  "add_generation_prompt",
]);

/** Writes the body of a request. Throws `invalid_request` for what cannot be written, and for names no tool may have. */
export function chatBody(parts: BodyParts): Body {
  const { model, messages, settings, honoured, dialect, extras, refused } = parts;
  const asked = settings === undefined ? undefined : among(settings, honoured);
  let parameters: Record<string, unknown> = {
    stream_options: { include_usage: true },
    ...(asked && told({ ...settingsOf(asked, dialect), ...toolsOf(asked) })),
    ...prefillOf(messages, dialect),
  };
  for (const more of extras) if (more !== undefined) parameters = { ...parameters, ...more };
  const renamed = renameLimit(parameters, refused);
  const left = refused.size === 0 ? [] : optionalIn(parameters, messages).filter(isLeft);
  for (const [name] of left) delete parameters[name];
  const sent = sentMessages(messages, dialect);
  const thoughts = left.filter(([name]) => THOUGHTS.includes(name)).map(([name]) => name);
  return {
    optional: () => Object.fromEntries(optionalIn(parameters, messages).filter(([name]) => !thoughts.includes(name))),
    json: written({
      model,
      messages: thoughts.length === 0 ? sent : sent.map((message) => without(message, thoughts)),
      stream: true,
      ...parameters,
    }),
    warnings: [
      ...(honoured === undefined ? [] : warnOfSettings(settings, honoured)),
      ...warnOfThought(messages, parts),
      ...renamed,
      ...left.map(([name]) => warning(name, refused.has(name) ? "" : "this value of ", "it was left out")),
    ],
  };

  function isLeft([name, value]: readonly [string, unknown]): boolean {
    return refused.has(name) || refused.has(refusalOf(name, value));
  }
}

/** The parameters that can be left out, what goes back of thoughts among them. */
function optionalIn(
  parameters: Readonly<Record<string, unknown>>,
  { messages }: WireMessages,
): readonly (readonly [string, unknown])[] {
  const thoughts = THOUGHTS.filter((name) => messages.some((message) => name in message));
  return [...thoughts.map((name) => [name, true] as const), ...Object.entries(parameters)].filter(
    ([name]) => !NEEDED.has(name),
  );
}

function without(message: object, names: readonly string[]): object {
  return { ...message, ...Object.fromEntries(names.map((name) => [name, undefined])) };
}

/** What is remembered of a parameter of which one value was refused: that value alone, by how it begins. */
export function refusalOf(name: string, value: unknown): string {
  return `${name}=${written(value).slice(0, 200)}`;
}

/** Asks for a limit of tokens under its other name, where the endpoint refuses the one. */
function renameLimit(parameters: Record<string, unknown>, refused: ReadonlySet<string>): readonly Warning[] {
  const other = MAX_TOKENS.find((name) => !refused.has(name));
  const name = MAX_TOKENS.find((each) => refused.has(each) && each in parameters);
  if (other === undefined || name === undefined) return [];
  parameters[other] ??= parameters[name];
  delete parameters[name];
  return [warning(name, "", `it was sent as "${other}"`)];
}

function warning(name: string, what: string, so: string): Warning {
  return {
    feature: Object.hasOwn(SETTING_NAMES, name) ? (SETTING_NAMES[name] ?? name) : name,
    message: `The endpoint refuses ${what}the parameter "${name}", so ${so}.`,
  };
}

function among(settings: Settings, honoured: readonly (keyof Settings)[] | undefined): Settings {
  if (honoured === undefined) return settings;
  return Object.fromEntries(Object.entries(settings).filter(([name]) => honoured.some((each) => each === name)));
}

/** The settings that are a value of their own, by their names on the wire. */
const VALUES = {
  temperature: "temperature",
  top_p: "topP",
  top_k: "topK",
  presence_penalty: "presencePenalty",
  frequency_penalty: "frequencyPenalty",
  seed: "seed",
  stop: "stopSequences",
} as const satisfies Readonly<Record<string, keyof Settings>>;

/** Whose wish a parameter is, for warnings. */
const SETTING_NAMES: Readonly<Record<string, keyof Settings>> = {
  ...VALUES,
  max_tokens: "maxOutputTokens",
  max_completion_tokens: "maxOutputTokens",
  reasoning_effort: "reasoning",
  enable_thinking: "reasoning",
  parallel_tool_calls: "parallelToolCalls",
};

function settingsOf(settings: Settings, { reasoning }: Dialect): Record<string, unknown> {
  const { stopSequences, responseFormat, reasoning: effort } = settings;
  return {
    max_tokens: settings.maxOutputTokens,
    ...Object.fromEntries(Object.entries(VALUES).map(([name, setting]) => [name, settings[setting]])),
    ...(stopSequences?.length === 0 && { stop: undefined }),
    ...(effort !== undefined && (reasoning?.(effort) ?? { reasoning_effort: effort })),
    ...(responseFormat?.type === "json" && { response_format: formatOf(responseFormat.schema) }),
  };
}

function formatOf(schema: unknown): object {
  if (schema === undefined) return { type: "json_object" };
  return { type: "json_schema", json_schema: { name: "answer", schema } };
}

const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

function toolsOf({ tools = [], toolChoice, parallelToolCalls }: Settings): Record<string, unknown> {
  if (tools.length === 0) return {};
  for (const { name } of tools) {
    if (!TOOL_NAME.test(name))
      throw invalid(`no tool can be called ${JSON.stringify(name.slice(0, 80))} here, only what ${TOOL_NAME} takes.`);
  }
  const names = tools.map(({ name }) => name);
  if (typeof toolChoice === "object" && !names.includes(toolChoice.toolName))
    throw invalid("`settings.toolChoice` names a tool that is not in `settings.tools`.");
  return {
    tools: tools.map(wireTool),
    tool_choice:
      typeof toolChoice === "object" ? { type: "function", function: { name: toolChoice.toolName } } : toolChoice,
    parallel_tool_calls: parallelToolCalls,
  };
}

function wireTool({ name, description, inputSchema }: Tool): object {
  return {
    type: "function",
    function: { name, description, parameters: inputSchema ?? { type: "object", properties: {} } },
  };
}

function prefillOf({ beginning }: WireMessages, { prefill, reasoning }: Dialect): Record<string, unknown> {
  if (beginning === undefined) return {};
  // Models that think go on behind nothing: llama.cpp and DashScope refuse both at once.
  const unthinking = reasoning?.("none");
  if (prefill !== "continue_final_message") return { ...unthinking };
  return { ...unthinking, continue_final_message: true, add_generation_prompt: false };
}

/** What is said where thought was asked for behind a beginning. */
function warnOfThought(
  { beginning }: WireMessages,
  { settings, dialect }: Pick<BodyParts, "settings" | "dialect">,
): readonly Warning[] {
  const asked = settings?.reasoning;
  if (beginning === undefined || dialect.reasoning === undefined || asked === undefined || asked === "none") return [];
  return [{ feature: "reasoning", message: "The model goes on behind the beginning of an answer without thinking." }];
}

function sentMessages({ messages, beginning }: WireMessages, { prefill }: Dialect): readonly WireMessage[] {
  if (beginning === undefined || prefill !== "partial") return messages;
  return [...messages.slice(0, -1), { ...messages.at(-1), partial: true }];
}

function written(body: unknown): string {
  try {
    const json = JSON.stringify(body);
    return json.includes("\\ud") ? wellFormed(json) : json;
  } catch (cause) {
    throw invalid("a schema or an option cannot be written as JSON.", cause);
  }
}

/** JSON tells half a character by its number, which servers read as one that no text of theirs can hold. */
function wellFormed(json: string): string {
  return json.replaceAll(/\\(?:ud[89a-f][\da-f]{2}|.)/g, (escape) => (escape.length > 2 ? "\u{FFFD}" : escape));
}

/** What a request says for one provider alone. Throws `invalid_request` for what is decided by the SDK. */
export function extrasOf(
  { providerOptions }: ProviderRequest,
  id: string,
): Readonly<Record<string, unknown>> | undefined {
  const own = providerOptions !== undefined && Object.hasOwn(providerOptions, id) ? providerOptions[id] : undefined;
  if (own === undefined) return undefined;
  const expected = moreOfABody(own);
  if (expected !== undefined) throw invalid(`\`providerOptions[${JSON.stringify(id)}]\` must be ${expected}.`);
  try {
    return jsonCopy(own) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw invalid(`\`providerOptions[${JSON.stringify(id)}]\` must be what JSON can tell.`, cause);
  }
}

/** What may be laid over a body. */
export const moreOfABody: Rule = (value) => {
  // What has a way of its own to be written would be read as something else.
  if (!isGroup(value) || Symbol.iterator in value || "then" in value || "toJSON" in value) return "a plain object";
  const taken = RESERVED.find((name) => Object.hasOwn(value, name));
  return taken === undefined ? undefined : `an object without \`${taken}\`, which is the SDK's to set`;
};

function invalid(what: string, cause?: unknown): QwenError {
  return new QwenError("invalid_request", `The request cannot be sent: ${what}`, { cause });
}
