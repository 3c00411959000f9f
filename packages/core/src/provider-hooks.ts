import { checkRequest } from "./capabilities.ts";
import { decide, excusing } from "./decision.ts";
import { field } from "./error-fields.ts";
import { aFunction, isGroup, mustBe, readOptions, type Rules, whatIsSet } from "./options.ts";
import type { ProviderRequest } from "./provider.ts";
import type { FinishPart, ProviderPart } from "./part.ts";
import { readProviderRequest } from "./request.ts";

/**
 * What stands around a provider. A hook that gives nothing changes nothing. Each gives what it gives at once.
 *
 * What a hook throws, gives late, or gives though it is none of what it may give ends the call, whoever could still be asked;
 * an error of the family leads to what its code says. None of it ever counts for the provider.
 */
export interface ProviderHooks {
  /**
   * Called with each request before the provider is. What it gives is laid over the request, where what is
   * `undefined` is not set and leaves what was asked, or answers in the provider's place: a list or an iteration of parts, `finish` last, which goes out as it stands, past the other hooks. How that ends is
   * the hook's doing, be it another provider's answer.
   */
  request?(
    request: ProviderRequest,
  ): Partial<ProviderRequest> | Iterable<ProviderPart> | AsyncIterable<ProviderPart> | undefined | void;
  /**
   * Called with each part of the provider's, the `finish` too. What it gives goes out instead: a part, or a list, which may be
   * empty. One `finish` goes out, last: given before its time it ends the answer there, and the provider is left. Where nothing
   * is left of an answer, its reason is to be "content-filter". `request` is what the provider was asked, one object for all
   * parts of a call.
   */
  part?(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[] | undefined | void;
  /** Called with what the provider throws, but not with the reason of an abort. What it gives is thrown instead, and counts. */
  error?(error: unknown, request: ProviderRequest): unknown;
}

/** How parts go past: each gives what is to go on, or throws what ends the call. */
export interface Passing {
  part(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[];
  error(error: unknown, request: ProviderRequest): unknown;
  /** What is wrong with parts that end without a `finish`, if that is not the provider's to answer for. */
  unfinished(): unknown;
}

/** Hooks as they are called. */
export class Hooks implements Passing {
  readonly #hooks: ProviderHooks;

  /** Throws a `TypeError` for what is no hook. */
  constructor(hooks: ProviderHooks) {
    const { request, part, error } = readOptions("hooks", hooks, HOOK_RULES) ?? {};
    // They may be the methods of a class.
    this.#hooks = {
      ...(request !== undefined && { request: request.bind(hooks) }),
      ...(part !== undefined && { part: part.bind(hooks) }),
      ...(error !== undefined && { error: error.bind(hooks) }),
    };
  }

  /** The request to ask, or who answers instead. */
  request(request: ProviderRequest): ProviderRequest | AsyncIterable<ProviderPart> {
    if (this.#hooks.request === undefined) return request;
    const given: unknown = decide("hooks.request", () => this.#hooks.request?.(request), excusing);
    if (given === undefined) return request;
    if (typeof given !== "object" || given === null) throw unusable("request", given);
    try {
      if (isIteration(given)) return given;
      if (isList(given)) return iterated(given);
      const asked = readProviderRequest({ ...request, ...whatIsSet(given) });
      checkRequest(asked);
      return asked;
    } catch (error) {
      throw excusing("hooks.request", error);
    }
  }

  part(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[] {
    // What is no part is its provider's mistake, and no hook's.
    if (this.#hooks.part === undefined || !isPart(part)) return part;
    const given: unknown = decide("hooks.part", () => this.#hooks.part?.(part, request), excusing);
    if (given === undefined || given === part) return part;
    const read = field(() => givenFor(part, given));
    if (read === undefined) throw unusable("part", given);
    return read;
  }

  error(error: unknown, request: ProviderRequest): unknown {
    if (this.#hooks.error === undefined) return error;
    // Who looks at an error and throws it again has changed nothing.
    const failing = (name: string, thrown: unknown): unknown => (thrown === error ? error : excusing(name, thrown));
    return decide("hooks.error", () => this.#hooks.error?.(error, request), failing) ?? error;
  }

  unfinished(): undefined {
    // What that leads to is for who reads the provider.
  }
}

/** How the parts go that a hook gives in place of a provider's. */
export const hookAnswer: Passing = {
  part(part) {
    if (field(() => isSound(part)) !== true) throw unusable("request", part);
    return part;
  },
  error: (error) => excusing("hooks.request", error),
  unfinished: () => mistake("`hooks.request()` must give parts with a `finish` last."),
};

/** What of a list of parts may not go out in place of a part, said as what ends the call; nothing where all of it may. */
export function misplacedFinish(part: ProviderPart, given: readonly ProviderPart[]): unknown {
  const at = given.findIndex(isFinish);
  if (at >= 0 && at < given.length - 1) return mistake("`hooks.part()` must give one `finish`, and nothing behind it.");
  if (at < 0 && isFinish(part)) return mistake("`hooks.part()` must give a `finish` for the provider's.");
  return undefined;
}

/** What ends a call of whose answer the hooks have left nothing. */
export function nothingLeft(): unknown {
  return mistake(
    '`hooks.part()` left nothing of the answer. Where that is meant, give its `finish` the reason "content-filter".',
  );
}

function mistake(message: string): unknown {
  return excusing("hooks", new TypeError(message));
}

/** Whether a value is the last part of an answer. */
export function isFinish(value: unknown): value is FinishPart {
  return isPart(value) && value.type === "finish";
}

const HOOK_RULES: Rules<ProviderHooks> = { request: aFunction, part: aFunction, error: aFunction };

const EXPECTED = {
  request: "a request, the parts of an answer or nothing",
  part: "a part, a list of parts or nothing",
};

/** Whether a value is a part, whatever its type. */
export function isPart(value: unknown): value is ProviderPart {
  return isGroup(value) && "type" in value && typeof value.type === "string";
}

/** What a hook gives for a part; `undefined` where that is none, and a throw where it cannot be read. */
function givenFor(part: ProviderPart, given: unknown): ProviderPart | readonly ProviderPart[] | undefined {
  // A hole is no part, and only a copy has none.
  const parts = Array.isArray(given) ? Array.from<unknown>(given) : [given];
  if (!parts.every((one): one is ProviderPart => one === part || isSound(one))) return undefined;
  return Array.isArray(given) ? parts : parts[0];
}

/** Whether nobody trips over it who reads it as a part: the router would take that for its provider's mistake. */
function isSound(value: unknown): value is ProviderPart {
  if (!isPart(value)) return false;
  const saysText = value.type === "text-delta" || value.type === "text-replace" || value.type === "reasoning-delta";
  return !saysText || typeof value.text === "string";
}

function unusable(name: keyof typeof EXPECTED, given: unknown): unknown {
  return excusing(name, mustBe(`hooks.${name}()`, EXPECTED[name], given));
}

function isIteration(value: object): value is AsyncIterable<ProviderPart> {
  return Symbol.asyncIterator in value;
}

function isList(value: object): value is Iterable<ProviderPart> {
  return Symbol.iterator in value;
}

async function* iterated(parts: Iterable<ProviderPart>): AsyncGenerator<ProviderPart, void, undefined> {
  yield* parts;
}
