import type { Capabilities, ModelInfo, Timeouts } from "@qwen/core";
import {
  aFlag,
  anId,
  anObject,
  aString,
  aTransport,
  readable,
  readHeaders,
  readOptions,
  readTimeouts,
  requireOption,
  type Rule,
  type Rules,
  type Transport,
} from "@qwen/core/http";
import { moreOfABody } from "./wire/body.ts";
import { jsonCopy, told } from "./wire/json.ts";

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
   * name with the model they have; `response.modelId` tells which. Of a server that names it late the answer waits until then, and
   * of one that never does, until its end: what nobody has named is not refused.
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
 * Reads options, once: what their owner changes later changes nothing. They go over what is known of all endpoints of a kind.
 *
 * Throws a `TypeError` that names what is missing, wrong or unknown, and what it must be.
 */
export function readOpenAICompatibleOptions(
  given: OpenAICompatibleOptions,
  known: Pick<OpenAICompatibleOptions, "capabilities" | "timeouts"> = {},
): ReadOptions {
  const options = readOptions(
    "options",
    requireOption("options", given, anObject),
    OPTION_RULES,
  ) as OpenAICompatibleOptions;
  const { extraBody } = options;
  const capabilities = readable("options.capabilities", () => over(known.capabilities, options.capabilities));
  return {
    ...options,
    id: requireOption("options.id", options.id, anId),
    baseURL: readBaseURL(options.baseURL),
    apiKey: readKey(options.apiKey),
    models: readModels(options.models, capabilities),
    headers: readHeaders("options.headers", options.headers),
    timeouts: over(known.timeouts, readTimeouts(options.timeouts)),
    extraBody: extraBody && structured(extraBody),
  };
}

/** Options over others. One that is `undefined` is not set. */
function over<Options extends object>(below: Options | undefined, own: Options | undefined): Options | undefined {
  if (below === undefined || own === undefined) return own ?? below;
  return { ...below, ...told(own) };
}

const anything: Rule = () => undefined;

/** What each option must be, as far as a line can say it. */
export const OPTION_RULES: Rules<OpenAICompatibleOptions> = {
  // Those without a rule of one line are read by themselves.
  id: anything,
  baseURL: anything,
  models: anything,
  apiKey: anything,
  headers: anything,
  proxy: anything,
  transport: aTransport,
  timeouts: anything,
  capabilities: anObject,
  extraBody: moreOfABody,
  strictModel: aFlag,
};

/** What the value of a header can be. */
export const HEADER_TEXT = /^[ -~]*$/;

/** Whatever was given may be a secret, so no message shows it. */
function readKey(key: unknown): string | undefined {
  if (key === undefined) return undefined;
  if (typeof key !== "string" || !HEADER_TEXT.test(key.trim()))
    throw new TypeError("`options.apiKey` must be a string of characters that a header can carry, on one line.");
  return key.trim() || undefined;
}

/** It is not shown either: it may hold a password. */
function readBaseURL(given: unknown): URL {
  const text = baseURLText(given);
  const url = URL.parse(text);
  const wrong = (what: string): TypeError => new TypeError(`\`options.baseURL\` must be ${what}.`);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw wrong("an http or https URL, such as https://api.openai.com/v1");
  if (url.username + url.password !== "")
    throw wrong("a URL without a user and password: a key is given as `apiKey`, others as `headers`");
  if (/[?#]/.test(text)) throw wrong("a URL without a query or fragment");
  if (/\/chat\/completions\/*$/.test(url.pathname))
    throw wrong("where `chat/completions` is, and not all of its address");
  return url;
}

/** A base URL as it was written; "" for what is none. Throws a `TypeError` for one that throws when it is looked at. */
export function baseURLText(given: unknown): string {
  return readable("options.baseURL", () => (typeof given === "string" || given instanceof URL ? String(given) : ""));
}

function readModels(given: unknown, shared: Capabilities | undefined): readonly [ModelInfo, ...ModelInfo[]] {
  const list = requireOption("options.models", given, aList) as readonly unknown[];
  const [first, ...others] = Array.from(list, (model, index) => readModel(model, `options.models[${index}]`, shared));
  const names = new Set<string>();
  for (const name of [first as ModelInfo, ...others].flatMap(({ id, aliases = [] }) => [id, ...aliases])) {
    if (names.has(name)) throw new TypeError(`\`options.models\` has the name "${name.slice(0, 80)}" twice.`);
    names.add(name);
  }
  return [first as ModelInfo, ...others];
}

function readModel(given: unknown, path: string, shared: Capabilities | undefined): ModelInfo {
  const model: Partial<ModelInfo> =
    typeof given === "string" ? { id: given } : (readOptions(path, given as ModelInfo, MODEL_RULES) ?? {});
  const { capabilities: own, ...named } = model;
  const id = requireOption(`${path}.id`, named.id, aName);
  const capabilities = readable(`${path}.capabilities`, () => over(shared, own));
  return told({ ...named, id: id as string, aliases: named.aliases && [...named.aliases], capabilities });
}

const aName: Rule = (value) => (typeof value === "string" && value !== "" ? undefined : "a name that is not empty");
const aList: Rule = (value) => (Array.isArray(value) && value.length > 0 ? undefined : "a list of at least one model");

const MODEL_RULES: Rules<ModelInfo> = {
  id: anything,
  aliases: (value) =>
    Array.isArray(value) && value.every((name) => aName(name) === undefined) ? undefined : "a list of names",
  label: aString,
  capabilities: anObject,
};

/** A copy that its owner cannot change any more. Throws a `TypeError` for what is no JSON. */
function structured(extraBody: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  try {
    return jsonCopy(extraBody);
  } catch {
    throw new TypeError("`options.extraBody` must be what JSON can tell.");
  }
}
