import { setImmediate } from "node:timers/promises";

import type { Clock } from "../server/clock.ts";
import { sentError, type ScriptedError, type ScriptedFailure } from "./scripted-error.ts";
import { A_STEP, stepProblem } from "./step-rules.ts";

/** A call of a tool, whole or in pieces. */
export interface OpenAIToolCall {
  /** Name of the tool. */
  readonly toolCall: string;
  /** JSON text; a list of its pieces, each sent by itself; or an object, sent as one where others send text. @defaultValue "{}" */
  readonly arguments?: string | readonly string[] | Readonly<Record<string, unknown>> | undefined;
  /** @defaultValue `call_1` and so on, by the place of the call in the answer */
  readonly id?: string | undefined;
  /** Which pieces say the id. @defaultValue "first" */
  readonly says?: "first" | "last" | "each" | "none" | undefined;
  /** Number of the call on the wire; `null` leaves it out. @defaultValue its place in the answer, from 0 */
  readonly index?: number | null | undefined;
}

/** One thing a model does while it answers. A string is a piece of text. */
export type OpenAIAnswerStep =
  | string
  /** A piece of what it thinks, in the field of its server, or as text in `<think>`. */
  | { readonly reasoning: string }
  | OpenAIToolCall
  /** Several calls whose pieces take turns. */
  | { readonly toolCalls: readonly OpenAIToolCall[] }
  /** A piece of a refusal. */
  | { readonly refusal: string }
  /** Is silent for so long, besides the delays. */
  | { readonly waitMs: number }
  /** A comment, as servers send it to keep a connection alive. */
  | { readonly comment: string }
  /** A `delta` as it is, for what no other step says. */
  | { readonly delta: Readonly<Record<string, unknown>> }
  /** The data of an event as it is, which need not be JSON. */
  | { readonly data: string }
  /** Fails: as the first step by the status of the response (500), later in the stream. */
  | { readonly error: string | ScriptedError };

