import { endsWithAnswer } from "./beginning.ts";
import { isThenable } from "./decision.ts";
import { field } from "./field.ts";
import { QwenError } from "./errors.ts";
import { isListOf } from "./list-copy.ts";
import { filesOf, imagesOf, type Message } from "./message.ts";
import { MOST_PROBLEMS, problemsOf } from "./message-check.ts";
import { meantBy, shortened } from "./nearest.ts";
import { aFlag, aWholeNumber, type Rule, type Rules } from "./options.ts";
import type { Capabilities, ModelInfo, ProviderRequest, ReasoningEffort, Settings } from "./provider.ts";
import type { Warning } from "./part.ts";
import { checkIsRequest, unreadableRequest } from "./request.ts";
import { holdsSettings } from "./settings.ts";

/** The request, as far as it decides whether a model can answer it. */
export type AskedFor = Pick<ProviderRequest, "messages" | "settings">;

/**
 * Says why a model cannot answer a request: `unsupported`, naming the feature; `undefined` where it can.
 *
 * Asked before anything is sent, by the router of every candidate.
 */
export function findUnsupported(
  { id, capabilities = {} }: ModelInfo,
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
  { images = false, files = false, tools = false, json = false, prefill = false }: Capabilities,
  messages: readonly Message[],
  settings: Settings,
): string | undefined {
  if (!images && messages.some((message) => imagesOf(message).length > 0)) return "images";
  if (!files && messages.some((message) => filesOf(message).length > 0)) return "files";
  if (!tools && asksForTools(settings)) return "tools";
  if (!prefill && endsWithAnswer(messages))
    return "a chat that ends with the assistant, only one that ends with a question";
  if (!json && settings.responseFormat?.type === "json") return "a JSON response format";
  return undefined;
}

/** Whether settings offer tools that may be called. */
export function asksForTools({ tools, toolChoice }: Settings): boolean {
  return tools !== undefined && tools.length > 0 && toolChoice !== "none";
}

/**
 * Throws `invalid_request` for a request that no provider could answer, saying all that is wrong with it: each message and
 * setting by its path, 20 at most.
 *
 * For callers without the compiler, and for what types cannot say, such as an empty last message or a tool's result without
 * its call. A history that ends with the assistant is none of them: some models go on with it.
 */
export function checkRequest(request: AskedFor): void {
  checkIsRequest(request);
  const wrong = problemsIn(request);
  if (wrong.length === 0) return;
  const told = wrong.slice(0, MOST_PROBLEMS).join("; ");
  const more = wrong.length > MOST_PROBLEMS ? "; and more" : "";
  throw new QwenError("invalid_request", `The request cannot be sent: ${told}${more}.`);
}

function problemsIn(request: AskedFor): readonly string[] {
  try {
    const { messages, settings } = request;
    return [...problemsOf(messages), ...settingsProblems(settings)];
  } catch (cause) {
    throw unreadableRequest(request, cause);
  }
}

function settingsProblems(settings: Settings | undefined): readonly string[] {
  if (settings === undefined) return NONE;
  if (!holdsSettings(settings)) return ["`settings` must be an object (a plain one, no Map)"];
  const wrong: string[] = [];
  for (const name of SETTINGS) {
    const value: unknown = settings[name];
    const expected = value === undefined ? undefined : SETTING_RULES[name](value);
    if (expected !== undefined) wrong.push(`\`settings.${name}\` must be ${expected}`);
  }
  return [...wrong, ...toolProblems(settings), ...formatProblems(settings), ...unknownSettings(settings)];
}

/** What is no tool, or cannot be told from another one, and a choice that none of them is. */
function toolProblems({ tools = [], toolChoice }: Settings): readonly string[] {
  if (!Array.isArray(tools)) return NONE;
  if (toolChoice === "required" && tools.length === 0)
    return ["`settings.toolChoice` requires a tool, and there is none in `settings.tools`"];
  const wrong: string[] = [];
  const names = new Set<unknown>();
  for (let at = 0; at < tools.length && wrong.length <= MOST_PROBLEMS; at++) {
    const tool: unknown = tools[at];
    const path = `tools[${at}]`;
    if (!isTool(tool)) wrong.push(`\`settings.${path}\` must be an object with a \`name\`, a string that is not empty`);
    else if (names.has(tool.name))
      wrong.push(`\`settings.${path}.name\` is that of an earlier tool: ${JSON.stringify(shortened(tool.name))}`);
    else names.add(tool.name);
    if (isObject(tool)) wrong.push(...slipOf(path, tool, TOOL_NAMES), ...describedWrong(path, tool));
  }
  const wanted = isObject(toolChoice) ? (toolChoice as { readonly toolName?: unknown }).toolName : undefined;
  if (typeof wanted === "string" && !names.has(wanted) && wrong.length <= MOST_PROBLEMS)
    wrong.push(
      `\`settings.toolChoice\` names ${JSON.stringify(shortened(wanted))}, which is none of \`settings.tools\``,
    );
  return wrong;
}

