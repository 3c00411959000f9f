import { Call, type CallWork } from "./call.ts";
import { copyOf } from "./error-copy.ts";
import { field } from "./field.ts";
import { withoutSecrets } from "./error-secrets.ts";
import { QwenError } from "./errors.ts";
import { FlowIterator } from "./flow-iterator.ts";
import { markOwn } from "./own-functions.ts";
import { weightOfPart } from "./part-weight.ts";
import type { ProviderPart } from "./part.ts";
import type { Provider, ProviderRequest, Timeouts } from "./provider.ts";
import { readProviderRequest } from "./request.ts";
import { readNow } from "./snapshot.ts";
import { secretsIn } from "./secrets.ts";
import { resolveTimeouts, type ResolvedTimeouts } from "./timers.ts";

/** Who answers the requests of a provider of ours. */
interface Answerer {
  /** Of the provider. */
  readonly id: string;
  /** Its own limits, below those of a request. */
  readonly timeouts?: Timeouts | undefined;
}

/** Pushes the parts of an answer, the `finish` last. */
type Answer<By extends Answerer> = (asked: Answering<By>, call: Call<ProviderPart>) => Promise<void>;

/** One request to a provider of ours. */
export class Answering<By extends Answerer> implements CallWork<ProviderPart> {
  readonly by: By;
  readonly #takeRequest: () => ProviderRequest;
  readonly #answer: Answer<By>;
  #limits: ResolvedTimeouts | undefined;

  /** `takeRequest` gives what was asked, or throws what is wrong with it. Without `limits` they are what that and `by` say. */
  constructor(by: By, takeRequest: () => ProviderRequest, answer: Answer<By>, limits?: ResolvedTimeouts) {
    this.by = by;
    this.#takeRequest = takeRequest;
    this.#answer = answer;
    this.#limits = limits;
  }

  /** What was asked. Throws what is wrong with it. */
  get request(): ProviderRequest {
    return this.#takeRequest();
  }

  limits(): ResolvedTimeouts {
    this.#limits ??= resolveTimeouts(this.request.timeouts, this.by.timeouts);
    return this.#limits;
  }

  weigh(part: ProviderPart): number {
    return weightOfPart(part);
  }

  asOwnError(error: unknown): unknown {
    if (!QwenError.isInstance(error)) return error;
    const own = copyOf(error, { provider: this.by.id });
    // One that could not be read has sent none.
    return withoutSecrets(own, secretsIn(field(() => this.request.headers)));
  }

  run(call: Call<ProviderPart>): Promise<void> {
    return this.#answer(this, call);
  }
}

/** A request as {@link readProviderRequest} gives it, whoever has read it, with all limits known. */
export interface AskedRequest extends ProviderRequest {
  readonly timeouts: ResolvedTimeouts;
}

/**
 * The `stream` of a provider whose answers are pushed. A request is read at the call; what is wrong with it comes from the
 * iteration. What is behind it takes an {@link AskedRequest}.
 */
export function streamOf<By extends Answerer>(by: By, answer: Answer<By>): Provider["stream"] {
  const ofRead = (request: ProviderRequest): AsyncIterable<ProviderPart> => {
    const { timeouts } = request as AskedRequest;
    return new FlowIterator(new Call(new Answering(by, () => request, answer, timeouts), request.signal).flow);
  };
  return markOwn((request: ProviderRequest): AsyncIterable<ProviderPart> => {
    const asked = readNow(() => readProviderRequest(request));
    return new FlowIterator(new Call(new Answering(by, asked.take, answer), asked.value?.signal).flow);
  }, ofRead);
}
