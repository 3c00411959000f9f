import type { LanguageModelV4, LanguageModelV4CallOptions } from "@ai-sdk/provider";
import { aFunction, aLimitMs, anId, isGroup, mustBe, readable, readOptions, type Rules } from "@qwen/core/http";
import {
  readAttemptSettings,
  type AttemptSettings,
  type HealthOptions,
  type RetryOptions,
  type Outcome,
  type Verdict,
} from "@qwen/core/router";
import type { Attempt } from "@qwen/core";

import type { FallbackAnswer } from "./fallback-reader.ts";

/** Limits in time that hold in front of any model; those of connections are its own. In ms; `Infinity` lifts one. */
export interface FallbackTimeouts {
  /** Of an attempt, from its begin to its first output, `doStream` included. @defaultValue 60_000 */
  readonly firstOutputMs?: number | undefined;
  /** Of an attempt, between two pieces of output. Reasoning and the input of tools are output, pings are not. @defaultValue 60_000 */
  readonly idleMs?: number | undefined;
  /** Of an attempt of `doGenerate`, to its whole answer. @defaultValue 300_000 */
  readonly answerMs?: number | undefined;
  /** Of the call, over all attempts and waits. @defaultValue 3_600_000 */
  readonly totalMs?: number | undefined;
}

/** What an attempt is prepared for. */
export interface PrepareContext {
  /** The model that is asked. */
  readonly model: LanguageModelV4;
  /** 1 for the first attempt of the call. */
  readonly attempt: number;
  /** Why the attempt before it failed. */
  readonly lastError: unknown;
}

/**
 * Makes the options of one attempt: takes off what only another vendor reads back, such as signatures and ids of items. What it
 * returns is asked for, `undefined` stands for the options as they came. It may take its time, which is not the model's but the
 * call's (`totalMs`). What it throws or rejects with ends the call, whoever could still be asked, and counts for no model.
 */
export type Prepare = (
  options: LanguageModelV4CallOptions,
  context: PrepareContext,
) => LanguageModelV4CallOptions | undefined | PromiseLike<LanguageModelV4CallOptions | undefined>;

/** A model, and how it is asked. */
export interface FallbackModel {
  readonly model: LanguageModelV4;
  /**
   * By which health, events, errors and attempts tell it: as `provider`.
   *
   * @defaultValue the `provider` of the model; `…#2` for the second of one provider and name
   */
  readonly id?: string | undefined;
  /** @defaultValue options pass untouched, by reference */
  readonly prepare?: Prepare | undefined;
}

/** Options of {@link createFallback}. */
export interface FallbackOptions extends Pick<HealthOptions, "breaker" | "limits"> {
  /** At least one, in the order they are tried. */
  readonly models: readonly [LanguageModelV4 | FallbackModel, ...(LanguageModelV4 | FallbackModel)[]];
  readonly timeouts?: FallbackTimeouts | undefined;
  readonly retry?: Omit<RetryOptions, "shouldRetry"> | undefined;
  /**
   * With `first-output` nothing is tried again once output was shown; with `buffered` any failure can be, because output is held
   * until the answer is whole. `doGenerate` is always whole.
   *
   * With `continue`, and with `{ continue: "replay" }`, which is the same here, a stream of plain text that breaks off after output is
   * gone on with, by more attempts within the same budget, one at a time: it is asked for again from its start, held until it covers
   * what was shown, and left where it differs by a character. The prompt passes untouched, so no model goes on behind a beginning.
   * Blocks of text are then named by their order (`text-0` and so on), all other parts pass as they are. Where nobody goes on, or
   * more was shown than one block of text that is still open, the stream ends as with `first-output`.
   *
   * @defaultValue "first-output"
   */
  readonly commit?: AttemptSettings["commit"];
  /** Asks the next model as well where one is slow to its commit point. @defaultValue no hedging */
  readonly hedge?: AttemptSettings["hedge"];
  /** Who is asked first. @defaultValue "in-order" */
  readonly strategy?: AttemptSettings["strategy"];
  /**
   * Decides otherwise than the errors table, at once; `undefined` leaves it to the table. An outcome with a `result` comes only where
   * the answer is whole before anyone sees it. What it throws, and a promise, ends the call.
   */
  readonly shouldRetry?:
    | ((outcome: Outcome<FallbackAnswer>, attempt: Attempt, options: LanguageModelV4CallOptions) => Verdict | undefined)
    | undefined;
  /** For jitter and choices: numbers from 0 up to 1. @defaultValue Math.random */
  readonly random?: (() => number) | undefined;
}

/** Options as they were read, once. */
export interface ReadFallback extends Omit<FallbackOptions, "models" | "retry" | "commit" | "hedge" | "strategy"> {
  readonly models: readonly [ReadModel, ...ReadModel[]];
  readonly settings: AttemptSettings;
}

