import type { Clock } from "../server/clock.ts";
import type { Flavour, WireMessage } from "./flavour.ts";
import type { Job } from "./job.ts";
import { type AnswerContext, type AnswerLike, playAnswer } from "./script.ts";
import type { FunctionCall } from "./space.ts";
import { standardAnswer } from "./standard-answers.ts";

/** What the emulated model answers: always the same, or by the prompt. `undefined` is the standard answer. */
export type Answers = AnswerLike | ((prompt: string, context: AnswerContext) => AnswerLike | undefined);

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
    answer: (next) => void (answers = next),
    forget: () => states.clear(),
  };
}
