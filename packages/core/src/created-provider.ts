import { type Answering, streamOf } from "./answering.ts";
import type { Call, CallSource } from "./call.ts";
import { acceptingModel } from "./known-model.ts";
import {
  aFunction,
  anId,
  anObject,
  isGroup,
  type OptionNames,
  readOption,
  refuseUnknown,
  requireOption,
} from "./options.ts";
import { isOwn } from "./own-functions.ts";
import type { FinishPart, ProviderPart } from "./part.ts";
import type { PhaseClock } from "./phase-clock.ts";
import type { ModelInfo, Provider, ProviderRequest, SomeModels } from "./provider.ts";
import { requireModels } from "./provider-rules.ts";
import type { AbortSource } from "./stop.ts";
import { readTimeouts, type ResolvedTimeouts } from "./timers.ts";

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
export function createProvider<const Id extends string, const Models extends SomeModels>(
  definition: ProviderDefinition<Id, Models[number]> & { readonly models: Models },
): Provider<Id, Models[number]> {
  requireOption("definition", definition, anObject);
  refuseUnknown("The definition of a provider", definition, NAMES);
  const { models, answer, close } = definition;
  const id = requireOption("id", definition.id, anId);
  requireModels(models);
  requireOption("answer", answer, aFunction);
  readOption("close", close, aFunction);
  const timeouts = readTimeouts(definition.timeouts);
  // They may be the methods of a class.
  const read: ProviderDefinition<Id, Models[number]> = {
    id,
    models,
    ...(timeouts !== undefined && { timeouts }),
    answer: answer.bind(definition),
  };
  return {
    id,
    models,
    timeouts: timeouts && { ...timeouts },
    stream: streamOf(read, pushAnswer),
    // One of ours is handed on as it is, by which a router knows that it ends in bounded time.
    ...(close !== undefined && { close: isOwn(close) ? close : () => close.call(definition) }),
  };
}

const NAMES: OptionNames<ProviderDefinition<string, ModelInfo>> = {
  id: true,
  models: true,
  timeouts: true,
  close: true,
  answer: true,
};

async function pushAnswer<Id extends string, Model extends ModelInfo>(
  asked: Answering<ProviderDefinition<Id, Model>>,
  call: Call<ProviderPart>,
): Promise<void> {
  const { by: definition, request } = asked;
  const finish: unknown = await definition.answer({
    model: acceptingModel(definition, request),
    request,
    limits: asked.limits(),
    stop: call.stop,
    clock: call.clock,
    push: (part) => call.push(part),
    follow: (source) => call.follow(source),
  });
  call.push(requireOption("answer()", finish, aFinish) as FinishPart);
}

function aFinish(value: unknown): string | undefined {
  return isGroup(value) && "type" in value && value.type === "finish" ? undefined : "a `finish`, or its promise";
}
