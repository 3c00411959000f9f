/** Who speaks. */
export type Role = "system" | "user" | "assistant" | "tool";

/** Words. */
export interface TextPart {
  readonly type: "text";
  readonly text: string;
}

/** A picture: its bytes, or where they are (`data:`, `file:`, `http:` or `https:`). */
export interface ImagePart {
  readonly type: "image";
  readonly image: Uint8Array | Blob | URL;
  /** For example `image/png`. Providers tell the kind by the bytes, so it is a hint only. */
  readonly mediaType?: string | undefined;
  readonly filename?: string | undefined;
}

/** A piece of a message. */
export type ContentPart = TextPart | ImagePart;

/** One turn of a chat. */
export interface Message {
  readonly role: Role;
  readonly content: string | readonly ContentPart[];
}

/** The text of a message: its text parts, joined as they stand. */
export function textOf({ content }: Message): string {
  if (typeof content === "string") return content;
  let text = "";
  for (const part of content) if (part.type === "text") text += part.text;
  return text;
}

/** The images of a message, in order. */
export function imagesOf({ content }: Message): readonly ImagePart[] {
  return typeof content === "string" ? [] : content.filter((part) => part.type === "image");
}

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
 * Splits messages into a dialogue. Nothing is lost: a tool's result counts as said by the user, and
 * an answer that nobody asked for gets an empty question.
 */
export function dialogueOf(messages: readonly Message[]): Dialogue {
  const system: string[] = [];
  const turns: [string, string][] = [];
  let question: string | undefined;
  for (const message of messages) {
    const text = textOf(message);
    const last = turns.at(-1);
    if (message.role === "system") system.push(text);
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
