import { QwenError } from "@qwen/core";
import { printable } from "@qwen/core/gradio";

import type { Candidate } from "./candidate.ts";
import type { Component, Page, PageFunction } from "./page.ts";
import { isText } from "./role.ts";

/** How many functions a message names. */
const MOST_LINES = 20;
/** How long all of them are: an error shows 2,000 characters, and what to do comes first. */
const MOST_CHARACTERS = 1400;
/** How many inputs or outputs of one. */
const MOST_NAMED = 8;

/** There is nothing in an app that looks like a chat. */
export function noChat(page: Page): QwenError {
  const rendered = page.functions.some(
    ({ name, triggers }) => name?.startsWith("apply") === true && triggers.some(({ event }) => event === "load"),
  );
  const why = rendered
    ? "its page is built when it is loaded (`gr.render`), and what is in it is not told"
    : "nothing that takes a text and answers with one or in a chat is set off by Enter or a button";
  const remedy =
    rendered || page.functions.length === 0 ? "" : " If one of its endpoints is what you mean, set `endpoint`.";
  return unsupported(page, `No chat was found in this Space: ${why}.${remedy}`);
}

/** An endpoint that its caller named is not there. */
export function noSuch(page: Page, endpoint: string | number): QwenError {
  const asked = typeof endpoint === "number" ? String(endpoint) : JSON.stringify(printable(endpoint, 80));
  return new QwenError("invalid_request", `This Space has no endpoint ${asked}.${listed(page)}`);
}

/** Two chats are as likely. */
export function ambiguous(page: Page, one: Candidate, other: Candidate): QwenError {
  return unsupported(
    page,
    `This Space has two chats: ${nameOf(one.answer)} and ${nameOf(other.answer)}. Set \`endpoint\` to the one that is meant.`,
  );
}

/** No input takes the question, or it cannot be told which. */
export function noMessage(page: Page, { root, answer }: Candidate): QwenError {
  const one = answer.inputs.length === 0 ? root : answer;
  const texts = one.inputs.filter(isText);
  const [first] = texts;
  if (first === undefined)
    return unsupported(page, `${nameOf(one)} takes ${inputList(one.inputs)}, and none of that is a text.`);
  return unsupported(
    page,
    `${nameOf(one)} takes ${inputList(texts)}, and it cannot be told which of them is the message. Set \`inputs\`, such as { ${JSON.stringify(labelOf(first))}: "message" }, or \`endpoint\`.`,
  );
}

/** There is no output of that number. */
export function notAnswering(page: Page, { answer }: Candidate, output: number): QwenError {
  const outputs = answer.outputs.map((one, index) => `${index}: ${named(one)}`).slice(0, MOST_NAMED);
  return new QwenError(
    "invalid_request",
    `${nameOf(answer)} has no output ${output}. It has ${outputs.join(", ") || "none"}.${listed(page)}`,
  );
}

/** A function as it is called in messages. */
export function nameOf({ name, fnIndex }: PageFunction): string {
  return name === undefined ? `function ${fnIndex}` : `"/${printable(name, 80)}" (${fnIndex})`;
}

/** Inputs as they are called in messages. */
export function inputList(inputs: readonly Component[]): string {
  if (inputs.length === 0) return "nothing";
  const more = inputs.length > MOST_NAMED ? ` and ${inputs.length - MOST_NAMED} more` : "";
  return inputs.slice(0, MOST_NAMED).map(named).join(", ") + more;
}

/** What an input or output is called: its label, its parameter or its id. */
export function labelOf(
  one: (Pick<Component, "id" | "label"> & Partial<Pick<Component, "parameter">>) | undefined,
): string {
  return printable(one?.label ?? one?.parameter ?? String(one?.id), 60);
}

function named(one: Component): string {
  return `${labelOf(one)} (${printable(one.type, 40) || "unknown"})`;
}

function unsupported(page: Page, message: string): QwenError {
  return new QwenError("unsupported", message + listed(page));
}

/** One endpoint after the other, as many as an error has room for. */
function listed({ functions }: Page): string {
  const told = functions.filter(({ isCallable, inputs, outputs }) => isCallable && inputs.length + outputs.length > 0);
  const lines: string[] = [];
  let left = MOST_CHARACTERS;
  for (const one of told.slice(0, MOST_LINES)) {
    const line = `${nameOf(one)}: ${inputList(one.inputs)} → ${inputList(one.outputs)}`;
    left -= line.length;
    if (left < 0) break;
    lines.push(line);
  }
  const more = told.length > lines.length ? `; and ${told.length - lines.length} more` : "";
  return told.length === 0 ? " It has no functions." : ` It has ${lines.join("; ")}${more}.`;
}
