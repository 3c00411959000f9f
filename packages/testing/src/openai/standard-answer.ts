import { type AnswerLike, type AnswerStep, words } from "../emulator/script.ts";
import { standardAnswer } from "../emulator/standard-answers.ts";
import type { OpenAIQuestion } from "./request.ts";
import type { OpenAIAnswerLike, OpenAIAnswerStep } from "./script.ts";

/** What a model answers unless told otherwise: what an emulated Space does, as far as a model can. */
export function standardOpenAIAnswer({ prompt, messages, body, call }: OpenAIQuestion): OpenAIAnswerLike {
  const format = body["response_format"] as { readonly type?: unknown } | null | undefined;
  const isJson = format?.type === "json_object" || format?.type === "json_schema";
  if (isJson && !prompt.includes("script:")) return JSON.stringify({ said: prompt });
  const system = messages.find(({ role }) => role === "system")?.["content"];
  const answer = standardAnswer(prompt, {
    call,
    data: messages,
    sessionHash: "",
    history: messages.slice(0, -1),
    system,
  });
  return typeof answer === "string" || !("steps" in answer)
    ? stepsOf(typeof answer === "string" ? words(answer) : answer)
    : { ...answer, steps: stepsOf([...answer.steps]) };
}

/** What a model can say of what an app does: nothing that was said is taken back. */
function stepsOf(steps: Exclude<AnswerLike, string> & readonly AnswerStep[]): OpenAIAnswerStep[] {
  const last = steps.findLast((step) => typeof step === "object" && "rewrite" in step);
  const rewritten = last !== undefined && typeof last === "object" && "rewrite" in last ? words(last.rewrite) : [];
  const said = steps.flatMap((step): readonly OpenAIAnswerStep[] => {
    if (typeof step === "string" || "waitMs" in step) return [step];
    if ("error" in step) return [{ error: step.error }];
    if ("exception" in step) return [{ error: "Internal Server Error" }];
    return "log" in step ? [{ comment: step.log }] : [];
  });
  return [...rewritten, ...said];
}
