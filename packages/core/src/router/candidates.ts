import type { AskedRequest } from "../answering.ts";
import { splitBeginning, takesBeginning } from "../beginning.ts";
import { checkRequest, findUnsupported } from "../capabilities.ts";
import { inWords } from "../dialogue.ts";
import { QwenError, type InvalidOutputError } from "../errors.ts";
import { FlowIterator } from "../flow-iterator.ts";
import type { Message } from "../message.ts";
import { shortened } from "../nearest.ts";
import type { Timeouts } from "../provider.ts";
import { behindOwn, isOwn } from "../own-functions.ts";
import { copyOfAsked, type Asked } from "../request.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "../timers.ts";
import { atMost } from "./at-most.ts";
import type { Candidate } from "./candidate.ts";
import { CheckedAnswer } from "./checked-answer.ts";
import { begun } from "./continuation.ts";
import { openConversation, Turn } from "./conversation.ts";
import { corrected } from "./correction.ts";
import type { Entry } from "./entry.ts";
import type { CandidateHealth, Health } from "./health.ts";
import { carriesToken } from "../own-token.ts";
import type { RoutedPart } from "./provider-parts.ts";
import type { ProviderSettings } from "./provider-settings.ts";
import type { Names } from "./registry.ts";
import type { Outcome, Verdict } from "./retry.ts";
import type { ReadRequest } from "./router-request.ts";

/** At least one, in the order they are tried. */
export type Candidates = readonly [Candidate<RoutedPart>, ...Candidate<RoutedPart>[]];

/** What a router knows of its candidates. */
export interface CandidatesOptions {
  readonly names: Pick<Names, "find">;
  readonly health: Pick<Health, "of">;
  readonly timeouts: Timeouts | undefined;
  /** Settings of single providers, by their ids. */
  readonly settings: ReadonlyMap<string, ProviderSettings>;
  readonly maxQueueMs: number | undefined;
}

/**
 * Those that could answer a request. Throws for a request that nobody could answer, and for the conversation of somebody whom
 * its model does not lead to.
 */
export function candidatesFor(request: ReadRequest, options: CandidatesOptions): Candidates {
  checkRequest(request);
  const entries = options.names.find(request.model);
  const { conversation, onConversationLost = "fail" } = request;
  const candidateOf = (entry: Entry): Candidate<RoutedPart> => new ProviderCandidate(entry, request, options);
  const fresh = entries.map(candidateOf) as readonly Candidate<RoutedPart>[] as Candidates;
  if (conversation === undefined) return fresh;

  // Only the provider that holds a conversation can go on with it.
  const holder = openConversation(conversation);
  const entry = entries.find(({ provider, model }) => provider.id === holder.provider && model.id === holder.model);
  const mayBeginAnew = onConversationLost === "restart";
  if (entry === undefined) {
    if (mayBeginAnew) return fresh;
    throw new QwenError(
      "invalid_request",
      `The conversation is one of "${shortened(`${holder.provider}/${holder.model}`)}", which "${request.model}" does not lead to.`,
    );
  }
  const turn = new Turn(holder.conversation, { mayBeginAnew });
  const pinned = new ProviderCandidate(entry, request, options, turn);
  return mayBeginAnew ? [pinned, ...fresh] : [pinned];
}

class ProviderCandidate implements Candidate<RoutedPart> {
  readonly provider: string;
  readonly model: string;
  readonly timeouts: ResolvedTimeouts;
  readonly health: CandidateHealth;
  readonly ownToken: boolean;
  readonly usualTimeouts: ResolvedTimeouts | undefined;
  readonly weight: number | undefined;
  readonly isLeavable: boolean;
  readonly prefill: boolean;
  readonly #entry: Entry;
  readonly #request: ReadRequest;
  readonly #headers: Readonly<Record<string, string>> | undefined;
  readonly #maxQueueMs: number | undefined;
  /** Of the conversation that it holds, where it is asked in one. */
  readonly #turn: Turn | undefined;
  /** Its last answer, which was not what was asked for. */
  #failed: InvalidOutputError | undefined;

