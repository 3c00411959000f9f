import { anObject, readOption, requireOption, type Rule } from "@qwen/core/http";

import type { Dialect } from "./dialect.ts";
import type { OpenAIQuestion } from "./request.ts";
import { answerInFull, type OpenAIAnswer, type OpenAIAnswerLike } from "./script.ts";
import { standardOpenAIAnswer } from "./standard-answer.ts";
import { A_STEP, stepProblem } from "./step-rules.ts";

/** What a model answers: always the same, or by the question. `undefined` is the standard answer. */
export type OpenAIAnswers = OpenAIAnswerLike | ((question: OpenAIQuestion) => OpenAIAnswerLike | undefined);

/** What {@link OpenAIAnswers} must be. Steps of an iteration are looked at when they are said. */
export const anOpenAIAnswer: Rule = (value) => {
  if (typeof value === "string" || typeof value === "function") return undefined;
  if (Array.isArray(value)) return stepsProblem(value);
  if (anObject(value) === undefined && isAnswer(value as OpenAIAnswer)) return undefined;
  const { steps } = Object(value) as Partial<OpenAIAnswer>;
  const expected =
    "a text, a list of steps, { steps, firstDelayMs, delayMs, finishReason, usage }, or a function that gives one at once";
  return (Array.isArray(steps) ? stepsProblem(steps) : undefined) ?? expected;
};

function stepsProblem(steps: readonly unknown[]): string | undefined {
  for (const step of steps) {
    const problem = stepProblem(step);
    if (problem !== undefined) return `a list of steps, each ${A_STEP} (of one, ${problem})`;
  }
  return undefined;
}

const aModelName: Rule = (value) => (typeof value === "string" && value !== "" ? undefined : "the name of a model");

const ANSWER_RULES: Readonly<Record<string, (value: unknown) => boolean>> = {
  steps: (value) =>
    Array.isArray(value)
      ? stepsProblem(value) === undefined
      : typeof value === "object" && value !== null && Symbol.iterator in value,
  firstDelayMs: (value) => typeof value === "number" && value >= 0,
  delayMs: (value) => typeof value === "number" && value >= 0,
  finishReason: (value) => value === null || typeof value === "string",
  usage: (value) => value === null || anObject(value) === undefined,
};

function isAnswer(value: object): boolean {
  return (
    "steps" in value &&
    Object.entries(value).every(([name, field]) => field === undefined || ANSWER_RULES[name]?.(field) === true)
  );
}

/** The models of a server. */
export interface Models {
  readonly names: readonly string[];
  /** The model that answers to a name, by the name of its own. */
  named(name: string): string | undefined;
  /** Throws what a function of the answer throws, and a `TypeError` where it gives none. */
  answerOf(model: string, question: OpenAIQuestion): OpenAIAnswer;
  /** Changes the answers of all, or of one. */
  answer(...change: readonly [OpenAIAnswers | undefined] | readonly [string, OpenAIAnswers | undefined]): void;
  /** A model in the list of all. */
  entry(name: string, dialect: Dialect): unknown;
}

/** Starts with the models of the options. */
export function createModels({
  models = { "test-model": undefined },
  anyModel,
}: {
  readonly models: Readonly<Record<string, OpenAIAnswers | undefined>> | undefined;
  readonly anyModel: boolean;
}): Models {
  const answers = new Map(Object.entries(models));
  const created = Math.floor(Date.now() / 1000);

  return {
    get names() {
      return [...answers.keys()];
    },
    named(name) {
      if (answers.has(name)) return name;
      const [first] = answers.keys();
      return anyModel ? first : undefined;
    },
    answerOf(model, question) {
      const scripted = answers.get(model);
      const own = typeof scripted === "function" ? scripted(question) : scripted;
      // One that is promised may fail, which nobody would hear.
      if (own instanceof Promise) own.catch(() => undefined);
      return answerInFull(readOption("answer()", own, anOpenAIAnswer) ?? standardOpenAIAnswer(question));
    },
    answer(...change) {
      const answer = readOption("answer", change.at(-1), anOpenAIAnswer);
      if (change.length === 2) requireOption("model", change[0], aModelName);
      const names = change.length === 2 ? [change[0]] : answers.keys();
      for (const name of names) answers.set(name, answer);
    },
    entry: (name, { owner }) => ({ id: name, object: "model", created, owned_by: owner }),
  };
}
