import { checkRequest } from "./capabilities.ts";
import { decide, decisive } from "./decision.ts";
import { FlowIterator } from "./flow-iterator.ts";
import { aFunction, isGroup, mustBe, readOptions, type Rules } from "./options.ts";
import type { ProviderRequest } from "./provider.ts";
import type { ProviderPart } from "./part.ts";

/**
 * What stands around a provider. A hook that gives nothing changes nothing. Each gives what it gives at once: a promise ends
 * the call, and so does what a hook throws.
 */
export interface ProviderHooks {
  /**
   * Called with each request before the provider is. What it gives is laid over the request, or answers in the provider's
   * place: a list or an iteration of parts, `finish` last, which goes out as it stands, past the other hooks.
   */
  request?(
    request: ProviderRequest,
  ): Partial<ProviderRequest> | Iterable<ProviderPart> | AsyncIterable<ProviderPart> | undefined | void;
  /**
   * Called with each part of the provider's, the `finish` too. What it gives goes out instead: a part, or a list, which may be
   * empty. `request` is what the provider was asked, one object for all parts of a call.
   */
  part?(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[] | undefined | void;
  /** Called with what the provider throws, but not with the reason of an abort. What it gives is thrown instead. */
  error?(error: unknown, request: ProviderRequest): unknown;
}

/** Hooks as they are called: each gives what is to go on, or throws what ends the call. */
export class Hooks {
  readonly #hooks: ProviderHooks;

  /** Throws a `TypeError` for what is no hook. */
  constructor(hooks: ProviderHooks) {
    this.#hooks = readOptions("hooks", hooks, HOOK_RULES) ?? {};
  }

  /** The request to ask, or who answers instead. */
  request(request: ProviderRequest): ProviderRequest | AsyncIterable<ProviderPart> {
    if (this.#hooks.request === undefined) return request;
    const given: unknown = decide("hooks.request", () => this.#hooks.request?.(request));
    if (given === undefined) return request;
    if (typeof given !== "object" || given === null) throw unusable("request", given);
    // A flow of ours is another provider's answer, and keeps its own time.
    if (given instanceof FlowIterator) return given as AsyncIterable<ProviderPart>;
    if (isIteration(given)) return new HookAnswer(given);
    if (isList(given)) return new HookAnswer(iterated(given));
    const asked = { ...request, ...given };
    checkRequest(asked);
    return asked;
  }

  /** What goes out for a part. */
  part(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[] {
    if (this.#hooks.part === undefined) return part;
    const given: unknown = decide("hooks.part", () => this.#hooks.part?.(part, request));
    if (given === undefined) return part;
    if (Array.isArray(given) ? given.every(isPart) : isPart(given)) return given as ProviderPart;
    throw unusable("part", given);
  }

  /** What is thrown for an error. */
  error(error: unknown, request: ProviderRequest): unknown {
    if (this.#hooks.error === undefined) return error;
    return decide("hooks.error", () => this.#hooks.error?.(error, request)) ?? error;
  }
}

const HOOK_RULES: Rules<ProviderHooks> = { request: aFunction, part: aFunction, error: aFunction };

const EXPECTED = {
  request: "a request, the parts of an answer or nothing",
  part: "a part, a list of parts or nothing",
};

function isPart(value: unknown): value is ProviderPart {
  return isGroup(value) && "type" in value && typeof value.type === "string";
}

function unusable(name: keyof typeof EXPECTED, given: unknown): unknown {
  return decisive(name, mustBe(`hooks.${name}()`, EXPECTED[name], given));
}

function isIteration(value: object): value is AsyncIterable<ProviderPart> {
  return Symbol.asyncIterator in value;
}

function isList(value: object): value is Iterable<ProviderPart> {
  return Symbol.iterator in value;
}

/**
 * What a hook answers with is its own: what goes wrong with it is not the provider's. No generator: leaving one would wait for
 * what it waits for.
 */
class HookAnswer implements AsyncIterableIterator<ProviderPart, unknown> {
  readonly #answer: AsyncIterable<ProviderPart>;
  #iterator: AsyncIterator<ProviderPart> | undefined;

  constructor(answer: AsyncIterable<ProviderPart>) {
    this.#answer = answer;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<ProviderPart, unknown>> {
    try {
      this.#iterator ??= this.#answer[Symbol.asyncIterator]();
      const result = await this.#iterator.next();
      if (result.done !== true && !isPart(result.value)) throw unusable("request", result.value);
      return result;
    } catch (error) {
      throw decisive("hooks.request", error);
    }
  }

  async return(): Promise<IteratorResult<ProviderPart, unknown>> {
    return (await this.#iterator?.return?.()) ?? { done: true, value: undefined };
  }
}

async function* iterated(parts: Iterable<ProviderPart>): AsyncGenerator<ProviderPart, void, undefined> {
  yield* parts;
}
