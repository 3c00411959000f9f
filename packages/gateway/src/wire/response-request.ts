import type { Settings, Tool } from "@qwen/core";

import { type Policy, policyInBody } from "../policy.ts";
import { isEffort } from "./chat-request.ts";
import { type Body, Fields, isObject, unsupported, wrong } from "./fields.ts";
import { type Item, type ItemReference, type NewId, readInput } from "./response-items.ts";

/** What a body of `POST /v1/responses` asks for. */
export interface ResponseRequest {
  readonly model: string;
  readonly input: readonly (Item | ItemReference)[];
  readonly instructions: string | undefined;
  readonly settings: Settings;
  readonly stream: boolean;
  readonly store: boolean;
  readonly background: boolean;
  readonly previousId: string | undefined;
  /** What the caller wishes of how it is tried. */
  readonly policy: Policy;
  /** Parameters that are known and not honoured. */
  readonly ignored: readonly string[];
  /** What a response repeats of its request. */
  readonly echo: Body;
}

/**
 * Reads a body. As of chat completions: what it does not know is ignored, what is known and nobody here honours is in `ignored`, and what
 * would make another answer of it than was asked for is a {@link Refusal}.
 */
export function readResponseRequest(given: unknown, newId: NewId): ResponseRequest {
  const fields = new Fields(given);
  const model = fields.name("model");
  refuseOthers(fields);
  const [store, background] = [fields.flag("store") ?? true, fields.flag("background") ?? false];
  if (background && !store) throw wrong("store", "true, or left out, where `background` is");
  const qwen = fields.value("qwen");
  const settings = readSettings(fields);
  const instructions = fields.string("instructions");
  return {
    model,
    input: readInput(fields.value("input"), newId),
    instructions,
    settings,
    stream: fields.flag("stream") ?? false,
    store,
    background,
    previousId: fields.string("previous_response_id"),
    policy: policyInBody(isObject(qwen) ? qwen : undefined),
    ignored: ignoredIn(fields),
    echo: echoOf(fields, { store, background, instructions, settings }),
  };
}

function refuseOthers(fields: Fields): void {
  if (fields.value("conversation") !== undefined)
    throw unsupported("conversation", "Conversations are not kept here: go on with `previous_response_id`.");
  if (fields.value("prompt") !== undefined)
    throw unsupported("prompt", "Prompts are not kept here: write them into `instructions` and `input`.");
}

function readSettings(fields: Fields): Settings {
  const tools = readTools(fields);
  const effort = fields.object("reasoning")?.string("effort");
  const settings: { -readonly [Name in keyof Settings]: Settings[Name] } = {
    maxOutputTokens: fields.whole("max_output_tokens", 1),
    temperature: fields.number("temperature", { least: 0 }),
    topP: fields.number("top_p", { least: 0, most: 1 }),
    presencePenalty: fields.number("presence_penalty"),
    frequencyPenalty: fields.number("frequency_penalty"),
    reasoning: isEffort(effort) ? effort : undefined,
    responseFormat: readFormat(fields),
    tools,
    toolChoice: readToolChoice(fields, tools),
    parallelToolCalls: fields.flag("parallel_tool_calls"),
  };
  for (const name of Object.keys(settings) as (keyof Settings)[])
    if (settings[name] === undefined) delete settings[name];
  return settings;
}

function readTools(fields: Fields): readonly Tool[] | undefined {
  const given = fields.list("tools");
  if (given === undefined || given.length === 0) return undefined;
  const names = new Set<string>();
  return given.map((one, index) => {
    const tool = new Fields(one, `tools[${index}]`);
    if (tool.string("type") !== "function")
      throw unsupported(tool.pathOf("type"), "A tool can be a `function` only: nothing is run here.");
    const name = tool.name("name");
    if (names.has(name)) throw wrong(tool.pathOf("name"), "unlike the name of every other tool");
    names.add(name);
    const inputSchema = tool.object("parameters")?.body ?? { type: "object", properties: {} };
    return { name, description: tool.string("description"), inputSchema };
  });
}