/** A model as it was read. */
export interface ReadModel {
  readonly id: string;
  readonly model: LanguageModelV4;
  readonly prepare: Prepare | undefined;
}

/** Reads the options. Throws a `TypeError` for one that is none, naming it and what it must be. */
export function readFallback(options: FallbackOptions): ReadFallback {
  const read = readOptions("createFallback()", options, RULES);
  if (read === undefined) throw mustBe("createFallback()", "given an object with `models`", options);
  const { models, timeouts, retry, commit, hedge, strategy, ...others } = read;
  if (isGroup(retry) && "shouldRetry" in retry && retry.shouldRetry !== undefined)
    throw new TypeError(
      "`retry.shouldRetry` is given as `shouldRetry`, beside `retry`: it gets the options of the call as well.",
    );
  return {
    ...others,
    models: readModels(models),
    settings: readAttemptSettings({ retry, commit, hedge, strategy }),
    timeouts: readOptions("timeouts", timeouts, TIMEOUT_RULES),
  };
}

function readModels(models: FallbackOptions["models"]): ReadFallback["models"] {
  if (!Array.isArray(models) || models.length === 0)
    throw mustBe("models", "an array of at least one model", Array.isArray(models) ? 0 : models);
  // With its holes, which are no models either.
  const given = Array.from<unknown, Given>(models, readModel);
  // How many have an id and a name.
  const taken = new Map<string, number>();
  for (const [index, { id, model }] of given.entries()) {
    if (id === undefined) continue;
    if (taken.has(keyOf(id, model)))
      throw new TypeError(`\`models[${index}].id\` is taken: two of the models have the id "${id}".`);
    taken.set(keyOf(id, model), 1);
  }
  return given.map(({ id, ...one }) => ({
    ...one,
    id: id ?? freeId(one.model, taken),
  })) as unknown as ReadFallback["models"];
}

type Given = Omit<ReadModel, "id"> & { readonly id: string | undefined };

function freeId(model: LanguageModelV4, taken: Map<string, number>): string {
  const { provider } = model;
  const first = keyOf(provider, model);
  let id = provider;
  let number = taken.get(first) ?? 0;
  while (taken.has(keyOf(id, model))) id = `${provider}#${++number}`;
  taken.set(first, number);
  taken.set(keyOf(id, model), 1);
  return id;
}

function keyOf(id: string, { modelId }: LanguageModelV4): string {
  return JSON.stringify([id, modelId]);
}

function readModel(given: unknown, index: number): Given {
  const name = `models[${index}]`;
  if (!readable(name, () => isGroup(given) && !("specificationVersion" in given) && "model" in given))
    return { model: aModel(name, given), id: undefined, prepare: undefined };
  const { model, id, prepare }: Partial<FallbackModel> = readOptions(name, given as FallbackModel, ENTRY_RULES) ?? {};
  return { model: aModel(`${name}.model`, model), id, prepare };
}

/** Throws a `TypeError` for what is no model of version 4 of the specification, which says what to do. */
export function aModel(name: string, given: unknown): LanguageModelV4 {
  if (typeof given === "string")
    throw new TypeError(
      `\`${name}\` is a string, which names no model here: give what a provider makes of it, such as openai("…").`,
    );
  const [specificationVersion, provider, modelId, doGenerate, doStream] = readable(name, () =>
    MEMBERS.map((member) => (given as Readonly<Record<string, unknown>> | null | undefined)?.[member]),
  );
  if (specificationVersion === "v2" || specificationVersion === "v3")
    throw new TypeError(
      `\`${name}\` is a model of specification ${specificationVersion}, and must be of v4: update its package, or wrap it with \`wrapLanguageModel({ model, middleware: [] })\` of "ai".`,
    );
  const isModel =
    specificationVersion === "v4" &&
    [provider, modelId].every((each) => typeof each === "string") &&
    [doGenerate, doStream].every((each) => typeof each === "function");
  if (isModel) return given as LanguageModelV4;
  throw mustBe(name, "a LanguageModelV4", given);
}

const MEMBERS = ["specificationVersion", "provider", "modelId", "doGenerate", "doStream"] as const;

/** Those that are read elsewhere say themselves what is wrong with them. */
const anything = (): undefined => undefined;

const RULES: Rules<FallbackOptions> = {
  models: anything,
  timeouts: anything,
  retry: anything,
  commit: anything,
  hedge: anything,
  strategy: anything,
  breaker: anything,
  limits: anything,
  shouldRetry: aFunction,
  random: aFunction,
};

const ENTRY_RULES: Rules<FallbackModel> = { model: anything, id: anId, prepare: aFunction };

const TIMEOUT_RULES: Rules<FallbackTimeouts> = {
  firstOutputMs: aLimitMs,
  idleMs: aLimitMs,
  answerMs: aLimitMs,
  totalMs: aLimitMs,
};
