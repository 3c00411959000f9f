import type { Clock } from "../server/clock.ts";

/** One thing an app does while it answers. A string is said after what was said before. */
export type AnswerStep =
  | string
  /** Says this instead of all it said before. */
  | { readonly rewrite: string }
  /** Is silent for so long, besides the delays. */
  | { readonly waitMs: number }
  /** Fails with `gr.Error`. */
  | { readonly error: string; readonly title?: string | undefined }
  /** Fails with any other exception. Gradio hides its text. */
  | { readonly exception: string }
  /** `gr.Info`, `gr.Warning`. @defaultValue level "info" */
  | { readonly log: string; readonly level?: "info" | "warning" | "success" | undefined }
  /** `gr.Progress`: steps done. */
  | { readonly progress: number; readonly of?: number | undefined; readonly description?: string | undefined };

/** What an app answers, and how fast. */
export interface Answer {
  /** In order. None is an app that yields nothing. */
  readonly steps: Iterable<AnswerStep>;
  /** Before the first piece of text, in ms. @defaultValue 0 */
  readonly firstDelayMs?: number | undefined;
  /** Before every other piece of text, in ms. @defaultValue 0 */
  readonly delayMs?: number | undefined;
}

/** Whether what was given for a step is one. */
export function isStep(step: unknown): step is AnswerStep {
  if (typeof step === "string") return true;
  if (typeof step !== "object" || step === null) return false;
  const set = Object.entries(step).filter(([, value]) => value !== undefined);
  const kind = set.map(([name]) => name).find((name) => Object.hasOwn(STEPS, name));
  if (kind === undefined) return false;
  const [type, ...beside] = STEPS[kind as keyof typeof STEPS];
  return set.every(([name, value]) => (name === kind ? typeof value === type : beside.some((known) => known === name)));
}

/** Of each kind of step, the type of its value, and what may stand beside it. */
const STEPS = {
  rewrite: ["string"],
  waitMs: ["number"],
  error: ["string", "title"],
  exception: ["string"],
  log: ["string", "level"],
  progress: ["number", "of", "description"],
} as const;

/** As it ends "each must be …". */
export const A_STEP = `a text or one of ${Object.entries(STEPS)
  .map(([kind, [, ...beside]]) => `{ ${[kind, ...beside].join(", ")} }`)
  .join(", ")}`;

/** Whether an object is an answer in full. Steps that are iterated are looked at when they are played. */
export function isAnswer(answer: object): answer is Answer {
  if (!("steps" in answer)) return false;
  const { steps, ...others } = answer;
  const isIterable = typeof steps === "object" && steps !== null && Symbol.iterator in steps;
  return (
    (Array.isArray(steps) ? steps.every(isStep) : isIterable) &&
    Object.entries(others).every(
      ([name, value]) =>
        value === undefined ||
        ((name === "firstDelayMs" || name === "delayMs") && typeof value === "number" && value >= 0),
    )
  );
}

/** An answer in short: a text is said word by word, a list is a list of steps. */
export type AnswerLike = string | readonly AnswerStep[] | Answer;

/** What an answer may depend on, besides the prompt. */
export interface AnswerContext {
  /** 1 for the first time the model is asked. */
  readonly call: number;
  /** The inputs as they came over the wire. */
  readonly data: readonly unknown[];
  readonly sessionHash: string;
  /** What was said before, as the app was given it. */
  readonly history?: unknown;
  readonly system?: unknown;
  /** Path on the server of the picture it was given. */
  readonly picture?: string | undefined;
}

/** An app's failure, thrown where the script has one. */
export class ScriptedFailure extends Error {
  readonly hidden: boolean;
  readonly title: string | undefined;

  constructor(message: string, { hidden, title }: { readonly hidden: boolean; readonly title?: string | undefined }) {
    super(message);
    this.hidden = hidden;
    this.title = title;
  }
}

/** What playing an answer reports besides its text. */
export interface PlayOptions {
  readonly clock: Clock;
  onLog(text: string, level: string): void;
  onProgress(index: number, length: number | undefined, description: string | undefined): void;
}

/** Plays an answer: the whole text so far, each time it changed. Throws {@link ScriptedFailure} where the app fails. */
export async function* playAnswer(answer: AnswerLike, options: PlayOptions): AsyncGenerator<string, void, undefined> {
  const { steps, firstDelayMs = 0, delayMs = 0 } = normalise(answer);
  let text = "";
  let first = true;

  for (const step of steps) {
    if (typeof step === "string" || "rewrite" in step) {
      const waitMs = first ? firstDelayMs : delayMs;
      if (waitMs > 0) await options.clock.sleep(waitMs);
      first = false;
      text = typeof step === "string" ? text + step : step.rewrite;
      yield text;
    } else if ("waitMs" in step) {
      await options.clock.sleep(step.waitMs);
    } else if ("error" in step) {
      throw new ScriptedFailure(step.error, { hidden: false, title: step.title });
    } else if ("exception" in step) {
      throw new ScriptedFailure(step.exception, { hidden: true });
    } else if ("log" in step) {
      options.onLog(step.log, step.level ?? "info");
    } else if ("progress" in step) {
      options.onProgress(step.progress, step.of, step.description);
    } else {
      throw new TypeError(`A step must be ${A_STEP}.`);
    }
  }
}

function normalise(answer: AnswerLike): Answer {
  if (typeof answer === "string") return { steps: words(answer) };
  if ("steps" in answer) return answer;
  return { steps: answer };
}

/** The words of a text, each with the white space after it. */
export function words(text: string): string[] {
  return text.match(/\s*\S+\s*|\s+$/gu) ?? [];
}
