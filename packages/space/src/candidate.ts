import type { Component, Page, PageFunction } from "./page.ts";
import { isChatbot, isImage, isJsonHistory, isState, isText, isTextOutput } from "./role.ts";

/** Functions that are run one after the other, the one that answers last. */
export interface Course {
  readonly before: readonly PageFunction[];
  readonly answer: PageFunction;
  /** Which of its outputs holds the answer. */
  readonly output: number;
}

/** A way through an app that may be its chat. */
export interface Candidate extends Course {
  /** What sets it off. */
  readonly root: PageFunction;
  /** How much it looks like a chat. */
  readonly rank: number;
  /** It is the function that a ChatInterface has for programs. */
  readonly isInterface: boolean;
  /** Why it may be the chat, in words. */
  readonly why: string;
}

/** What an endpoint of an app was chosen by, where its caller did. */
export interface Choice {
  readonly endpoint: string | number | undefined;
  readonly answer: number | undefined;
}

/** A chain that is longer is followed no further. */
const LONGEST_CHAIN = 50;

/** The ways through a page that may be its chat, the likeliest first. */
export function candidatesOf(page: Page, choice?: Choice): readonly Candidate[] {
  const followers = followersOf(page);
  // What runs in the page alone may be what others follow.
  const roots = page.functions.filter((one) => (choice?.endpoint === undefined ? isRoot(one) : true));
  const found = roots.flatMap((root) => candidatesIn({ root, links: linksFrom(root, followers) }, choice));
  return withoutTwins(found.toSorted((one, other) => other.rank - one.rank));
}

/** Whether two look as much like the chat as each other, though they answer in different places. */
export function isTie(best: Candidate, other: Candidate): boolean {
  return best.rank - other.rank <= 3 && answerOf(best) !== answerOf(other);
}

/** The component that a candidate answers in. */
export function answerOf({ answer, output }: Candidate): Component | undefined {
  return answer.outputs[output];
}

function isRoot({ triggers }: PageFunction): boolean {
  return triggers.some(
    ({ component, event }) => (event === "submit" || event === "click") && component?.type !== "dataset",
  );
}

function followersOf({ functions }: Page): ReadonlyMap<number, readonly PageFunction[]> {
  const followers = new Map<number, PageFunction[]>();
  for (const one of functions) {
    if (one.after === undefined) continue;
    const behind = followers.get(one.after);
    if (behind === undefined) followers.set(one.after, [one]);
    else behind.push(one);
  }
  return followers;
}

/** What sets a chain off, and what the server runs of it, in the order of the page. */
interface Chain {
  readonly root: PageFunction;
  readonly links: readonly PageFunction[];
}

function linksFrom(
  root: PageFunction,
  followers: ReadonlyMap<number, readonly PageFunction[]>,
): readonly PageFunction[] {
  const chain: PageFunction[] = [];
  const seen = new Set<PageFunction>();
  const open = [root];
  for (let next = open.pop(); next !== undefined && seen.size < LONGEST_CHAIN; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.isCallable) chain.push(next);
    const behind = followers.get(next.fnIndex) ?? [];
    // The last that is pushed comes first; of a long list only the beginning has room.
    open.push(...behind.slice(0, LONGEST_CHAIN).toReversed());
  }
  return chain;
}

/** The candidates in a chain: one at most. */
function candidatesIn(chain: Chain, choice: Choice | undefined): readonly Candidate[] {
  if (choice?.endpoint !== undefined) return chosenIn(chain, choice);
  const looks = chain.links.map(lookAt);
  const index = answeringIn(chain, looks);
  const look = looks[index];
  if (look === undefined) return [];
  const candidate = candidateAt(chain, index, look);
  // A function of text that is called as something else is something else.
  const { rank } = KINDS[look.kind];
  return rank < LEAST_CHAT && candidate.rank < rank - 20 ? [] : [candidate];
}

/** From this rank on a function is a chat by what it takes and gives, whatever it is called. */
const LEAST_CHAT = 78;

