import { failedFlow } from "./flow.ts";
import { FlowCursor, FlowIterator } from "./flow-iterator.ts";
import { isGroup, mustBe, readable } from "./options.ts";
import { isOwn } from "./own-functions.ts";
import { Passage } from "./passage.ts";
import type { Provider, ProviderRequest } from "./provider.ts";
import type { ProviderPart } from "./part.ts";
import { hookAnswer, Hooks, type ProviderHooks } from "./provider-hooks.ts";
import { readProviderRequest } from "./request.ts";

/**
 * A provider with hooks around it, for caches, redaction and counting. Its names, limits and `close` are those of the
 * provider, and its parts are seen whoever reads them, and how.
 *
 * A request is read at the call, and its hook runs then. Limits hold whoever reads it. What comes of a mistake of a hook is said
 * at {@link ProviderHooks}. What is no provider or no hook is a `TypeError` when it is made.
 *
 * @example
 * ```ts
 * let tokens = 0;
 * const counted = wrapProvider(qwenMax(), {
 *   part(part) {
 *     if (part.type === "finish") tokens += part.usage?.outputTokens ?? 0;
 *   },
 * });
 * ```
 */
export function wrapProvider<const P extends Provider>(provider: P, hooks: ProviderHooks): Wrapped<P> {
  const known = isGroup(provider) ? readable("provider", () => fieldsOf(provider)) : undefined;
  if (known === undefined) throw mustBe("provider", "an object with `id`, `models` and `stream`", provider);
  if (!isGroup(hooks)) throw mustBe("hooks", "an object with `request`, `part` or `error`", hooks);
  const { id, models, timeouts, close } = known;
  const read = new Hooks(hooks);
  return {
    id,
    models,
    timeouts,
    stream(request) {
      try {
        return iterationOf(provider, read, readProviderRequest(request));
      } catch (error) {
        return new FlowCursor(failedFlow(error));
      }
    },
    ...(close !== undefined && { close: closeOf(provider, close) }),
  };
}

/** A provider as {@link wrapProvider} gives it: with the same names. */
export type Wrapped<P extends Provider> = Provider<P["id"], P["models"][number]>;

type Fields = Pick<Provider, "id" | "models" | "timeouts"> & { readonly close: Provider["close"] | undefined };

/** Of a provider; `undefined` for what is none. More than that is looked at by the router that it is for. */
function fieldsOf(provider: Provider): Fields | undefined {
  const { id, models, timeouts, stream, close } = provider;
  const isProvider = typeof id === "string" && Array.isArray(models) && typeof stream === "function";
  return isProvider ? { id, models, timeouts, close } : undefined;
}

/** One of ours is handed on as it is, by which a router knows that it ends in bounded time. */
function closeOf(provider: Provider, close: () => Promise<void>): () => Promise<void> {
  return isOwn(close) ? close : () => close.call(provider);
}

function iterationOf(provider: Provider, hooks: Hooks, request: ProviderRequest): AsyncIterable<ProviderPart> {
  const { headers, timeouts } = request;
  // A hook may write on what it gets.
  const before = { ...request, headers: headers && { ...headers }, timeouts: timeouts && { ...timeouts } };
  const asked = hooks.request(request);
  const { flow } = new Passage(
    Symbol.asyncIterator in asked
      ? { parts: asked, passing: hookAnswer, provider, request, before }
      : { parts: streamed(provider, asked), passing: hooks, provider, request: asked, before },
  );
  return new FlowIterator(flow);
}

/** What it throws at the call is its failure as well. */
function streamed(provider: Provider, request: ProviderRequest): AsyncIterable<ProviderPart> {
  try {
    return provider.stream(request);
  } catch (error) {
    return new FlowIterator(failedFlow(error));
  }
}
