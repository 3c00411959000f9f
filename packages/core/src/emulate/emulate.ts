import {
  aFlag,
  asksForTools,
  checkRequest,
  failedFlow,
  FlowIterator,
  jsonPrompt,
  readOptions,
  readProviderRequest,
  splitBeginning,
  withSystem,
} from "#core";

import type { Message } from "../message.ts";
import { readProvider } from "../read-provider.ts";
import type { Rules } from "../options.ts";
import type { Capabilities, ModelInfo, Provider, ProviderRequest, Settings } from "../provider.ts";
import type { ProviderPart, Warning } from "../part.ts";
import { asWritten, holdTools, toolPrompt } from "./chat-prompt.ts";
import { Emulation, type Plan } from "./emulation.ts";

/** What a provider's models are to be able to do. */
export interface EmulateOptions {
  /**
   * Tools: they stand in the system prompt as in Qwen's chat templates, and calls are read in the text. A call goes out whole,
   * once the answer is: until then its provider may write it anew. One that cannot be read is asked for once again.
   *
   * @defaultValue false
   */
  readonly tools?: boolean | undefined;
  /**
   * Answers in JSON, of any kind: it is asked for in the system prompt, with the schema, and cut out of fences and prose as
   * `output` does. It is shown while it is written; where that turns out to be another piece than was guessed, by a
   * `text-replace`. What is no JSON is `invalid_output`, which never counts for the provider; whether it fits the schema is not
   * checked.
   *
   * @defaultValue false
   */
  readonly json?: boolean | undefined;
  /**
   * Thought in a channel of its own: what stands in `<think>` at the very beginning. `"open"` is for models whose prompt ends
   * with the opening tag: nothing is passed on before the closing one, and without one all is text. With `true` such a thought
   * is text; JSON is not looked for in it all the same, here and by `output`, once its closing tag has come.
   *
   * @defaultValue false
   */
  readonly reasoning?: boolean | "open" | undefined;
}

/** A provider as {@link emulate} gives it: with the same names. */
export type Emulated<P extends Provider> = Provider<P["id"], ModelInfo<NameOf<P["models"][number]>>>;

type NameOf<Model extends ModelInfo> =
  | Model["id"]
  | (Model extends { readonly aliases: readonly (infer Alias extends string)[] } ? Alias : never);

/**
 * Gives the models of a provider what they lack: tools, JSON, a reasoning channel. It is done by the prompt and by reading the
 * answer, so as well as the model can follow; whatever is emulated in a call is a warning.
 *
 * What a model can do by itself is left to it, but JSON where tools are emulated: one that is held to JSON could write no call.
 * Names, limits and `close` are the provider's. A request is checked first, and one that asks for nothing emulated goes through
 * untouched: a wrong one is `invalid_request`, or a `TypeError` where an option is none, from the iteration. The
 * provider is read once, as a router reads it; one that is none is a `TypeError`, and so is an option that is none, or none at
 * all.
 *
 * @example
 * ```ts
 * const router = createRouter({ plugins: [emulate(qwenMax(), { tools: true })] });
 * ```
 */
export function emulate<const P extends Provider>(provider: P, options: EmulateOptions): Emulated<P> {
  const wanted = readWanted(options);
  const read = readProvider(provider, "emulate()");
  const [first, ...others] = read.models.map((model) => modelWith(model, wanted));
  const emulated: Provider = {
    ...read,
    models: [first as ModelInfo, ...others],
    stream(request) {
      let plan: Plan | undefined;
      try {
        plan = planOf(read, wanted, request);
      } catch (error) {
        return new FlowIterator<ProviderPart>(failedFlow(error));
      }
      return plan === undefined ? read.stream(request) : new FlowIterator(new Emulation(read, plan).flow);
    },
  };
  return emulated;
}

function readWanted(options: EmulateOptions): EmulateOptions {
  const wanted = readOptions("options", options, RULES) ?? {};
  if (Object.keys(wanted).length > 0) return wanted;
  throw new TypeError(
    "emulate() does nothing unless it is told what: `tools: true`, `json: true` or `reasoning: true`, one or several.",
  );
}