  constructor(
    entry: Entry,
    request: ReadRequest,
    { health, timeouts, settings, maxQueueMs }: CandidatesOptions,
    turn?: Turn,
  ) {
    const { provider, model } = entry;
    const { headers: byId = {} } = request;
    this.provider = provider.id;
    this.model = model.id;
    // The total of a request is kept by the run; that of a provider is the time of each attempt at it.
    const { timeouts: own, weight } = settings.get(provider.id) ?? {};
    const totalMs = own?.totalMs ?? provider.timeouts?.totalMs ?? Infinity;
    const limits = resolveTimeouts(request.timeouts, own, provider.timeouts, timeouts);
    this.timeouts = { ...atMost(limits, request.atMost), totalMs };
    const setsNone = request.timeouts === undefined && request.atMost === undefined;
    this.usualTimeouts = setsNone ? undefined : resolveTimeouts(own, provider.timeouts, timeouts);
    this.weight = weight;
    this.health = health.of(provider.id, model.id);
    this.#headers = Object.hasOwn(byId, provider.id) ? byId[provider.id] : undefined;
    this.ownToken = carriesToken(this.#headers);
    this.isLeavable = isOwn(provider.stream) || request.output !== undefined;
    this.prefill = model.capabilities?.prefill === true && takesBeginning(request.messages);
    this.#entry = entry;
    this.#request = request;
    this.#maxQueueMs = longestQueue(request, maxQueueMs);
    this.#turn = turn;
  }

  decide(outcome: Outcome): Verdict | undefined {
    const { error } = outcome;
    if (QwenError.isInstance(error) && error.code === "invalid_output") this.#failed = error;
    return this.#turn?.decide(outcome, { isOpen: this.#isOpen });
  }

  get #isOpen(): boolean {
    return this.health.breaker?.state === "open";
  }

  refuse(): QwenError | undefined {
    if (this.#turn !== undefined && this.#isOpen) return conversationLost(this.provider);
    return findUnsupported(this.#entry.model, this.#request);
  }

  start(signal: AbortSignal | undefined, beginning?: string): AsyncIterable<RoutedPart> {
    const { output, settings, providerOptions } = this.#request;
    const { provider, model } = this.#entry;
    const asked = { messages: this.#messagesBehind(beginning), settings, providerOptions };
    if (output === undefined) return behindOwn(provider.stream)(this.#requestOf(asked, signal));
    const native = model.capabilities?.json === true;
    const request = this.#requestOf(output.ask(asked, { native, conversation: this.#turn?.conversation }), signal);
    return new FlowIterator(
      new CheckedAnswer(provider, request, { output, beginning: splitBeginning(asked.messages).beginning }).flow,
    );
  }

  #messagesBehind(beginning: string | undefined): readonly Message[] {
    const { messages } = this.#request;
    if (beginning !== undefined) return begun(messages, beginning);
    return this.#failed === undefined ? messages : corrected(messages, this.#failed);
  }

  /** As it was read, in a copy for each attempt: whoever answers may write on it. */
  #requestOf(asked: Asked, signal: AbortSignal | undefined): AskedRequest {
    const { messages, settings, providerOptions } = copyOfAsked(asked);
    return {
      model: this.model,
      messages: this.#entry.model.capabilities?.tools === true ? messages : inWords(messages),
      requestId: this.#request.requestId,
      signal,
      settings,
      conversation: this.#turn?.conversation,
      timeouts: { ...this.timeouts },
      maxQueueMs: this.#maxQueueMs,
      ...(this.#request.keepText === false && { keepText: false }),
      providerOptions,
      headers: this.#headers && { ...this.#headers },
    };
  }
}

/** How long a queue may take: what the request says of it, else the router. */
export function longestQueue(
  { maxQueueMs, atMost: shorter }: Pick<ReadRequest, "maxQueueMs" | "atMost">,
  usual: number | undefined,
): number | undefined {
  const longest = maxQueueMs ?? usual;
  return shorter?.maxQueueMs === undefined ? longest : Math.min(longest ?? Infinity, shorter.maxQueueMs);
}

function conversationLost(provider: string): QwenError {
  return new QwenError(
    "conversation_expired",
    `The conversation cannot go on now: its provider "${provider}" keeps failing. Start a new one with the whole history.`,
    { provider },
  );
}
