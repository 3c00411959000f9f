import type { Component, PageFunction } from "./page.ts";
import { isChatbot, isImage, isJsonHistory, isState, isText, isTextOutput, systemLikeness } from "./role.ts";

/** What a function looks like by what it takes and gives: how much that is a chat, and in words. */
export const KINDS = {
  interface: { rank: 110, why: "it is what a ChatInterface has for programs" },
  chat: { rank: 90, why: "it takes a text and the chat, and answers in the chat" },
  step: { rank: 88, why: "it answers in the chat behind what takes a text" },
  shown: { rank: 80, why: "it takes a text and answers in a chat" },
  history: { rank: 78, why: "it takes a text and earlier turns, and answers in a text" },
  pictured: { rank: 58, why: "it takes a text and a picture, and answers in a text" },
  text: { rank: 50, why: "it takes a text and answers in one" },
  picture: { rank: 40, why: "it takes a picture and answers in a text" },
  chosen: { rank: 0, why: "it was chosen" },
} satisfies Readonly<Record<string, { readonly rank: number; readonly why: string }>>;

/** What a function looks like. */
export interface Look {
  readonly kind: keyof typeof KINDS;
  readonly output: number;
}

/** The kinds that answer in a chat. */
export const TALKS: ReadonlySet<string | undefined> = new Set<Look["kind"]>(["chat", "step", "shown"]);

/** One function is a link of many chains. */
function remembered<Value>(of: (one: PageFunction) => Value): (one: PageFunction) => Value {
  const known = new WeakMap<PageFunction, readonly [Value]>();
  return (one) => {
    const found = known.get(one) ?? ([of(one)] as const);
    known.set(one, found);
    return found[0];
  };
}

/** What a function looks like; `undefined` where it is nothing like a chat. */
export const lookAt = /* @__PURE__ */ remembered(newLookAt);

/** Whether a person types a question into any of its inputs. */
export const takesText = /* @__PURE__ */ remembered(({ inputs }) =>
  inputs.some((input) => isText(input) && systemLikeness(input) < 1),
);

function newLookAt(one: PageFunction): Look | undefined {
  const { inputs, outputs } = one;
  const forPrograms = answerForPrograms(one);
  if (forPrograms !== -1) return { kind: "interface", output: forPrograms };
  const hasText = takesText(one);
  const chats = new Set(inputs.filter(isChatbot));
  // Of several chats the one that is read and written is the one that goes on.
  const kept = outputs.findIndex((output) => chats.has(output));
  const output = kept === -1 ? outputs.findIndex(isChatbot) : kept;
  if (output !== -1) {
    if (hasText) return { kind: chats.size === 0 ? "shown" : "chat", output };
    return chats.size > 0 || inputs.some(isState) ? { kind: "step", output } : undefined;
  }
  const text = onlyText(one);
  if (text === undefined) return undefined;
  if (hasText && inputs.some(isJsonHistory)) return { kind: "history", output: text };
  if (hasText) return { kind: inputs.some(isImage) ? "pictured" : "text", output: text };
  return inputs.length === 1 && inputs.every(isImage) ? { kind: "picture", output: text } : undefined;
}

/** Which output alone shows a text. A box that is an input as well does not: a page empties what it has sent. */
function onlyText({ inputs, outputs }: PageFunction): number | undefined {
  const taken = new Set(inputs);
  const texts = outputs.flatMap((output, index) => (isTextOutput(output) ? [{ output, index }] : []));
  const given = texts.filter(({ output }) => !taken.has(output));
  // What alone it gives is written anew.
  const [text, ...more] = given.length > 0 || outputs.length > 1 ? given : texts;
  return more.length > 0 ? undefined : text?.index;
}

/**
 * Where the answer stands of what a ChatInterface has for programs, behind a button that nobody sees: a message and a State in,
 * the answer and that State out.
 */
function answerForPrograms(one: PageFunction): number {
  const { inputs, outputs, triggers } = one;
  const isHidden = triggers.some(({ component, event }) => event === "click" && component?.isVisible !== true);
  // What a page does for itself behind such a button has its text in a box that nobody sees either.
  const isAsked = isHidden && inputs.some((input) => isText(input) && input.isVisible);
  if (!isAsked || memoryOf(one) === undefined || outputs.some(isChatbot)) return -1;
  const json = outputs.findIndex(({ type }) => type === "json");
  if (json !== -1) return json;
  const taken = new Set(inputs);
  const text = outputs.findIndex((output) => isTextOutput(output) && !taken.has(output));
  // Before 4.44 it answers in its own text box.
  return text === -1 ? outputs.findIndex((output) => isText(output)) : text;
}

/** The State that a function reads and writes. */
export function memoryOf({ inputs, outputs }: PageFunction): Component | undefined {
  const given = new Set(outputs);
  return inputs.find((input) => isState(input) && given.has(input));
}
