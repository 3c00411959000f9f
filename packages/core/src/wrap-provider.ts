import { Flow, type FlowMaker, type FlowReader } from "./flow.ts";
import { FlowCursor, FlowIterator } from "./flow-iterator.ts";
import { isGroup, mustBe } from "./options.ts";
import { isOwn } from "./own-functions.ts";
import { weightOfPart } from "./part-weight.ts";
import type { ModelInfo, Provider, ProviderRequest } from "./provider.ts";
import type { ProviderPart } from "./part.ts";
import {
  hookAnswer,
  Hooks,
  isFinish,
  isPart,
  misplacedFinish,
  nothingLeft,
  type Passing,
  type ProviderHooks,
} from "./provider-hooks.ts";
import { pullFlow } from "./pulled-flow.ts";
import { readProviderRequest } from "./request.ts";

/**
 * A provider with hooks around it, for caches, redaction and counting. Its names, limits and `close` are those of the
 * provider, and its parts are seen whoever reads them, and how.
 *
 * A request is read at the call, and its hook runs then; the hook may change what it gets. What comes of a hook that errs is said
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
export function wrapProvider<const Id extends string, const Model extends ModelInfo>(
  provider: Provider<Id, Model>,
  hooks: ProviderHooks,
): Provider<Id, Model> {
  if (!isGroup(provider) || !isProvider(provider))
    throw mustBe("provider", "an object with `id`, `models` and `stream`", provider);
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

/** More than that is looked at by the router that it is for. */
function isProvider({ id, models, stream }: Partial<Provider>): boolean {
  return typeof id === "string" && Array.isArray(models) && typeof stream === "function";
}

/** One of ours is handed on as it is, by which a router knows that it ends in bounded time. */
function closeOf(provider: Provider, close: () => Promise<void>): () => Promise<void> {
  return isOwn(close) ? close : () => close.call(provider);
}

function iterationOf(provider: Provider, hooks: Hooks, request: ProviderRequest): AsyncIterable<ProviderPart> {
  const asked = hooks.request(request);
  if (Symbol.asyncIterator in asked) return passed(asked, hookAnswer, request);
  return passed(streamed(provider, asked), hooks, asked);
}

function passed(
  parts: AsyncIterable<ProviderPart>,
  passing: Passing,
  request: ProviderRequest,
): AsyncIterable<ProviderPart> {
  const own = FlowIterator.claim(parts);
  const { flow } = new Passage(own ?? pullFlow(parts), passing, request);
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

/** Parts on their way past the hooks. */
class Passage implements FlowMaker, FlowReader<ProviderPart> {
  readonly flow = new Flow<ProviderPart>(this, weightOfPart);
  readonly #source: Flow<ProviderPart>;
  readonly #passing: Passing;
  readonly #request: ProviderRequest;
  /** How far it got: the provider has said something, and something of it went out. */
  #state: "silent" | "heard" | "told" | "finished" = "silent";

  constructor(source: Flow<ProviderPart>, passing: Passing, request: ProviderRequest) {
    this.#source = source;
    this.#passing = passing;
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
    if (this.#state === "finished") return;
    try {
      this.#pass(part, this.#passing.part(part, this.#request));
    } catch (error) {
      this.#source.leave(error);
      this.flow.fail(error);
    }
  }

  end(): void {
    const error = this.#state === "finished" ? undefined : this.#passing.unfinished();
    if (error === undefined) this.flow.end();
    else this.flow.fail(error);
  }

  fail(error: unknown): void {
    const { signal } = this.#request;
    // Who aborts gets the reason back, at once.
    if (signal?.aborted === true && error === signal.reason) this.flow.abort(error);
    else this.flow.fail(this.#replaced(error));
  }

  #pass(part: ProviderPart, given: ProviderPart | readonly ProviderPart[]): void {
    const parts = given !== part && isList(given) ? given : [given];
    const misplaced = given === part ? undefined : misplacedFinish(part, parts);
    if (misplaced !== undefined) throw misplaced;
    if (this.#state === "silent" && isSaying(part)) this.#state = "heard";
    if (this.#state !== "told" && parts.some(isSaying)) this.#state = "told";
    const last = parts.at(-1);
    if (isFinish(last)) {
      if (this.#state === "heard" && last.reason !== "content-filter") throw nothingLeft();
      this.#state = "finished";
    }
    for (const one of parts) this.flow.push(one);
    if (!isFinish(last) || isFinish(part)) return;
    this.#source.leave(new DOMException("The answer was ended by a hook.", "AbortError"));
    this.flow.end();
  }

  #replaced(error: unknown): unknown {
    try {
      return this.#passing.error(error, this.#request);
    } catch (failure) {
      return failure;
    }
  }
}

/** Whether a part says something of an answer: what a router takes for one, more or less. Of a careless provider it may be anything. */
function isSaying(part: unknown): boolean {
  if (!isPart(part)) return false;
  switch (part.type) {
    case "text-delta":
    case "text-replace":
    case "reasoning-delta":
      return typeof part.text === "string" && /\S/.test(part.text);
    case "file":
    case "tool-call":
    case "tool-input-delta":
      return true;
    default:
      return false;
  }
}

function isList(given: ProviderPart | readonly ProviderPart[]): given is readonly ProviderPart[] {
  return Array.isArray(given);
}