function describedWrong(path: string, tool: { readonly inputSchema?: unknown; readonly description?: unknown }) {
  const { inputSchema, description } = tool;
  const wrong = [...schemaProblem(`${path}.inputSchema`, inputSchema)];
  if (description !== undefined && description !== null && typeof description !== "string")
    wrong.push(`\`settings.${path}.description\` must be a string`);
  return wrong;
}

function formatProblems({ responseFormat }: Settings): readonly string[] {
  const format: unknown = responseFormat;
  const schema = isObject(format) && "schema" in format ? format.schema : undefined;
  return [...slipOf("responseFormat", format, FORMAT_NAMES), ...schemaProblem("responseFormat.schema", schema)];
}

/** What would reach a model as another schema than was meant, or as none: servers take nearly any. */
function schemaProblem(path: string, schema: unknown): readonly string[] {
  if (schema === undefined || schema === null || typeof schema === "boolean") return NONE;
  // One that cannot be read is told where it is written.
  const isPlain = field(
    () => isObject(schema) && !Array.isArray(schema) && !isThenable(schema) && !("~standard" in schema),
  );
  return isPlain !== true
    ? [`\`settings.${path}\` must be a JSON Schema, an object: one of a library's own is to be told as one first`]
    : NONE;
}

/** A name that is nearly one that is read. Others may stand there: a tool comes with what runs it. */
function slipOf(path: string, given: unknown, known: readonly string[]): readonly string[] {
  const name = isObject(given)
    ? Object.keys(given).find((one) => !known.includes(one) && meantBy(one, known) !== undefined)
    : undefined;
  if (name === undefined) return NONE;
  return [`\`settings.${path}\` has no ${JSON.stringify(shortened(name))}, but \`${meantBy(name, known)}\``];
}

const FORMAT_NAMES = ["type", "schema"];
const TOOL_NAMES = ["name", "description", "inputSchema"];

/** Those that nothing would read. */
function unknownSettings(settings: Settings): readonly string[] {
  const unknown = Object.keys(settings).filter(
    (name) => !isSetting(name) && settings[name as keyof Settings] !== undefined,
  );
  if (unknown.length === 0) return NONE;
  const told = unknown.slice(0, MOST_PROBLEMS).map((name) => {
    const meant = meantBy(name, SETTINGS);
    return `\`settings\` has no ${JSON.stringify(shortened(name))}${meant === undefined ? "" : `, but \`${meant}\``}`;
  });
  return [...told, `the settings are ${SETTINGS.join(", ")}`];
}

const NONE: readonly string[] = [];
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const isTool = (value: unknown): value is { readonly name: string } =>
  isObject(value) && "name" in value && typeof value.name === "string" && value.name !== "";

const EFFORTS: readonly ReasoningEffort[] = ["none", "minimal", "low", "medium", "high", "xhigh", "max"];

const aNumber: Rule = (value) => (Number.isFinite(value) ? undefined : "a number");

function fitting(expected: string, fits: (value: unknown) => boolean): Rule {
  return (value) => (fits(value) ? undefined : expected);
}

/** What each setting must be. */
const SETTING_RULES: Rules<Settings> = {
  maxOutputTokens: aWholeNumber,
  temperature: fitting("a number from 0", (value) => Number.isFinite(value) && Number(value) >= 0),
  topK: aWholeNumber,
  topP: fitting("a number from 0 to 1", (value) => Number.isFinite(value) && Number(value) >= 0 && Number(value) <= 1),
  presencePenalty: aNumber,
  frequencyPenalty: aNumber,
  stopSequences: fitting("an array of strings", (value) => isListOf(value, (one) => typeof one === "string")),
  seed: fitting("a whole number", Number.isInteger),
  reasoning: fitting(`one of ${EFFORTS.join(", ")}`, (value) => EFFORTS.some((one) => one === value)),
  responseFormat: fitting(
    '{ type: "text" } or { type: "json" }',
    (value) => isObject(value) && "type" in value && (value.type === "text" || value.type === "json"),
  ),
  // Each of them is told by its path.
  tools: fitting("an array of tools", Array.isArray),
  toolChoice: fitting(
    '"auto", "none", "required" or { toolName }',
    (value) =>
      value === "auto" ||
      value === "none" ||
      value === "required" ||
      (isObject(value) && "toolName" in value && typeof value.toolName === "string"),
  ),
  parallelToolCalls: aFlag,
};

/** The names of all settings. */
export const SETTINGS = Object.keys(SETTING_RULES) as readonly (keyof Settings)[];

/** Whether it is the name of a setting. */
export function isSetting(name: unknown): name is keyof Settings {
  return SETTINGS.some((known) => known === name);
}

/**
 * Warns of the settings a provider does not honour, for the `warnings` of its `start` and `finish`.
 *
 * A setting that asks for nothing (`toolChoice: "auto"`, `responseFormat: { type: "text" }`) earns no warning.
 */
export function warnOfSettings(
  settings: Settings | undefined,
  honoured: readonly (keyof Settings)[] = [],
): readonly Warning[] {
  if (settings === undefined) return [];
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
    case "parallelToolCalls":
      return settings.parallelToolCalls !== undefined && asksForTools(settings);
    default:
      return settings[name] !== undefined;
  }
}
