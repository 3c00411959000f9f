import { QwenError } from "./errors.ts";
import { Flow, type FlowMaker, type FlowReader } from "./flow.ts";
import { FlowIterator } from "./flow-iterator.ts";
import { hearPart, isOutput } from "./heard-part.ts";
import { isFinish, isPart } from "./hook-mistakes.ts";
import { isGroup } from "./options.ts";
import { ABOUT_TOKENS, carriesOtherToken } from "./own-token.ts";
import type { ProviderPart } from "./part.ts";
import { ownPart } from "./part-copy.ts";
import { weightOfPart } from "./part-weight.ts";
import { limitOf, PhaseClock } from "./phase-clock.ts";
import type { Provider, ProviderRequest } from "./provider.ts";
import { pullFlow } from "./pulled-flow.ts";
import { resolveTimeouts } from "./timers.ts";
import { isUncounted } from "./uncounted.ts";

/** How far an answer got: its provider has said something of it, and something of it was told. */
export type Said = "silent" | "heard" | "told";

/** How parts go past: each gives what is to go on, or throws what ends the call. */
export interface Passing {
  /** Whether nothing that passes counts for the provider. */
  readonly isExcused: boolean;
  part(part: ProviderPart, request: ProviderRequest): ProviderPart | readonly ProviderPart[];
  error(error: unknown, request: ProviderRequest): unknown;
  /** What is wrong with parts that end without a `finish`, if that is not the provider's to answer for. */
  unfinished(): unknown;
  /** What is wrong with the end of an answer, where parts were given for a part of it; nothing where all of it may be. */
  wrongEnd(part: ProviderPart, given: readonly ProviderPart[], said: Said, request: ProviderRequest): unknown;
}

/** What goes past, and what was asked. */
export interface PassageOptions {
  readonly parts: AsyncIterable<ProviderPart>;
  readonly passing: Passing;
  /** Whose names and limits hold. */
  readonly provider: Provider;
  /** As it was asked. */
  readonly request: ProviderRequest;
  /** As it came, before any hook. */
  readonly before: ProviderRequest;
}

/**
 * Parts on their way past the hooks. A flow of ours keeps its own time; any other iteration is pulled, with a clock beside it,
 * since what a hook holds back is no silence of its provider.
 */
export class Passage implements FlowMaker, FlowReader<ProviderPart> {
  readonly flow = new Flow<ProviderPart>(this, weightOfPart);
  readonly #source: Flow<ProviderPart>;
  readonly #clock: PhaseClock | undefined;
  readonly #options: PassageOptions;
  #said: Said | "finished" = "silent";
  /** Whether what ended it is the doing of a hook. */
  #isOfHook = false;

  constructor(options: PassageOptions) {
    const { parts, passing, request, provider } = options;
    this.#options = options;
    // A careless provider may give anything.
    const own = isGroup(parts) ? FlowIterator.claim(parts) : undefined;
    if (own !== undefined) this.#source = own;
    else {
      const limits = resolveTimeouts(request.timeouts, provider.timeouts);
      this.#clock = new PhaseClock(limits, (error) => this.#expire(error));
      this.#source = pullFlow(parts, this.#clock, passing.isExcused ? undefined : ownPart);
      // It is asked one part ahead at most.
      this.flow.mark = 0;
    }
  }

  get isExcused(): boolean {
    return this.#options.passing.isExcused || this.#isOfHook || this.#source.isExcused;
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
    if (this.#said === "finished") return;
    const { passing, request } = this.#options;
    try {
      const given = passing.part(part, request);
      // What a hook gives in the provider's place was read once: it may say something else when it is read again.
      const said = passing.isExcused && !isList(given) ? given : part;
      if (this.#clock !== undefined && isPart(said)) hearPart(this.#clock, said);
      this.#pass(said, given);
    } catch (error) {
      this.#source.leave(error);
      this.flow.fail(error);
    }
  }

  end(): void {
    const error = this.#said === "finished" ? undefined : this.#options.passing.unfinished();
    if (error === undefined) this.flow.end();
    else this.flow.fail(error);
  }

  fail(error: unknown): void {
    const { request, before } = this.#options;
    const { signal } = request;
    const isAborted = signal?.aborted === true;
    // Of a signal of its own a hook aborts, and nobody else.
    this.#isOfHook = (isAborted && before.signal?.aborted !== true) || this.#isAskedOtherwise(error);
    // Who aborts gets the reason back, at once.
    if (isAborted && error === signal.reason) this.flow.abort(error);
    else this.flow.fail(this.#replaced(error));
  }

  #pass(part: ProviderPart, given: ProviderPart | readonly ProviderPart[]): void {
    const parts = given !== part && isList(given) ? given : [given];
    if (this.#said === "silent" && isSaying(part)) this.#said = "heard";
    if (this.#said !== "told" && parts.some(isSaying)) this.#said = "told";
    const { passing, request } = this.#options;
    const wrong = passing.wrongEnd(part, parts, this.#said as Said, request);
    if (wrong !== undefined) throw wrong;
    const isLast = isFinish(parts.at(-1));
    if (isLast) this.#said = "finished";
    for (const one of parts) this.flow.push(one);
    // An iteration of somebody's own may have cleaning up to do; one of ours ends by itself.
    if (!isLast || (isFinish(part) && this.#clock === undefined)) return;
    this.#source.leave(new DOMException("The answer has ended.", "AbortError"));
    this.flow.end();
  }

  /** Whether a hook has set what this fails of: a shorter limit, or another token. */
  #isAskedOtherwise(error: unknown): boolean {
    const { request, before, provider } = this.#options;
    if (!QwenError.isInstance(error)) return false;
    if (ABOUT_TOKENS.has(error.code)) return carriesOtherToken(request.headers, before.headers);
    if (error.code !== "timeout") return false;
    const limitBy = ({ timeouts }: ProviderRequest): number =>
      limitOf(resolveTimeouts(timeouts, provider.timeouts), error.phase);
    const usual = limitBy(before);
    return error.limitMs < usual && limitBy(request) < usual;
  }

  #replaced(error: unknown): unknown {
    const { passing, request } = this.#options;
    try {
      const replaced = passing.error(error, request);
      // Which says the same in other words, and may say it by an error that would count.
      if (replaced !== error) this.#isOfHook ||= isUncounted(error);
      return replaced;
    } catch (failure) {
      return failure;
    }
  }

  #expire(error: unknown): void {
    this.#source.leave(error);
    this.fail(error);
  }
}

/** Of a careless provider it may be anything. */
function isSaying(part: unknown): boolean {
  return isPart(part) && isOutput(part);
}

function isList(given: ProviderPart | readonly ProviderPart[]): given is readonly ProviderPart[] {
  return Array.isArray(given);
}
