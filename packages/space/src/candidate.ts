import { KINDS, lookAt, takesText, TALKS, type Look } from "./look.ts";
import type { Component, Page, PageFunction } from "./page.ts";
import { isChatbot, isNamed, isState, isText, isTextOutput } from "./role.ts";

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
  /** How much it looks like a chat; of what is a chat not counted is how it is called, and that it streams. */
  readonly likeness: number;
  /** By which the likeliest is taken: with that, and with how it is sent. */
  readonly rank: number;
  /** What its answer looks like. */
  readonly kind: Look["kind"];
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
  return found.toSorted((one, other) => other.rank - one.rank);
}

/**
 * Another one that looks as much like the chat as the best, though it answers in another place or takes the question from another
 * box. Two chats are two, whatever speaks for the one.
 */
export function rivalOf(best: Candidate, candidates: readonly Candidate[]): Candidate | undefined {
  const asked = new Set(textsOf(best));
  return candidates.find((other) => {
    if (answerOf(best) !== answerOf(other)) return best.likeness - other.likeness <= 3;
    const texts = best.rank - other.rank <= 3 && asked.size > 0 ? textsOf(other) : [];
    return texts.length > 0 && !texts.some((one) => asked.has(one));
  });
}

function textsOf({ root, answer }: Candidate): readonly Component[] {
  return [...root.inputs, ...answer.inputs].filter(isText);
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

/** What follows on functions, by their number; what goes on in a chat once it was changed, by the chat. */
type Followers = ReadonlyMap<unknown, readonly PageFunction[]>;

function followersOf({ functions }: Page): Followers {
  const followers = new Map<unknown, PageFunction[]>();
  const add = (key: unknown, one: PageFunction): void => {
    const behind = followers.get(key);
    if (behind === undefined) followers.set(key, [one]);
    else behind.push(one);
  };
  for (const one of functions) {
    if (one.after !== undefined) add(one.after, one);
    for (const { component, event } of one.triggers)
      if (event === "change" && component !== undefined && component === chatOf(one)) add(component, one);
  }
  return followers;
}

/** The chat that a function writes into. */
function chatOf(one: PageFunction, look = lookAt(one)): Component | undefined {
  return look !== undefined && TALKS.has(look.kind) ? one.outputs[look.output] : undefined;
}

/** What sets a chain off, and what the server runs of it, in the order of the page. */
interface Chain {
  readonly root: PageFunction;
  readonly links: readonly PageFunction[];
}

function linksFrom(root: PageFunction, followers: Followers): readonly PageFunction[] {
  const chain: PageFunction[] = [];
  const seen = new Set<PageFunction>();
  const open = [root];
  for (let next = open.pop(); next !== undefined && seen.size < LONGEST_CHAIN; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.isCallable) chain.push(next);
    // The last that is pushed comes first; of a long list only the beginning has room.
    for (const key of [chatOf(next), next.fnIndex])
      open.push(...(followers.get(key)?.slice(0, LONGEST_CHAIN).toReversed() ?? []));
  }
  return chain;
}

/** The candidates in a chain: one at most. */
function candidatesIn(chain: Chain, choice: Choice | undefined): readonly Candidate[] {
  if (choice?.endpoint !== undefined) return chosenIn(chain, choice);
  // A function of text that is called as something else is something else.
  return answersIn(chain).filter(({ answer, root, kind }) => KINDS[kind].rank >= LEAST_CHAT || !isDecoy(answer, root));
}

/** How many functions of text in one chain are looked at, the last of them. */
const MOST_TEXTS = 3;
/** From this rank on a function is a chat by what it takes and gives, whatever it is called. */
const LEAST_CHAT = 78;

/** What answers in a chain: of functions of text all that could. */
function answersIn(chain: Chain): readonly Candidate[] {
  const { links } = chain;
  const looks = links.map(lookAt);
  const at = (index: number): readonly Candidate[] => {
    const look = looks[index];
    return look === undefined ? [] : [candidateAt(chain, index, look)];
  };
  if (looks[0]?.kind === "interface") return at(0);
  const first = links.findIndex(takesText);
  const indexes = [...links.keys()];
  // Before anything was said nothing is answered.
  const chats = links.map((link, index) => (first === -1 || index < first ? undefined : chatOf(link, looks[index])));
  const head = chats.find((chat) => chat !== undefined);
  // What is told in another chat than the question is told beside the answer.
  const talks = head === undefined ? [] : indexes.filter((index) => chats[index] === head);
  // A later link beats one that merely writes the question down, unless only that one streams.
  const streaming = talks.findLast((index) => links[index]?.isGenerator === true);
  const answering = streaming ?? talks.at(-1);
  if (answering !== undefined) return at(answering);
  const ranks = looks.map((look) => (look === undefined || TALKS.has(look.kind) ? 0 : KINDS[look.kind].rank));
  const highest = Math.max(1, ...ranks);
  return indexes
    .filter((index) => ranks[index] === highest)
    .slice(-MOST_TEXTS)
    .flatMap(at);
}

