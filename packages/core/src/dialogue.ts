import { textOf, type ContentPart, type Message, type ToolCallPart, type ToolResultPart } from "./message.ts";

/** A chat as demo Spaces take it: pairs of question and answer, and what is asked now. */
export interface Dialogue {
  /** All system messages, joined by blank lines; absent where there is none. */
  readonly system: string | undefined;
  /** Earlier turns. Messages of one side that follow each other are one, joined by blank lines. */
  readonly turns: readonly (readonly [question: string, answer: string])[];
  /** What the user says last. */
  readonly question: string;
}

/**
 * Splits messages into a dialogue. No words are lost: the call of a tool is told in words as said by the assistant, its result
 * as said by the user, and an answer that nobody asked for gets an empty question. Images, files and reasoning have none.
 */
export function dialogueOf(messages: readonly Message[]): Dialogue {
  const system: string[] = [];
  const turns: [string, string][] = [];
  let question: string | undefined;
  for (const message of inWords(messages)) {
    const text = textOf(message);
    const last = turns.at(-1);
    if (message.role === "system" || message.role === "developer") system.push(text);
    else if (message.role !== "assistant") question = question === undefined ? text : `${question}\n\n${text}`;
    else if (question === undefined && last !== undefined) last[1] += `\n\n${text}`;
    else {
      turns.push([question ?? "", text]);
      question = undefined;
    }
  }
  return { system: system.length === 0 ? undefined : system.join("\n\n"), turns, question: question ?? "" };
}

/**
 * A whole chat as one prompt, for Spaces without slots for a system prompt or earlier turns. A lone
 * question stays as it is; who said nothing is left out.
 */
export function promptOf(messages: readonly Message[]): string {
  const { system, turns, question } = dialogueOf(messages);
  const spoken = [
    ...turns.flatMap(([asked, answered]) => [
      ["User", asked],
      ["Assistant", answered],
    ]),
    ["User", question],
  ]
    .filter(([, words]) => words !== "")
    .map(([speaker, words]) => (turns.length === 0 ? words : `${speaker}: ${words}`));
  return [...(system === undefined || system === "" ? [] : [system]), ...spoken].join("\n\n");
}

/**
 * A chat for a model without tools: their calls and results told in words, a paragraph each, numbered so that each result is
 * that of its call. What else the messages hold stays as it is, images and files in results as well.
 */
export function inWords(messages: readonly Message[]): readonly Message[] {
  if (!messages.some(holdsTools)) return messages;
  const calls = new Map<string, number>();
  return messages.map((message) => (holdsTools(message) ? messageInWords(message, calls) : message));
}

function holdsTools({ content }: Message): boolean {
  return typeof content !== "string" && content.some(isOfTool);
}

function isOfTool(part: ContentPart): part is ToolCallPart | ToolResultPart {
  return part.type === "tool-call" || part.type === "tool-result";
}

function messageInWords(message: Message, calls: Map<string, number>): Message {
  const parts: ContentPart[] = [];
  let before: ContentPart | undefined;
  for (const part of message.content as readonly ContentPart[]) {
    if (before !== undefined && (isOfTool(before) || isOfTool(part))) parts.push(text("\n\n"));
    if (part.type === "tool-call") parts.push(callInWords(part, calls));
    else if (part.type === "tool-result") parts.push(...resultInWords(part, calls));
    else parts.push(part);
    before = part;
  }
  return { ...message, content: parts };
}

function callInWords({ toolCallId, toolName, input }: ToolCallPart, calls: Map<string, number>): ContentPart {
  const number = calls.size + 1;
  calls.set(toolCallId, number);
  return text(`Tool call ${number}: ${toolName} ${input}`);
}

function resultInWords(
  { toolCallId, toolName, output, isError = false }: ToolResultPart,
  calls: Map<string, number>,
): readonly ContentPart[] {
  const number = calls.get(toolCallId);
  const call = number === undefined ? `a call of ${toolName}` : `tool call ${number} (${toolName})`;
  const saying = `${isError ? "Error" : "Result"} of ${call}: `;
  switch (output.type) {
    case "text":
      return [text(saying + output.value)];
    case "json":
      return [text(saying + (JSON.stringify(output.value) ?? ""))];
    case "content":
      return [text(saying), ...output.value];
  }
}

const text = (words: string): ContentPart => ({ type: "text", text: words });
