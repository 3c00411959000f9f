import { QwenError, TimeoutError, type Timeouts } from "@qwen/core";
import {
  type AbortSource,
  anAbortSignal,
  failureIn,
  readOptions,
  readText,
  readTimeouts,
  type ResolvedTimeouts,
  resolveTimeouts,
  type Rules,
  startTimer,
} from "@qwen/core/http";
import type { Endpoint } from "./endpoint.ts";
import { countIn, isObject, parseJson, textIn, told, type JsonObject } from "./wire/json.ts";

/** A model as the endpoint lists it. */
export interface ListedModel {
  /** By which it is asked for. */
  readonly id: string;
  /** A name for people, where it has one. */
  readonly label?: string | undefined;
  readonly ownedBy?: string | undefined;
  /** Tokens that prompt and answer may have together. */
  readonly contextTokens?: number | undefined;
  /** All that the endpoint says of it. */
  readonly raw: Readonly<Record<string, unknown>>;
}

/** How to ask for the models. */
export interface ListModelsOptions {
  readonly signal?: AbortSignal | undefined;
  /** Of these, `connectMs`, `headersMs` (for the list behind them as well) and `totalMs`. @defaultValue those of the provider */
  readonly timeouts?: Timeouts | undefined;
}

/** Models that are read of a list. */
const MOST_MODELS = 10_000;

/** Asks an endpoint for its models. Throws a `TypeError` for an option that is none. */
export async function listModels(
  endpoint: Endpoint,
  { own, ...given }: { readonly own: Timeouts | undefined; readonly options: ListModelsOptions | undefined },
): Promise<readonly ListedModel[]> {
  const { signal, timeouts } = readOptions("options", given.options, RULES) ?? {};
  const limits = resolveTimeouts(readTimeouts(timeouts), own);
  const source: AbortSource | undefined = signal;
  source?.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(source?.reason);
  source?.addEventListener("abort", onAbort);
  const total = startTimer(limits.totalMs, () => stop.abort(new TimeoutError("total", limits.totalMs)));
  try {
    return await ask(endpoint, { limits, signal: stop.signal });
  } catch (error) {
    throw source?.aborted === true ? error : endpoint.leaving(error, undefined);
  } finally {
    total.stop();
    source?.removeEventListener("abort", onAbort);
  }
}

const RULES: Rules<ListModelsOptions> = { signal: anAbortSignal, timeouts: () => undefined };

async function ask(
  endpoint: Endpoint,
  { limits, signal }: { readonly limits: ResolvedTimeouts; readonly signal: AbortSource | undefined },
): Promise<readonly ListedModel[]> {
  const response = await endpoint.send({ path: "models", limits, signal });
  if (response.status < 200 || response.status >= 300)
    throw endpoint.failure(await endpoint.refusal(response, signal), response);
  const json = parseJson(await readText(response.body, { signal, limitMs: limits.headersMs }));
  const error = failureIn(json);
  if (error !== undefined) throw endpoint.failure(error);
  const list = listIn(json);
  if (!Array.isArray(list))
    throw new QwenError("protocol", `${endpoint.host} does not list its models as an OpenAI-compatible endpoint does.`);
  return list.slice(0, MOST_MODELS).flatMap((model: unknown) => (isObject(model) ? listed(model) : []));
}

/** The list in what an endpoint says; Ollama has `null` for one of no models. */
function listIn(json: unknown): unknown {
  if (!isObject(json)) return json;
  return json["data"] ?? json["models"] ?? (json["object"] === "list" ? [] : undefined);
}

function listed(raw: JsonObject): readonly ListedModel[] {
  const name = textIn(raw, "name");
  const id = textIn(raw, "id") ?? name;
  if (id === undefined) return [];
  const label = textIn(raw, "display_name") ?? (name === id ? undefined : name);
  const ownedBy = textIn(raw, "owned_by");
  const { meta } = raw;
  const contextTokens =
    countIn(raw, "context_length") ??
    countIn(raw, "max_model_len") ??
    countIn(raw, "context_window") ??
    countIn(raw, "max_context_length") ??
    countIn(meta, "n_ctx_train") ??
    mostOf(raw["providers"]);
  return [told({ id, label, ownedBy, contextTokens, raw })];
}

/** The longest context of those who serve a model, where a router of theirs lists them. */
function mostOf(providers: unknown): number | undefined {
  if (!Array.isArray(providers)) return undefined;
  const counts = providers.map((each: unknown) => countIn(each, "context_length") ?? 0);
  const most = counts.reduce((longest, count) => Math.max(longest, count), 0);
  return most === 0 ? undefined : most;
}
