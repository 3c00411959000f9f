import { anObject, readOption, type Rule } from "@qwen/core/http";

import type { Clock } from "../server/clock.ts";
import type { Flavour, WireMessage } from "./flavour.ts";
import type { Job } from "./job.ts";
import { A_STEP, type AnswerContext, type AnswerLike, isAnswer, isStep, playAnswer } from "./script.ts";
import type { FunctionCall } from "./space.ts";
import { standardAnswer } from "./standard-answers.ts";

/** What the emulated model answers: always the same, or by the prompt. `undefined` is the standard answer. */
export type Answers = AnswerLike | ((prompt: string, context: AnswerContext) => AnswerLike | undefined);

/** What {@link Answers} must be. Steps of an iteration are looked at when they are played. */
export const anAnswer: Rule = (value) => {
  if (typeof value === "string" || typeof value === "function") return undefined;
  if (Array.isArray(value)) return value.every(isStep) ? undefined : `a list of steps, each ${A_STEP}`;
  return anObject(value) === undefined && isAnswer(value as object)
    ? undefined
    : "a text, a list of steps, { steps, firstDelayMs, delayMs }, or a function that gives one";
};

/** Options of {@link createModel}. */
export interface ModelOptions {
  readonly answer: Answers | undefined;
  readonly flavour: Flavour;
  readonly clock: Clock;
}

/** The model behind an app, and the state that the app keeps for each session. */
export interface Model {
  /** What a function of the app works with. */
  call(
    job: Pick<Job, "data" | "sessionHash"> & { eventId?: string; prompt?: string | undefined },
    send: (message: WireMessage) => void,
  ): FunctionCall;
  answer(answer: Answers | undefined): void;
  /** Forgets the state of all sessions. */
  forget(): void;
}

/** Starts with no session. */
export function createModel({ answer, flavour, clock }: ModelOptions): Model {
  const states = new Map<string, Map<string, unknown>>();
  let answers = answer;
  let count = 0;

  return {
    call(job, send) {
      const { data, sessionHash, eventId = "" } = job;
      const state = states.get(sessionHash) ?? new Map<string, unknown>();
      states.set(sessionHash, state);
      return {
        data,
        state,
        ask(prompt, about = {}) {
          job.prompt = prompt;
          const context = { call: ++count, data, sessionHash, ...about };
          const own = typeof answers === "function" ? answers(prompt, context) : answers;
          // One that is promised may fail, which nobody would hear.
          if (own instanceof Promise) own.catch(() => undefined);
          readOption("answer()", own, anAnswer);
          return playAnswer(own ?? standardAnswer(prompt, context), {
            clock,
            onLog: (text, level) => send(flavour.log(eventId, text, level)),
            onProgress(index, length, description) {
              const unit = { index, length: length ?? null, unit: "steps", progress: null, desc: description ?? null };
              send({ msg: "progress", event_id: eventId, progress_data: [unit] });
            },
          });
        },
      };
    },
    answer: (next) => void (answers = readOption("answer", next, anAnswer)),
    forget: () => states.clear(),
  };
}