/** Which link of a chain answers; -1 where none does. */
function answeringIn({ links }: Chain, looks: readonly (Look | undefined)[]): number {
  if (looks[0]?.kind === "interface") return 0;
  const first = links.findIndex(takesText);
  const indexes = [...links.keys()];
  // Before anything was said nothing is answered.
  const talks = indexes.filter((index) => TALKS.has(looks[index]?.kind) && first !== -1 && index >= first);
  // A later link beats one that merely writes the question down, unless only that one streams.
  const streaming = talks.findLast((index) => links[index]?.isGenerator === true);
  const talking = streaming ?? talks.at(-1);
  if (talking !== undefined) return talking;
  const ranks = looks.map((look) => (look === undefined || TALKS.has(look.kind) ? -1 : KINDS[look.kind].rank));
  const highest = Math.max(...ranks);
  return highest < 0 ? -1 : ranks.indexOf(highest);
}

function candidateAt({ root, links }: Chain, index: number, { kind, output }: Look): Candidate {
  const { rank, why } = KINDS[kind];
  const answer = links[index] ?? root;
  return {
    root,
    before: feeding(links.slice(0, index), answer),
    answer,
    output,
    rank: rank + manner(answer, root),
    isInterface: kind === "interface",
    why,
  };
}

/** The links before an answer whose outputs reach it. */
function feeding(before: readonly PageFunction[], answer: PageFunction): readonly PageFunction[] {
  const needed = new Set(answer.inputs);
  return before
    .toReversed()
    .filter(({ inputs, outputs }) => {
      if (!outputs.some((one) => needed.has(one))) return false;
      for (const one of inputs) needed.add(one);
      return true;
    })
    .toReversed();
}