/** What a model answers, how fast, and how it ends. */
export interface OpenAIAnswer {
  /** In order. None is an answer that says nothing. */
  readonly steps: Iterable<OpenAIAnswerStep>;
  /** Before the first piece, in ms. @defaultValue 0 */
  readonly firstDelayMs?: number | undefined;
  /** Before every other piece, in ms. @defaultValue 0 */
  readonly delayMs?: number | undefined;
  /**
   * Why it ends; `null` says nothing about it.
   *
   * @defaultValue "length" where the limit of the request was reached, "tool_calls" after a call, else "stop"
   */
  readonly finishReason?: string | null | undefined;
  /** What it took; `null` is never told. @defaultValue words of the messages, and pieces of the answer */
  readonly usage?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An answer in short: a text is said word by word, a list is a list of steps. */
export type OpenAIAnswerLike = string | readonly OpenAIAnswerStep[] | OpenAIAnswer;

/** A piece of a call on its way. What is not set is not on the wire. */
export interface ToolPiece {
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly type?: "function" | undefined;
  readonly name?: string | undefined;
  readonly arguments: unknown;
}

/** One thing that is said, of an answer. */
export type Said =
  | { readonly kind: "text" | "reasoning" | "refusal"; readonly text: string }
  /** `place` is which call of the answer it belongs to, from 0, whatever the wire says. */
  | { readonly kind: "tool"; readonly place: number; readonly piece: ToolPiece }
  | { readonly kind: "delta"; readonly delta: Readonly<Record<string, unknown>> }
  | { readonly kind: "data"; readonly data: string }
  | { readonly kind: "comment"; readonly text: string };

/** How an answer ended. */
export interface Ending {
  /** `undefined`: nothing is said of it. */
  readonly finishReason: string | undefined;
  /** Tokens of the answer. */
  readonly tokens: number;
}

/** Options of {@link playAnswer}. */
export interface PlayOptions {
  readonly clock: Clock;
  /** Pieces of text and thought that it may say. */
  readonly maxTokens: number;
  /** What the answer is to go on behind. */
  readonly prefill: string;
}

/** Takes the first step of an answer, which may be its failure; what is left of the answer still has it. */
export function opened(answer: OpenAIAnswer): { readonly failure?: ScriptedFailure; readonly answer: OpenAIAnswer } {
  const steps = answer.steps[Symbol.iterator]();
  const { done = false, value: first } = steps.next() as IteratorResult<OpenAIAnswerStep, undefined>;
  if (typeof first === "object" && stepProblem(first) === undefined && "error" in first) {
    return { failure: sentError(first.error), answer };
  }
  return {
    answer: {
      ...answer,
      steps: {
        *[Symbol.iterator]() {
          if (done) return;
          yield first as OpenAIAnswerStep;
          for (let next = steps.next(); next.done !== true; next = steps.next()) yield next.value;
        },
      },
    },
  };
}

/** So many are played in a row: of a script without an end its client must be able to leave. */
const STEPS_A_TURN = 1000;

/** Plays an answer and returns how it ended. Throws a `ScriptedFailure` where the model fails. */
export async function* playAnswer(
  { steps, firstDelayMs = 0, delayMs = 0, finishReason }: OpenAIAnswer,
  { clock, maxTokens, prefill }: PlayOptions,
): AsyncGenerator<Said, Ending, undefined> {
  const calls = { count: 0 };
  let tokens = 0;
  let isFirst = true;
  let played = 0;

  for (const step of behind(steps, prefill)) {
    const problem = stepProblem(step);
    if (problem !== undefined) throw new TypeError(`A step must be ${A_STEP}: ${problem}.`);
    played += 1;
    if (played % STEPS_A_TURN === 0) await setImmediate();
    if (typeof step === "object" && "waitMs" in step) {
      await clock.sleep(step.waitMs);
      continue;
    }
    if (typeof step === "object" && "error" in step) throw sentError(step.error);
    for (const said of saidOf(step, calls)) {
      if (isOutput(said)) {
        const waitMs = isFirst ? firstDelayMs : delayMs;
        if (waitMs > 0) await clock.sleep(waitMs);
        isFirst = false;
        tokens += 1;
      }
      yield said;
      if (tokens >= maxTokens) return { finishReason: "length", tokens };
    }
  }
  const reason = finishReason === undefined ? (calls.count > 0 ? "tool_calls" : "stop") : (finishReason ?? undefined);
  return { finishReason: reason, tokens };
}

/** Whether it is part of the answer, and not only a sign of life. */
export function isOutput({ kind }: Said): boolean {
  return kind !== "comment" && kind !== "data";
}

/** An answer in full. */
export function answerInFull(answer: OpenAIAnswerLike): OpenAIAnswer {
  if (typeof answer === "string") return { steps: words(answer) };
  return "steps" in answer ? answer : { steps: answer };
}

/** The words of a text, each with the white space before it, as models say them. */
export function words(text: string): string[] {
  return text.match(/\s*\S+|\s+$/gu) ?? [];
}

/** The steps without the beginning that is there already. An answer that begins otherwise is said whole. */
function* behind(steps: Iterable<OpenAIAnswerStep>, prefill: string): Generator<OpenAIAnswerStep, void, undefined> {
  let rest = prefill;
  const held: OpenAIAnswerStep[] = [];
  for (const step of steps) {
    if (rest === "" || typeof step !== "string") {
      yield* held.splice(0);
      rest = "";
      yield step;
    } else if (rest.startsWith(step)) {
      held.push(step);
      rest = rest.slice(step.length);
      if (rest === "") held.length = 0;
    } else if (step.startsWith(rest)) {
      held.length = 0;
      yield step.slice(rest.length);
      rest = "";
    } else {
      yield* held.splice(0);
      rest = "";
      yield step;
    }
  }
  yield* held;
}

function* saidOf(
  step: Exclude<OpenAIAnswerStep, { readonly waitMs: number } | { readonly error: unknown }>,
  calls: { count: number },
): Generator<Said, void, undefined> {
  if (typeof step === "string") yield { kind: "text", text: step };
  else if ("reasoning" in step) yield { kind: "reasoning", text: step.reasoning };
  else if ("refusal" in step) yield { kind: "refusal", text: step.refusal };
  else if ("comment" in step) yield { kind: "comment", text: step.comment };
  else if ("delta" in step) yield { kind: "delta", delta: step.delta };
  else if ("data" in step) yield { kind: "data", data: step.data };
  else if ("toolCalls" in step) yield* inTurns(step.toolCalls.map((call) => piecesOf(call, calls.count++)));
  else yield* piecesOf(step, calls.count++);
}

function piecesOf(call: OpenAIToolCall, place: number): Said[] {
  const { toolCall: name, id = `call_${place + 1}`, says = "first", index = place } = call;
  const { arguments: input = "{}" } = call;
  // As OpenAI has it, what is said in pieces begins with an empty one.
  const pieces: readonly unknown[] = Array.isArray(input) ? ["", ...(input as readonly string[])] : [input];
  return pieces.map((text, at) => {
    const isFirst = at === 0;
    const saysId = says === "each" || (says === "first" && isFirst) || (says === "last" && at === pieces.length - 1);
    return {
      kind: "tool",
      place,
      piece: {
        ...(index !== null && { index }),
        ...(saysId && { id }),
        ...(isFirst && { type: "function", name }),
        arguments: text,
      },
    };
  });
}

function* inTurns(calls: readonly (readonly Said[])[]): Generator<Said, void, undefined> {
  const longest = Math.max(0, ...calls.map(({ length }) => length));
  for (let at = 0; at < longest; at++) {
    for (const call of calls) {
      const said = call[at];
      if (said !== undefined) yield said;
    }
  }
}
