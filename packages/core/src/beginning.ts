import { textOf, type Message } from "./message.ts";

/** Begins what a model thinks, at the very beginning of its answer. */
export const THINK = "<think>";
export const THINK_END = "</think>";

/** A chat that may end with the beginning of its answer. */
export interface BegunChat {
  /** What the answer is to. */
  readonly asked: readonly Message[];
  /** The text that it is to go on behind; empty where there is none. */
  readonly beginning: string;
}

/**
 * Splits a chat from the beginning of its answer: the messages of the assistant behind those of everybody else, as one text.
 * System prompts stand beside the dialogue, wherever they are in the list. Where one of them calls a tool, they are no
 * beginning but what was said.
 */
export function splitBeginning(messages: readonly Message[]): BegunChat {
  const end = messages.findLastIndex(({ role }) => role === "user" || role === "tool");
  const answers = messages.filter(({ role }, index) => index > end && role === "assistant");
  if (answers.length === 0 || answers.some(callsTool)) return { asked: messages, beginning: "" };
  return {
    asked: messages.filter((message, index) => index <= end || message.role !== "assistant"),
    beginning: answers.map(textOf).join(""),
  };
}

/** What is said in an answer, or in the beginning of one, without what is thought in front of it: nothing where that goes on. */
export function wordsBehindThought(answer: string): string {
  const text = answer.trimStart();
  if (!text.startsWith(THINK)) return answer;
  const end = text.indexOf(THINK_END);
  return end < 0 ? "" : text.slice(end + THINK_END.length).trimStart();
}

/** Whether the beginning of an answer ends in the middle of a thought. */
export function endsInThought(beginning: string): boolean {
  return beginning.trimStart().startsWith(THINK) && !beginning.includes(THINK_END);
}

/** Whether a chat ends with the assistant, whatever that said. */
export function endsWithAnswer(messages: readonly Message[]): boolean {
  return messages.findLast(isSpoken)?.role === "assistant";
}

/** Whether a text may be written behind it as the beginning of its answer: not behind a call, whose result comes first. */
export function takesBeginning(messages: readonly Message[]): boolean {
  return !endsWithAnswer(messages) || splitBeginning(messages).asked !== messages;
}

/** Whether it is a message of the dialogue. */
export function isSpoken({ role }: Message): boolean {
  return role !== "system" && role !== "developer";
}

function callsTool({ content }: Message): boolean {
  return typeof content !== "string" && content.some(({ type }) => type === "tool-call");
}
