import { checkRequest } from "./capabilities.ts";
import { decide, excusing } from "./decision.ts";
import { field } from "./field.ts";
import { EXPECTED, isFinish, isPart, mistake, readGiven, unusable } from "./hook-mistakes.ts";
import { copyOfList } from "./list-copy.ts";
import { aFunction, mustBe, readOptions, type Rules, whatIsSet } from "./options.ts";
import { copyOfPart } from "./part-copy.ts";
import type { Passing, Said } from "./passage.ts";
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
   * Called with each request before the provider is. It may write on the request. What it gives is laid over it, where what is
   * `undefined` is not set and leaves what was asked, or answers in the provider's place: a list or an iteration of parts,
   * `finish` last, which goes out as it stands, past the other hooks.
   *
   * Such an answer says nothing of the provider, be it another provider's: neither that it is good or quick, nor that it fails,
   * is empty, or takes longer than the limits of the request. Each of those leads to what its code says. A limit, a token or
   * a signal that the hook sets is its own doing as well: what fails of it counts for nobody.
   */
  request?(
    request: ProviderRequest,
  ): Partial<ProviderRequest> | Iterable<ProviderPart> | AsyncIterable<ProviderPart> | undefined | void;
  /**
   * Called with each part of the provider's, the `finish` too. The part is the hook's own: what it writes on it shows only
   * where it gives it back. What it gives goes out instead: a part, or a list, which may be empty. A part is read at once, and
   * one that lacks what its type has ends the call. One `finish` goes out, last: given before its time it ends the answer there,
   * and the provider is left. Where nothing is left of an answer, its reason is to be "content-filter". What the hook
   * holds back is a sign of life all the same. `request` is what the provider was asked, one object for all parts of a call.
   */
  part?(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[] | undefined | void;
  /**
   * Called with what the provider throws, its limits included, but not with the reason of an abort. What it gives is thrown
   * instead, and counts where what the provider threw would have: a caller's mistake in other words is none of the provider's.
   */
  error?(error: unknown, request: ProviderRequest): unknown;
}

/** Hooks as they are called. */
export class Hooks implements Passing {
  readonly isExcused = false;
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
    if (given !== undefined && (typeof given !== "object" || given === null)) throw unusable("request", given);
    try {
      // Read anew although it gives nothing: it may have written on what it got.
      if (given === undefined) return askedAs(request);
      if (isIteration(given)) return given;
      if (isList(given)) return iterated(given);
      return askedAs({ ...request, ...whatIsSet(given) });
    } catch (error) {
      throw excusing("hooks.request", error);
    }
  }

  part(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[] {
    // What is no part is its provider's mistake, and no hook's; and so is one that throws when it is read.
    if (this.#hooks.part === undefined || !isPart(part)) return part;
    const shown = copyOfPart(part);
    const given: unknown = decide("hooks.part", () => this.#hooks.part?.(shown, request), excusing);
    if (given === undefined) return part;
    return isListOfAny(given)
      ? membersOf(given).map((one) => readGiven("part", one, { before: part, whole: given }))
      : readGiven("part", given, { before: part });
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

  wrongEnd(part: ProviderPart, given: readonly ProviderPart[], said: Said, request: ProviderRequest): unknown {
    const at = given.findIndex(isFinish);
    if (at < 0) return isFinish(part) ? mistake("`hooks.part()` must give a `finish` for the provider's.") : undefined;
    if (at < given.length - 1) return mistake("`hooks.part()` must give one `finish`, and nothing behind it.");
    const finish = given[at] as FinishPart;
    // A provider that has said nothing itself answers for that, unless the hook tells another reason.
    const isOwn = said === "silent" && isFinish(part) && part.reason === finish.reason;
    if (said === "told" || isOwn || mayBeEmpty(finish, said, request)) return undefined;
    return mistake(
      '`hooks.part()` left nothing of the answer. Where that is meant, give its `finish` the reason "content-filter".',
    );
  }
}

/** How the parts go that a hook gives in place of a provider's. */
export const hookAnswer: Passing = {
  isExcused: true,
  part: (part) => readGiven("request", part),
  error: (error) => excusing("hooks.request", error),
  unfinished: () => mistake("`hooks.request()` must give parts with a `finish` last."),
  wrongEnd: () => undefined,
};

const HOOK_RULES: Rules<ProviderHooks> = { request: aFunction, part: aFunction, error: aFunction };

function askedAs(request: ProviderRequest): ProviderRequest {
  const asked = readProviderRequest(request);
  checkRequest(asked);
  return asked;
}

/** Whether an answer of nothing may end so, which says nothing against its provider. */
function mayBeEmpty({ reason }: FinishPart, said: Said, { messages }: ProviderRequest): boolean {
  if (said !== "silent" || reason === "content-filter") return reason === "content-filter";
  return reason === "length" || (reason === "stop" && messages.at(-1)?.role === "tool");
}

function isIteration(value: object): value is AsyncIterable<ProviderPart> {
  return Symbol.asyncIterator in value && isIterated(value, value[Symbol.asyncIterator]);
}

function isList(value: object): value is Iterable<ProviderPart> {
  return Symbol.iterator in value && isIterated(value, value[Symbol.iterator]);
}

function isIterated(value: object, iterate: unknown): boolean {
  if (typeof iterate === "function") return true;
  throw mustBe("hooks.request()", EXPECTED.request, value);
}

async function* iterated(parts: Iterable<ProviderPart>): AsyncGenerator<ProviderPart, void, undefined> {
  yield* parts;
}

/** Of what is revoked nobody can tell: it is read as a part, and is none. */
function isListOfAny(given: unknown): given is readonly unknown[] {
  return field(() => Array.isArray(given)) === true;
}

/** With its holes, which are no parts. */
function membersOf(given: readonly unknown[]): readonly unknown[] {
  try {
    return copyOfList(given);
  } catch {
    throw unusable("part", given);
  }
}