function readToolChoice(fields: Fields, tools: readonly Tool[] | undefined): Settings["toolChoice"] {
  const given = fields.value("tool_choice");
  if (given === undefined) return undefined;
  if (given === "auto" || given === "none") return tools === undefined ? undefined : given;
  if (tools === undefined) throw wrong("tool_choice", "left out, or `none`, where there are no `tools`");
  if (given === "required") return given;
  if (typeof given === "string") throw wrong("tool_choice", "`auto`, `none`, `required`, or the function to call");
  const choice = new Fields(given, "tool_choice");
  if (choice.string("type") !== "function")
    throw unsupported(choice.pathOf("type"), "The tool to call can be a `function` only.");
  const toolName = choice.name("name");
  if (!tools.some(({ name }) => name === toolName))
    throw wrong(choice.pathOf("name"), "the name of one of the `tools`");
  return { toolName };
}

function readFormat(fields: Fields): Settings["responseFormat"] {
  const format = fields.object("text")?.object("format");
  const type = format?.string("type") ?? "text";
  if (format === undefined || type === "text") return undefined;
  if (type === "json_object") return { type: "json" };
  if (type !== "json_schema")
    throw unsupported(format.pathOf("type"), "An answer comes as `text`, `json_object` or `json_schema`.");
  const schema = format.object("schema");
  if (schema === undefined) throw wrong(format.pathOf("schema"), "a JSON schema");
  return { type: "json", schema: schema.body };
}

/** Parameters that ask for something which nobody behind this gateway does. */
const IGNORED: readonly string[] = [
  "context_management",
  "max_tool_calls",
  "moderation",
  "prompt_cache_key",
  "prompt_cache_options",
  "prompt_cache_retention",
  "safety_identifier",
  "service_tier",
  "top_logprobs",
  "user",
];

function ignoredIn(fields: Fields): readonly string[] {
  const ignored = IGNORED.filter((name) => {
    const value = fields.value(name);
    return value !== undefined && value !== false && value !== 0;
  });
  const effort = fields.object("reasoning")?.string("effort");
  return [
    ...ignored,
    ...(fields.value("truncation") === "auto" ? ["truncation"] : []),
    ...(fields.object("text")?.value("verbosity") !== undefined ? ["text.verbosity"] : []),
    ...(effort === undefined || isEffort(effort) ? [] : ["reasoning.effort"]),
  ];
}

interface Read {
  readonly store: boolean;
  readonly background: boolean;
  readonly instructions: string | undefined;
  readonly settings: Settings;
}

/** Clients read responses by strict schemas: what may be null is there all the same. */
function echoOf(fields: Fields, { store, background, instructions, settings }: Read): Body {
  const { toolChoice, tools = [] } = settings;
  const text = fields.object("text");
  return {
    background,
    frequency_penalty: settings.frequencyPenalty ?? 0,
    instructions: instructions ?? null,
    max_output_tokens: settings.maxOutputTokens ?? null,
    max_tool_calls: fields.whole("max_tool_calls", 0) ?? null,
    metadata: readMetadata(fields),
    parallel_tool_calls: settings.parallelToolCalls ?? true,
    presence_penalty: settings.presencePenalty ?? 0,
    previous_response_id: fields.string("previous_response_id") ?? null,
    prompt_cache_key: fields.string("prompt_cache_key") ?? null,
    reasoning: { effort: settings.reasoning ?? null, summary: null },
    safety_identifier: fields.string("safety_identifier") ?? null,
    service_tier: "default",
    store,
    temperature: settings.temperature ?? 1,
    text: { format: text?.object("format")?.body ?? { type: "text" } },
    tool_choice:
      typeof toolChoice === "object" ? { type: "function", name: toolChoice.toolName } : (toolChoice ?? "auto"),
    tools: tools.map(({ name, description = null, inputSchema }, index) => ({
      type: "function",
      name,
      description,
      parameters: inputSchema,
      strict: new Fields(fields.list("tools")?.[index]).flag("strict") ?? null,
    })),
    top_logprobs: 0,
    top_p: settings.topP ?? 1,
    truncation: "disabled",
    user: fields.string("user") ?? null,
  };
}

const MOST_METADATA = 16;

function readMetadata(fields: Fields): Body {
  const metadata = fields.object("metadata")?.body ?? {};
  const names = Object.keys(metadata);
  // Of many, to take the values as well costs more than to read all of the body.
  const entries = names.length > MOST_METADATA ? [] : Object.entries(metadata);
  const isGood = entries.every(
    ([name, value]) => name.length <= 64 && typeof value === "string" && value.length <= 512,
  );
  if (names.length > MOST_METADATA || !isGood)
    throw wrong("metadata", "at most 16 texts of 512 characters, with names of 64");
  return Object.fromEntries(entries);
}
