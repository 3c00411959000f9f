import { KINDS, lookAt, takesText, TALKS, type Look } from "./look.ts";
import type { Component, Page, PageFunction } from "./page.ts";
import { isChatbot, isTextOutput } from "./role.ts";

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
  /** Enter sets it off, or a button that says so. */
  readonly isSent: boolean;
  /** It is the function that a ChatInterface has for programs. */
  readonly isInterface: boolean;
  /** Why it may be the chat, in words. */
  readonly why: string;
  /** The links up to the one that answers. */
  readonly links: readonly PageFunction[];
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
  return withoutTwins(
    found.toSorted((one, other) => other.rank - one.rank || Number(other.isSent) - Number(one.isSent)),
  );
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
  const talking = indexes.filter((index) => TALKS.has(looks[index]?.kind) && first !== -1 && index >= first);
  const chatOf = (index: number): Component | undefined => links[index]?.outputs[looks[index]?.output ?? -1];
  const [head = -1] = talking;
  // What is told in another chat than the question is told beside the answer.
  const talks = talking.filter((index) => chatOf(index) === chatOf(head));
  // A later link beats one that merely writes the question down, unless only that one streams.
  const streaming = talks.findLast((index) => links[index]?.isGenerator === true);
  const answering = streaming ?? talks.at(-1);
  if (answering !== undefined) return answering;
  const ranks = looks.map((look) => (look === undefined || TALKS.has(look.kind) ? -1 : KINDS[look.kind].rank));
  const highest = Math.max(...ranks);
  return highest < 0 ? -1 : ranks.indexOf(highest);
}

function candidateAt({ root, links }: Chain, index: number, { kind, output }: Look): Candidate {
  const { rank, why } = KINDS[kind];
  const answer = links[index] ?? root;
  return {
    root,
    links: links.slice(0, index + 1),
    // Found where it is asked for: of thousands that are looked at, one is run.
    get before() {
      return feeding(links.slice(0, index), answer);
    },
    answer,
    output,
    rank: rank + manner(answer, root),
    isSent: isSent(root),
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

/** What a function is called, and who may call it. */
function manner(answer: PageFunction, root: PageFunction): number {
  const named = nameRank(answer.name) + (root === answer ? 0 : Math.min(0, nameRank(root.name)));
  const buttons = root.triggers.filter(({ component }) => component?.type === "button");
  const isDecoy =
    buttons.length === root.triggers.length && buttons.some(({ component }) => isCalled(component?.label, DECOYS));
  return (answer.isPublic ? 4 : -20) + (answer.isGenerator ? 4 : 0) + named - (isDecoy ? 30 : 0);
}

function isSent({ triggers }: PageFunction): boolean {
  return triggers.some(({ component, event }) => event === "submit" || isCalled(component?.label, SENDERS));
}

function nameRank(name: string | undefined): number {
  if (isCalled(name, DECOYS)) return -30;
  return isCalled(name, CHATTY) ? 4 : 0;
}

function isCalled(name: string | undefined, pattern: RegExp): boolean {
  return name !== undefined && name.length < LONGEST_NAME && pattern.test(name);
}

/** What is longer is no name. */
const LONGEST_NAME = 200;
const CHATTY = /chat|respond|predict|generate|(?:^|_)bot|ask|answer|reply/i;
const SENDERS = /send|submit|\b(?:ask|chat|go|run)\b|envi[ae]|absenden|отправ|发送|提交|傳送|送信|전송|보내기/i;
const DECOYS = new RegExp(
  [
    "(?<![a-z])(?:clear|retry|regenerat|undo|delet|remov|flag(?!ship)|greet|summar|translat|classif|export|sign[ _]?up)",
    "(?<![a-z])log[ _]?in(?![a-z])|(?:^|_)(?:load|like|vote|save|reset|upload)",
    // What is said again, taken back or cleared, as buttons of other languages say it.
    "清[空除屏理]|重[试試新置]|撤[销銷回]|[删刪]除|再生成|再試行|クリア|다시|초기화|지우기|повтор|очист|сброс|отмен",
    "reintent|limpiar|borrar|deshacer|réessay|effacer|vider|annuler|wiederhol|löschen|zurück|limpar|apagar|refazer",
  ].join("|"),
  "i",
);

/** Without functions that are bound twice: they take and give the same. */
function withoutTwins(candidates: readonly Candidate[]): readonly Candidate[] {
  const numbers = new Map<string, number>();
  const numberOf = new Map<PageFunction, number>();
  for (const one of new Set(candidates.flatMap(({ links }) => links))) {
    const slots = `${ids(one.inputs)}>${ids(one.outputs)}`;
    const number = numbers.get(slots) ?? numbers.size;
    numbers.set(slots, number);
    numberOf.set(one, number);
  }
  const seen = new Set<string>();
  return candidates.filter(({ links, output }) => {
    const twin = `${links.map((one) => numberOf.get(one)).join(";")}@${output}`;
    if (seen.has(twin)) return false;
    seen.add(twin);
    return true;
  });
}

function ids(components: readonly Component[]): string {
  return components.map(({ id }) => String(id)).join();
}
