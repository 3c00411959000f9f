import { Flow, type FlowMaker, type FlowReader } from "./flow.ts";
import { FlowCursor, FlowIterator } from "./flow-iterator.ts";
import { isGroup, mustBe } from "./options.ts";
import { isOwn } from "./own-functions.ts";
import { weightOfPart } from "./part-weight.ts";
import type { ModelInfo, Provider, ProviderRequest } from "./provider.ts";
import type { ProviderPart } from "./part.ts";
import { Hooks, type ProviderHooks } from "./provider-hooks.ts";
import { pullFlow } from "./pulled-flow.ts";
import { readProviderRequest } from "./request.ts";

/**
 * A provider with hooks around it, for caches, redaction and counting. Its names, limits and `close` are those of the
 * provider, and its parts are seen whoever reads them, and how.
 *
 * A request is read at the call, and its hook runs then; the hook may change what it gets. What a hook throws ends the call,
 * whoever could still be asked, and never counts for the provider, an iteration that it gave included; an error of the family leads to
 * what its code says. A promise
 * and whatever else is no part end it with a `TypeError`. What is no provider or no hook is a `TypeError` when it is made.
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
export function wrapProvider<const Id extends string, const Model extends ModelInfo>(
  provider: Provider<Id, Model>,
  hooks: ProviderHooks,
): Provider<Id, Model> {
  if (!isGroup(provider) || typeof provider.stream !== "function")
    throw mustBe("provider", "an object with `stream`", provider);
  if (!isGroup(hooks)) throw mustBe("hooks", "an object with `request`, `part` or `error`", hooks);
  const { id, models, timeouts } = provider;
  const read = new Hooks(hooks);
  return {
    id,
    models,
    timeouts,
    stream(request) {
      try {
        return iterationOf(provider, read, readProviderRequest(request));
      } catch (error) {
        return new FlowCursor(failed(error));
      }
    },
    ...(provider.close !== undefined && { close: closeOf(provider, provider.close) }),
  };
}

/** One of ours is handed on as it is, by which a router knows that it ends in bounded time. */
function closeOf(provider: Provider, close: () => Promise<void>): () => Promise<void> {
  return isOwn(close) ? close : () => close.call(provider);
}

function iterationOf(provider: Provider, hooks: Hooks, request: ProviderRequest): AsyncIterable<ProviderPart> {
  const asked = hooks.request(request);
  if (Symbol.asyncIterator in asked) return asked;
  const parts = streamed(provider, asked);
  const own = FlowIterator.claim(parts);
  const { flow } = new Passage(own ?? pullFlow(parts), hooks, asked);
  // A flow keeps its own time; whoever reads anything else has to.
  if (own !== undefined) return new FlowIterator(flow);
  flow.mark = 0;
  return new FlowCursor(flow);
}

/** What it throws at the call is its failure as well. */
function streamed(provider: Provider, request: ProviderRequest): AsyncIterable<ProviderPart> {
  try {
    return provider.stream(request);
  } catch (error) {
    return new FlowIterator(failed(error));
  }
}

function failed(error: unknown): Flow<ProviderPart> {
  const start = (): never => {
    throw error;
  };
  return new Flow<ProviderPart>({ start, pause() {}, resume() {}, leave() {}, over() {} }, weightOfPart);
}

/** The parts of a provider on their way past its hooks. */
class Passage implements FlowMaker, FlowReader<ProviderPart> {
  readonly flow = new Flow<ProviderPart>(this, weightOfPart);
  readonly #source: Flow<ProviderPart>;
  readonly #hooks: Hooks;
  readonly #request: ProviderRequest;

  constructor(source: Flow<ProviderPart>, hooks: Hooks, request: ProviderRequest) {
    this.#source = source;
    this.#hooks = hooks;
    this.#request = request;
  }

  start(): void {
    this.#source.read(this);
  }

  pause(): void {
    this.#source.pause();
  }

  resume(): void {
    this.#source.resume();
  }

  leave(reason: unknown): void {
    this.#source.leave(reason);
  }

  over(): void {
    // The source has ended by itself, or was left.
  }

  wants(): boolean {
    return true;
  }

  take(part: ProviderPart): void {
    let given: ProviderPart | readonly ProviderPart[];
    try {
      given = this.#hooks.part(part, this.#request);
    } catch (error) {
      this.#source.leave(error);
      this.flow.fail(error);
      return;
    }
    if (!isList(given)) this.flow.push(given);
    else for (const one of given) this.flow.push(one);
  }

  end(): void {
    this.flow.end();
  }

  fail(error: unknown): void {
    const { signal } = this.#request;
    // Who aborts gets the reason back, at once.
    if (signal?.aborted === true && error === signal.reason) this.flow.abort(error);
    else this.flow.fail(this.#replaced(error));
  }

  #replaced(error: unknown): unknown {
    try {
      return this.#hooks.error(error, this.#request);
    } catch (failure) {
      return failure;
    }
  }
}

function isList(given: ProviderPart | readonly ProviderPart[]): given is readonly ProviderPart[] {
  return Array.isArray(given);
}