function candidateAt({ root, links }: Chain, index: number, { kind, output }: Look): Candidate {
  const answer = links[index] ?? root;
  const bare = KINDS[kind].rank - (answer.isPublic ? 0 : 24) - (isDecoy(answer, root) ? 30 : 0);
  const named = bare + (answer.isGenerator ? 4 : 0) + (isNamed(answer.name, CHATTY) ? 4 : 0);
  return {
    root,
    // Found where it is asked for: of thousands that are looked at, one is run.
    get before() {
      return feeding(links.slice(0, index), answer);
    },
    answer,
    output,
    likeness: KINDS[kind].rank < LEAST_CHAT ? named : bare,
    rank: named + sentness(root),
    kind,
  };
}

/** The links before an answer that what they write reaches. */
function feeding(before: readonly PageFunction[], answer: PageFunction): readonly PageFunction[] {
  const needed = new Set(answer.inputs);
  return before
    .toReversed()
    .filter(({ inputs, outputs }) => {
      // What is in a State may be changed in place.
      const isFeeding = inputs.some((one) => isState(one) && needed.has(one)) || outputs.some((one) => needed.has(one));
      if (isFeeding) for (const one of inputs) needed.add(one);
      return isFeeding;
    })
    .toReversed();
}

/** What was chosen, if it is in this chain. */
function chosenIn(chain: Chain, { endpoint, answer }: Choice): readonly Candidate[] {
  const { root, links } = chain;
  const index = links.findIndex(({ name, fnIndex }) => [fnIndex, name, name && `/${name}`].includes(endpoint));
  const link = links[index];
  if (link === undefined) return [];
  // The answer may come from what follows on what was chosen.
  if (link === root && isRoot(root) && answer === undefined) {
    const answers = answersIn(chain);
    if (answers.length > 0) return answers.slice(0, 1);
  }
  return [candidateAt(chain, index, lookAt(link) ?? { kind: "chosen", output: plainOutput(link) })];
}

function plainOutput({ outputs }: PageFunction): number {
  const text = outputs.findIndex((one) => isTextOutput(one) || isChatbot(one) || one.type === "json");
  return Math.max(0, text);
}

/** Whether it is called as what is no chat, or what alone sets it off is. */
function isDecoy(answer: PageFunction, { name, triggers }: PageFunction): boolean {
  const buttons = triggers.flatMap(({ component }) => (component?.type === "button" ? [component.label] : []));
  const names = buttons.length === triggers.length ? buttons : [];
  return [answer.name, name, ...names].some((one) => isNamed(one, DECOYS));
}

/** Enter speaks for it more than a button that says so, and that more than another one. */
function sentness({ triggers }: PageFunction): number {
  if (triggers.some(({ event }) => event === "submit")) return 8;
  return triggers.some(({ component }) => isNamed(component?.label, SENDERS)) ? 4 : 0;
}

const CHATTY = /chat|respond|predict|generate|(?:^|_)bot|ask|answer|reply/i;
const SENDERS = /send|submit|\b(?:ask|chat|go|run)\b|envi[ae]|absenden|отправ|发送|提交|傳送|送信|전송|보내기/i;
const DECOYS = new RegExp(
  [
    "(?<![a-z])(?:clear|retry|regenerat|undo|delet|remov|flag(?!ship)|greet|summar|translat|classif|export|sign[ _]?up)",
    "(?<![a-z])log[ _]?in(?![a-z])|(?:^|_)(?:load|like|vote|save|reset|upload)",
    // What is said again, taken back or cleared, as buttons of other languages say it.
    "清[空除屏理]|重[试試新置]|撤[销銷回]|[删刪]除|再生成|再試行|クリア|다시|초기화|지우기|повтор|очист|отмен",
  ].join("|"),
  "i",
);
