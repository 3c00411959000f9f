import type { LanguageModelV4 } from "@ai-sdk/provider";
import type { ModelInfo, Provider } from "@qwen/core";
import {
  createProvider,
  createTransport,
  fetchElsewhere,
  publicReach,
  type AnswerCall,
  type Transport,
} from "@qwen/core/http";
import { readModels, type FromLanguageModelOptions, type GivenModels } from "./from-model-options.ts";

/** The names of the models of a provider of {@link fromLanguageModel}. */
export type NamesOfModels<Models extends GivenModels> = Models extends LanguageModelV4 ? string : keyof Models & string;

/** So much of what a message names is fetched, in bytes, and in so long, in ms. */
const MOST_FETCHED = 50 * 1024 * 1024;
const FETCH_MS = 60_000;

/**
 * Any model of the AI SDK, or several by their names, as a provider, so that one route goes from a Space to a paid endpoint.
 *
 * An answer counts as whole only where the model says so. Files that messages name are fetched by core's one door where the model
 * does not do that itself. What a vendor runs itself, asks approval for, or says in parts of its own is left out: between models of
 * the AI SDK, `createFallback` loses nothing. Throws a `TypeError` for what is no model of specification v4, and for an option that
 * is none.
 *
 * @example
 * ```ts
 * const paid = fromLanguageModel({ "gpt-5": openai("gpt-5") }, { id: "openai" });
 * const router = createRouter({ plugins: [qwenMax(), paid], routes: { smart: ["qwen-max", "gpt-5"] } });
 * ```
 */
export function fromLanguageModel<const Id extends string, const Models extends GivenModels>(
  models: Models,
  options: FromLanguageModelOptions<Id>,
): Provider<Id, ModelInfo<NamesOfModels<Models>>> {
  const { id, byName, models: infos, timeouts, prepare } = readModels(models, options);
  let transport: Transport | undefined;

  const fetch = (url: URL, { limits }: AnswerCall, signal: AbortSignal): Promise<Uint8Array> => {
    // Most models take addresses themselves.
    transport ??= createTransport({});
    const { connectMs, headersMs } = limits;
    return fetchElsewhere(url, {
      transport,
      reach: publicReach,
      maxBytes: MOST_FETCHED,
      limitMs: FETCH_MS,
      connectMs,
      headersMs,
      signal,
    });
  };

  const provider = createProvider({
    id,
    models: infos,
    timeouts,
    async answer(call) {
      const { answer } = await import("./from-model-answer.ts");
      // It may have ended meanwhile.
      call.stop.throwIfAborted();
      return answer({ id, prepare, model: byName.get(call.model.id) as LanguageModelV4, fetch }, call);
    },
    async close() {
      await transport?.close();
      transport = undefined;
    },
  });
  return provider as Provider<Id, ModelInfo<NamesOfModels<Models>>>;
}