/** What was chosen, if it is in this chain. */
function chosenIn(chain: Chain, { endpoint, answer }: Choice): readonly Candidate[] {
  const isChosen = ({ name, fnIndex }: PageFunction): boolean =>
    typeof endpoint === "number" ? fnIndex === endpoint : name === endpoint?.replace(/^\//, "");
  const { root, links } = chain;
  const index = links.findIndex(isChosen);
  const link = links[index];
  if (link === undefined) return [];
  // The answer may come from what follows on what was chosen.
  if (link === root && isRoot(root) && answer === undefined) {
    const looks = links.map(lookAt);
    const answering = answeringIn(chain, looks);
    const look = looks[answering];
    if (look !== undefined) return [candidateAt(chain, answering, look)];
  }
  const look: Look = lookAt(link) ?? { kind: "chosen", output: plainOutput(link) };
  return [candidateAt(chain, index, answer === undefined ? look : { ...look, output: answer })];
}

function plainOutput({ outputs }: PageFunction): number {
  const text = outputs.findIndex((one) => isTextOutput(one) || isChatbot(one) || one.type === "json");
  return Math.max(0, text);
}

/** What a function looks like by what it takes and gives: how much that is a chat, and in words. */
const KINDS = {
  interface: { rank: 100, why: "it is what a ChatInterface has for programs" },
  chat: { rank: 90, why: "it takes a text and the chat, and answers in the chat" },
  step: { rank: 88, why: "it answers in the chat behind what takes a text" },
  shown: { rank: 80, why: "it takes a text and answers in a chat" },
  history: { rank: 78, why: "it takes a text and earlier turns, and answers in a text" },
  pictured: { rank: 58, why: "it takes a text and a picture, and answers in a text" },
  text: { rank: 50, why: "it takes a text and answers in one" },
  picture: { rank: 40, why: "it takes a picture and answers in a text" },
  chosen: { rank: 0, why: "it was chosen" },
} satisfies Readonly<Record<string, { readonly rank: number; readonly why: string }>>;

interface Look {
  readonly kind: keyof typeof KINDS;
  readonly output: number;
}

const TALKS: ReadonlySet<string | undefined> = new Set<Look["kind"]>(["chat", "step", "shown"]);

function lookAt(one: PageFunction): Look | undefined {
  const { inputs, outputs } = one;
  const forPrograms = answerForPrograms(one);
  if (forPrograms !== -1) return { kind: "interface", output: forPrograms };
  const hasText = takesText(one);
  const chatbot = inputs.find(isChatbot);
  const shown = outputs.findIndex((output) => (chatbot === undefined ? isChatbot(output) : output === chatbot));
  const output = shown === -1 ? outputs.findIndex(isChatbot) : shown;
  if (output !== -1) {
    if (hasText) return { kind: chatbot === undefined ? "shown" : "chat", output };
    return inputs.some((input) => isChatbot(input) || isState(input)) ? { kind: "step", output } : undefined;
  }
  if (outputs.filter(isTextOutput).length !== 1) return undefined;
  const text = outputs.findIndex(isTextOutput);
  if (hasText && inputs.some(isJsonHistory)) return { kind: "history", output: text };
  if (hasText) return { kind: inputs.some(isImage) ? "pictured" : "text", output: text };
  return inputs.length === 1 && inputs.every(isImage) ? { kind: "picture", output: text } : undefined;
}

/**
 * Where the answer stands of what a ChatInterface has for programs, behind a button that nobody sees: a message and a State in,
 * the answer and that State out.
 */
function answerForPrograms(one: PageFunction): number {
  const { inputs, outputs, triggers } = one;
  if (!takesText(one) || memoryOf(one) === undefined || outputs.some(isChatbot)) return -1;
  const json = outputs.findIndex(({ type }) => type === "json");
  if (json !== -1) return json;
  const isHidden = triggers.some(({ component, event }) => event === "click" && component?.isVisible !== true);
  if (!isHidden) return -1;
  const text = outputs.findIndex((output) => isTextOutput(output) && !inputs.includes(output));
  // Before 4.44 it answers in its own text box.
  return text === -1 ? outputs.findIndex((output) => isText(output)) : text;
}

/** The State that a function reads and writes. */
export function memoryOf({ inputs, outputs }: PageFunction): Component | undefined {
  return inputs.find((input) => isState(input) && outputs.includes(input));
}

function takesText({ inputs }: PageFunction): boolean {
  return inputs.some(isText);
}

/** What a function is called, and who may call it. */
function manner(answer: PageFunction, root: PageFunction): number {
  const named = nameRank(answer.name) + (root === answer ? 0 : Math.min(0, nameRank(root.name)));
  const buttons = root.triggers.filter(({ component }) => component?.type === "button");
  const isDecoy =
    buttons.length === root.triggers.length && buttons.some(({ component }) => isDecoyName(component?.label));
  return (answer.isPublic ? 4 : -20) + (answer.isGenerator ? 4 : 0) + named - (isDecoy ? 30 : 0);
}

function nameRank(name: string | undefined): number {
  if (name === undefined) return 0;
  if (isDecoyName(name)) return -30;
  return CHATTY.test(name) ? 4 : 0;
}

function isDecoyName(name: string | undefined): boolean {
  return name !== undefined && name.length < 200 && DECOYS.test(name);
}

const CHATTY = /chat|respond|predict|generate|(?:^|_)bot|ask|answer|reply/i;
const DECOYS =
  /clear|retry|regenerat|undo|delete|remove|flag|greet|summar|translat|classif|export|(?:^|_)(?:load|like|vote|save|reset|upload)|log ?in|sign ?up|清空|清除|重试|撤销|删除/i;

/** Without functions that are bound twice: they take and give the same. */
function withoutTwins(candidates: readonly Candidate[]): readonly Candidate[] {
  const seen = new Set<string>();
  return candidates.filter(({ before, answer, output }) => {
    const key = [...before, answer].map(({ inputs, outputs }) => `${ids(inputs)}>${ids(outputs)}`).join(";");
    const twin = `${key}@${output}`;
    if (seen.has(twin)) return false;
    seen.add(twin);
    return true;
  });
}

function ids(components: readonly Component[]): string {
  return components.map(({ id }) => String(id)).join();
}
