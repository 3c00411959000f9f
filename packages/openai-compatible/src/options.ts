import type { Capabilities, ModelInfo, Timeouts } from "@qwen/core";
import {
  aFlag,
  anObject,
  aString,
  readHeaders,
  readOptions,
  readTimeouts,
  type Rule,
  type Rules,
  type Transport,
} from "@qwen/core/http";
import { RESERVED } from "./wire/body.ts";

/** A model by its name, or with more that is known of it. */
export type ModelOption = string | ModelInfo;

/** Options of `openaiCompatible`. */
export interface OpenAICompatibleOptions<
  Id extends string = string,
  Models extends readonly ModelOption[] = readonly ModelOption[],
> {
  /** Unique in a router; holds no "/". */
  readonly id: Id;
  /** Where its paths begin, such as `https://api.openai.com/v1`: http(s), without credentials or a query. */
  readonly baseURL: string | URL;
  /**
   * Sent as `Authorization: Bearer …` to the origin of `baseURL` alone, never across a redirect. An empty one is none.
   *
   * @defaultValue none
   */
  readonly apiKey?: string | undefined;
  /** What it serves, the default first: names as the endpoint has them, or objects with aliases, capabilities and a label. */
  readonly models: Models;
  /** Sent with every request to the endpoint, over what the SDK would send. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * URL of a proxy (`http`, `https`, `socks5` or `socks5h`), or `false` for none. Of no effect beside `transport`.
   *
   * @defaultValue what `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` say
   */
  readonly proxy?: string | false | undefined;
  /** Another way to send requests. The caller closes it. */
  readonly transport?: Transport | undefined;
  /** Limits in ms for calls that set none. */
  readonly timeouts?: Timeouts | undefined;
  /** What all of the models can do; a model's own win. @defaultValue text in messages of any role, and nothing else */
  readonly capabilities?: Capabilities | undefined;
  /**
   * More for the body of each request, over what the SDK would put there. `providerOptions` of a request, by this provider's
   * id, are laid over it.
   *
   * @defaultValue nothing
   */
  readonly extraBody?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Refuse an answer of another model than was asked for, as `unsupported` and before any of it. Some servers answer to any
   * name with the model they have; `response.modelId` tells which.
   *
   * @defaultValue false
   */
  readonly strictModel?: boolean | undefined;
}

/** The options as they are used. */
export interface ReadOptions extends Omit<OpenAICompatibleOptions, "baseURL" | "models"> {
  readonly baseURL: URL;
  readonly models: readonly [ModelInfo, ...ModelInfo[]];
}

/**
 * Reads options, once: what their owner changes later changes nothing.
 *
 * Throws a `TypeError` that names what is missing, wrong or unknown, and what it must be.
 */
export function readOpenAICompatibleOptions(given: OpenAICompatibleOptions): ReadOptions {
  const options = readOptions("options", given, RULES);
  if (options === undefined) throw new TypeError("`options` must be an object with `id`, `baseURL` and `models`.");
  for (const name of ["id", "baseURL", "models"] as const)
    if (options[name] === undefined) throw new TypeError(`\`options.${name}\` must be set: ${NEEDED[name]}.`);
  const { apiKey, models, capabilities, extraBody } = options;
  return {
    ...options,
    baseURL: readBaseURL(options.baseURL),
    apiKey: readKey(apiKey),
    models: readModels(models, capabilities),
    headers: readHeaders("options.headers", options.headers),
    timeouts: readTimeouts(options.timeouts),
    extraBody: extraBody && structured(extraBody),
  };
}

const NEEDED = {
  id: "the name of the provider in a router",
  baseURL: "where the endpoint is",
  models: "a list of at least one model",
};

const anything: Rule = () => undefined;

