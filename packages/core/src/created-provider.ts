import { Call, type CallSource, type CallWork } from "./call.ts";
import { checkRequest, findUnsupported } from "./capabilities.ts";
import { copyOf } from "./error-copy.ts";
import { QwenError } from "./errors.ts";
import { FlowIterator } from "./flow-iterator.ts";
import { knownModel } from "./known-model.ts";
import { markOwn } from "./own-functions.ts";
import type { FinishPart, ProviderPart } from "./part.ts";
import { weightOfPart } from "./part-weight.ts";
import type { PhaseClock } from "./phase-clock.ts";
import { aFunction, anId, anObject, type OptionNames, readOption, refuseUnknown, requireOption } from "./options.ts";
import { requireModels } from "./provider-rules.ts";
import type { ModelInfo, Provider, ProviderRequest } from "./provider.ts";
import { readProviderRequest } from "./request.ts";
import { readNow } from "./snapshot.ts";
import type { AbortSource } from "./stop.ts";
import { readTimeouts, resolveTimeouts, type ResolvedTimeouts } from "./timers.ts";

/** One request to a provider that {@link createProvider} made, checked and read, and where its answer goes. */
export interface AnswerCall<Model extends ModelInfo = ModelInfo> {
  readonly model: Model;
  readonly request: ProviderRequest;
  readonly limits: ResolvedTimeouts;
  /** Aborted when the call is over before its answer is. */
  readonly stop: AbortSource;
  /** What is told of the progress of the answer: the limits of its phases go by it. */
  readonly clock: AnswerClock;
  push(part: ProviderPart): void;
  /** Starts what the answer is read from, and from then on pauses it for a reader that lags. */
  follow(source: CallSource): void;
}

/** The clock of an answer. Where a limit runs out, the source that is followed fails with a `TimeoutError`. */
export interface AnswerClock extends Pick<
  PhaseClock,
  "startPhase" | "queued" | "working" | "output" | "pause" | "resume" | "stopPhase"
> {
  /** Whether it is known that the answer comes whole. Looked at by `startPhase`. */
  comesWhole: boolean;
}

/** A provider, and how it answers. */
export interface ProviderDefinition<Id extends string, Model extends ModelInfo> extends Pick<
  Provider<Id, Model>,
  "id" | "models" | "timeouts" | "close"
> {
  /** Pushes the parts of one answer, and resolves with its `finish` behind the last one. */
  answer(call: AnswerCall<Model>): Promise<FinishPart>;
}

/**
 * Makes a provider that pushes the parts of its answers, which costs no promise a part, and whose calls keep time by
 * themselves.
 *
 * A request is read at the call, and checked when the answer is first read: what is wrong with it is thrown before `answer` is
 * called. A definition that is none is a `TypeError` when it is made. Leaving, an abort and the limit of the whole end a call at once, whatever `answer` does.
 */
export function createProvider<const Id extends string, const Model extends ModelInfo>(
  definition: ProviderDefinition<Id, Model>,
): Provider<Id, Model> {
  requireOption("definition", definition, anObject);
  refuseUnknown("The definition of a provider", definition, NAMES);
  const { models, close } = definition;
  const id = requireOption("id", definition.id, anId);
  requireModels(models);
  requireOption("answer", definition.answer, aFunction);
  readOption("close", close, aFunction);
  const timeouts = readTimeouts(definition.timeouts);
  return {
    id,
    models,
    timeouts: timeouts && { ...timeouts },
    stream: markOwn((request: ProviderRequest): AsyncIterable<ProviderPart> => {
      const asked = readNow(() => readProviderRequest(request));
      return new FlowIterator(new Call(new Answering(definition, asked.take), asked.value?.signal).flow);
    }),
    ...(close !== undefined && { close }),
  };
}

const NAMES: OptionNames<ProviderDefinition<string, ModelInfo>> = {
  id: true,
  models: true,
  timeouts: true,
  close: true,
  answer: true,
};

class Answering<Model extends ModelInfo> implements CallWork<ProviderPart> {
  readonly #definition: ProviderDefinition<string, Model>;
  readonly #takeRequest: () => ProviderRequest;
  #limits: ResolvedTimeouts | undefined;

  constructor(definition: ProviderDefinition<string, Model>, takeRequest: () => ProviderRequest) {
    this.#definition = definition;
    this.#takeRequest = takeRequest;
  }

  limits(): ResolvedTimeouts {
    this.#limits ??= resolveTimeouts(this.#takeRequest().timeouts, this.#definition.timeouts);
    return this.#limits;
  }

  weigh(part: ProviderPart): number {
    return weightOfPart(part);
  }

  asOwnError(error: unknown): unknown {
    return QwenError.isInstance(error) ? copyOf(error, { provider: this.#definition.id }) : error;
  }

  async run(call: Call<ProviderPart>): Promise<void> {
    const request = this.#takeRequest();
    const model = knownModel(this.#definition, request.model);
    checkRequest(request);
    const unsupported = findUnsupported(model, request);
    if (unsupported !== undefined) throw unsupported;
    const finish = await this.#definition.answer({
      model,
      request,
      limits: this.limits(),
      stop: call.stop,
      clock: call.clock,
      push: (part) => call.push(part),
      follow: (source) => call.follow(source),
    });
    call.push(finish);
  }
}
