import { answerOf, candidatesOf, type Candidate, type Course } from "./candidate.ts";
import { memoryOf } from "./look.ts";
import type { Component, Page, PageFunction } from "./page.ts";
import { isChatbot, isJsonHistory, isState } from "./role.ts";

/** Where earlier turns go. */
export type HistoryPlan =
  /** Into the chatbot that the answer reads. */
  | { readonly kind: "chatbot"; readonly chatbot: Component }
  /** Into an input for data. */
  | { readonly kind: "json"; readonly input: Component }
  /** Through a function that takes them out of a chatbot into a State. */
  | { readonly kind: "setter"; readonly setter: PageFunction; readonly chatbot: Component }
  /** Into the chatbot of what a page runs in place of the function for programs. */
  | { readonly kind: "page"; readonly course: Course; readonly chatbot: Component }
  /** Into the prompt, which is always right. */
  | { readonly kind: "prompt" }
  /** There is no place for words. */
  | { readonly kind: "none" };

/** What is known when the place of earlier turns is looked for. */
export interface HistorySearch {
  readonly candidate: Candidate;
  /** The inputs that have no other part yet. */
  readonly others: readonly Component[];
  readonly message: Component;
  /** The input that its caller says they go into. */
  readonly given: Component | undefined;
}

/**
 * Finds the place of earlier turns. A State that may hold them is out of reach, and a function that reads one never looks
 * into the chatbot: then they are written into the prompt.
 */
export function historyOf(page: Page, { candidate, others, message, given }: HistorySearch): HistoryPlan {
  if (given !== undefined)
    return isChatbot(given) ? { kind: "chatbot", chatbot: given } : { kind: "json", input: given };
  const json = others.find(isJsonHistory);
  if (json !== undefined) return { kind: "json", input: json };
  if (candidate.kind === "interface") return ofInterface(page, candidate, message);
  const free = others.filter(isChatbot);
  const taken = new Set(candidate.answer.inputs);
  const chatbot =
    free.find((one) => taken.has(one) && one === answerOf(candidate)) ?? free.find((one) => taken.has(one)) ?? free[0];
  return chatbot === undefined || mayHoldTurns(candidate) ? { kind: "prompt" } : { kind: "chatbot", chatbot };
}

function ofInterface(page: Page, { answer }: Candidate, message: Component): HistoryPlan {
  const memory = memoryOf(answer);
  const setter = page.functions.find(
    ({ isCallable, inputs, outputs }) =>
      isCallable &&
      inputs.length === 1 &&
      inputs.every(isChatbot) &&
      outputs.every(isState) &&
      outputs.some((output) => output === memory),
  );
  const [chatbot] = setter?.inputs ?? [];
  if (setter !== undefined && chatbot !== undefined) return { kind: "setter", setter, chatbot };
  // Before there was such a function the page's own way takes them from the chatbot: the question in a State, the chatbot, and
  // the same inputs behind them.
  const extra = new Set(answer.inputs.filter((one) => one !== message && one !== memory));
  for (const own of candidatesOf(page)) {
    if (!own.root.inputs.includes(message)) continue;
    const { inputs } = own.answer;
    const given = new Set(own.root.outputs);
    const shown = inputs.find(isChatbot);
    const question = inputs.find((one) => isState(one) && given.has(one));
    if (shown === undefined || question === undefined) continue;
    const others = inputs.filter((one) => one !== shown && one !== question);
    if (others.length === extra.size && others.every((one) => extra.has(one)))
      return { kind: "page", course: own, chatbot: shown };
  }
  return { kind: "prompt" };
}

/** Whether a State reaches the answer that may hold the turns: one that no earlier step wrote without having read it. */
function mayHoldTurns({ before, answer }: Candidate): boolean {
  const carried = new Set<Component>();
  for (const { inputs, outputs } of before) {
    if (inputs.some((input) => isState(input) && !carried.has(input))) return true;
    for (const output of outputs) if (isState(output)) carried.add(output);
  }
  return answer.inputs.some((input) => isState(input) && !carried.has(input));
}