const RULES: Rules<OpenAICompatibleOptions> = {
  id: (value) =>
    typeof value === "string" && value !== "" && !value.includes("/")
      ? undefined
      : 'a string that is not empty, without "/"',
  // Below, by more than one rule each.
  baseURL: anything,
  models: anything,
  apiKey: anything,
  headers: anything,
  proxy: anything,
  transport: (value) =>
    isGroup(value) && "request" in value && typeof value.request === "function"
      ? undefined
      : "an object with `request`",
  timeouts: anything,
  capabilities: anObject,
  extraBody: (value) => {
    if (!isGroup(value)) return "an object";
    const taken = RESERVED.find((name) => Object.hasOwn(value, name));
    return taken === undefined ? undefined : `an object without \`${taken}\`, which is the SDK's to set`;
  },
  strictModel: aFlag,
};

/** Whatever was given may be a secret, so no message shows it. */
function readKey(key: unknown): string | undefined {
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !/^[\u0020-\u007e]*$/.test(key.trim()))
    throw new TypeError("`options.apiKey` must be a string of characters that a header can carry, on one line.");
  return key.trim() === "" ? undefined : key.trim();
}

function readBaseURL(given: string | URL): URL {
  const text = typeof given === "string" || given instanceof URL ? String(given) : undefined;
  const url = text === undefined ? null : URL.parse(text);
  // Not shown: it may hold a password.
  const wrong = (what: string): TypeError => new TypeError(`\`options.baseURL\` must be ${what}.`);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw wrong("an http or https URL, such as https://api.openai.com/v1");
  if (url.username !== "" || url.password !== "")
    throw wrong("a URL without a user and password: a key is given as `apiKey`, others as `headers`");
  if (url.search !== "" || url.hash !== "" || /[?#]/.test(text ?? "")) throw wrong("a URL without a query or fragment");
  return url;
}

function readModels(given: unknown, shared: Capabilities | undefined): readonly [ModelInfo, ...ModelInfo[]] {
  if (!Array.isArray(given)) throw new TypeError("`options.models` must be a list of models.");
  const [first, ...others] = Array.from<unknown>(given).map((model, index) => readModel(model, { index, shared }));
  if (first === undefined) throw new TypeError("`options.models` must hold at least one model.");
  const models = [first, ...others] as const;
  const names = new Set<string>();
  for (const name of models.flatMap(({ id, aliases = [] }) => [id, ...aliases])) {
    if (names.has(name)) throw new TypeError(`\`options.models\` has the name "${name.slice(0, 80)}" twice.`);
    names.add(name);
  }
  return models;
}

function readModel(
  model: unknown,
  { index, shared }: { readonly index: number; readonly shared: Capabilities | undefined },
): ModelInfo {
  const path = `options.models[${index}]`;
  if (typeof model === "string") {
    if (model === "") throw new TypeError(`\`${path}\` must be a name that is not empty.`);
    return withCapabilities({ id: model }, shared);
  }
  const { id, aliases, label, capabilities } = readOptions(path, model as ModelInfo, MODEL_RULES) ?? { id: undefined };
  if (id === undefined) throw new TypeError(`\`${path}.id\` must be set: the name of the model at the endpoint.`);
  const own = shared === undefined && capabilities === undefined ? undefined : { ...shared, ...capabilities };
  return withCapabilities(
    { id, ...(aliases !== undefined && { aliases: [...aliases] }), ...(label !== undefined && { label }) },
    own,
  );
}

function withCapabilities(model: ModelInfo, capabilities: Capabilities | undefined): ModelInfo {
  return capabilities === undefined ? model : { ...model, capabilities };
}

const aName: Rule = (value) => (isName(value) ? undefined : "a string that is not empty");

const MODEL_RULES: Rules<ModelInfo> = {
  id: aName,
  aliases: (value) => (Array.isArray(value) && value.every(isName) ? undefined : "a list of names"),
  label: aString,
  capabilities: anObject,
};

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isGroup(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A copy that its owner cannot change any more. Throws a `TypeError` for what is no JSON. */
function structured(extraBody: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(JSON.stringify(extraBody)) as Readonly<Record<string, unknown>>;
  } catch {
    throw new TypeError("`options.extraBody` must be what JSON can tell.");
  }
}