const RULES: Rules<EmulateOptions> = {
  tools: aFlag,
  json: aFlag,
  reasoning: (value) => (typeof value === "boolean" || value === "open" ? undefined : 'true, false or "open"'),
};

function modelWith(model: ModelInfo, { tools = false, json = false }: EmulateOptions): ModelInfo {
  const { settings } = model.capabilities ?? {};
  const honoured = settings && {
    settings: [...settings, ...(tools ? TOOL_SETTINGS : []), ...(json ? JSON_SETTINGS : [])],
  };
  return {
    ...model,
    capabilities: { ...model.capabilities, ...(tools && { tools }), ...(json && { json }), ...honoured },
  };
}

const TOOL_SETTINGS = ["tools", "toolChoice", "parallelToolCalls"] as const;
const JSON_SETTINGS = ["responseFormat"] as const;

/** What a request becomes; `undefined` where nothing is to be done for it. */
function planOf(provider: Provider, wanted: EmulateOptions, request: ProviderRequest): Plan | undefined {
  const read = readProviderRequest(request);
  // What is asked for decides what is done, and the provider may get something else than was asked.
  checkRequest(read);
  const { capabilities = {} } = modelNamed(provider.models, read.model);
  const { tools, json } = missing(wanted, capabilities);
  const { reasoning = false } = wanted;
  const { settings = {}, messages } = read;
  const offersTools = tools && asksForTools(settings);
  // A model that is held to JSON by itself could write no call.
  const asksForJson = (json || (offersTools && capabilities.json === true)) && settings.responseFormat?.type === "json";
  if (!offersTools && !asksForJson && !(tools && holdTools(messages)) && reasoning === false) return undefined;
  return {
    request: {
      ...read,
      messages: prompted({ messages: tools ? asWritten(messages) : messages, conversation: read.conversation }, [
        ...(offersTools ? [toolPrompt(settings)] : []),
        ...(asksForJson ? [jsonPrompt(settings.responseFormat.schema)] : []),
      ]),
      settings: without(settings, [...(tools ? TOOL_SETTINGS : []), ...(asksForJson ? JSON_SETTINGS : [])]),
    },
    reads: {
      tools: offersTools ? howMany(settings) : "none",
      json: asksForJson,
      reasoning,
      beginning: splitBeginning(messages).beginning,
    },
    warnings: [
      ...(offersTools ? [TOOLS] : []),
      ...(asksForJson ? [JSON_FORMAT] : []),
      ...(reasoning === false ? [] : [REASONING]),
    ],
  };
}

const TOOLS: Warning = { feature: "tools", message: "Tools are emulated: by the prompt, and by reading the answer." };
const JSON_FORMAT: Warning = {
  feature: "responseFormat",
  message: "JSON is emulated: by the prompt, and by cutting it out of the answer.",
};
const REASONING: Warning = { feature: "reasoning", message: "A reasoning channel is emulated: by reading the answer." };

function modelNamed(models: Provider["models"], name: string | undefined): ModelInfo {
  return models.find(({ id, aliases = [] }) => id === name || aliases.includes(name ?? "")) ?? models[0];
}

/** What is wanted, and not what the model can do by itself. */
function missing(
  { tools = false, json = false }: EmulateOptions,
  capabilities: Capabilities,
): { readonly tools: boolean; readonly json: boolean } {
  return { tools: tools && capabilities.tools !== true, json: json && capabilities.json !== true };
}

function howMany({ parallelToolCalls = true }: Settings): "one" | "many" {
  return parallelToolCalls ? "many" : "one";
}

function prompted(
  { messages, conversation }: Pick<ProviderRequest, "messages" | "conversation">,
  prompts: readonly string[],
): readonly Message[] {
  return prompts.length === 0 ? messages : withSystem(messages, prompts.join("\n\n"), { conversation });
}

function without(settings: Settings, names: readonly (keyof Settings)[]): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !names.some((left) => left === name)));
}
