import { segmentsOf, wordsOf, type Segment } from "./answer-value.ts";
import { list, record } from "./page.ts";

/** The last turn of a chat of pairs or of messages. */
interface Turn {
  /** Where its question stands, and what that says: a chat may have none. */
  readonly at: number;
  readonly question: string | undefined;
  /** What stands behind it: what each pair or message there says that says anything. */
  readonly answers: readonly (readonly Segment[])[];
}

function lastTurnOf(chat: readonly unknown[]): Turn {
  const at = chat.findLastIndex((one) => questionIn(one) !== undefined);
  const from = Array.isArray(chat[at]) ? at : at + 1;
  const answers = chat.slice(from).map((one, index) => answerIn(one, [from + index]));
  const question = at === -1 ? undefined : wordsOf(segmentsOf(questionIn(chat[at]), []));
  return { at, question, answers: answers.filter(({ length }) => length > 0) };
}

/** What a pair or a message asks, if it does. */
function questionIn(entry: unknown): unknown {
  if (Array.isArray(entry)) return (entry[0] ?? "") === "" ? undefined : entry[0];
  const { role, content } = record(entry);
  return role === "user" ? (content ?? "") : undefined;
}

function answerIn(entry: unknown, path: readonly [index: number]): readonly Segment[] {
  return Array.isArray(entry) ? segmentsOf(entry[1], [...path, 1]) : segmentsOf(entry, path);
}

/** So many of the last are enough to know a chat by. */
const MOST_COMPARED = 10;

/** A chat as it was when a question was asked: what comes is told from what had been said before. */
export class ChatBefore {
  readonly #chat: readonly unknown[];
  readonly #asked: string;
  readonly #turn: Turn;
  /** The words of that turn's answers, and of the last pairs or messages of the chat. */
  readonly #answers: readonly string[];
  readonly #last: readonly string[];
  /** How much was read of the chat that was looked at last, in entries and characters. */
  compared = 0;

  /** `asked`: the question, as its input holds it. */
  constructor(chat: unknown, asked: unknown) {
    this.#chat = list(chat);
    this.#asked = wordsOf(segmentsOf(asked, []));
    this.#turn = lastTurnOf(this.#chat);
    this.#answers = this.#turn.answers.map(wordsOf);
    this.#last = this.#chat.slice(-MOST_COMPARED).map((one) => this.#wordsIn(one));
  }

  /**
   * What a chat says to the question, in order: what its last turn says, without what that said before.
   *
   * `isKnown`: it is no old chat on its way to a new one, as it is the last, or something new was there already.
   */
  saidIn(chat: readonly unknown[], isKnown: boolean): readonly Segment[] {
    this.compared = chat.length;
    const turn = lastTurnOf(chat);
    return turn.answers.slice(this.#oldIn(chat, turn, isKnown)).flat();
  }

  /** How many of a turn's answers were there before. */
  #oldIn(chat: readonly unknown[], turn: Turn, isKnown: boolean): number {
    const [now, before] = [turn.answers.length, this.#answers.length];
    if (!isKnown && this.#endsWith(chat)) return now;
    if (this.#chat.length === 0 || turn.question !== this.#turn.question) return 0;
    if (turn.question === undefined || turn.question !== this.#asked) {
      // It is the turn before, behind which an app goes on that does not write the question down, or has not yet.
      const isChanged = !this.#begins(turn) && (turn.question === undefined || now <= before);
      return isChanged ? 0 : before;
    }
    // The same question once more: a turn behind those that were there, or the one that an app keeps alone.
    if (turn.at >= this.#chat.length || !this.#isBeginningOf(chat)) return 0;
    if (now > before) return before;
    // That one may be answered as before. What no function wrote is no answer.
    const isOneTurn = this.#chat.findIndex((one) => questionIn(one) !== undefined) === this.#turn.at;
    return isOneTurn && chat !== this.#chat ? 0 : now;
  }

  /** Whether a turn begins as the last one did, as far as it goes. */
  #begins({ answers }: Turn): boolean {
    return answers.slice(0, this.#answers.length).every((one, index) => this.#read(one) === this.#answers[index]);
  }

  /** Whether a chat has all that was there. */
  #isBeginningOf(chat: readonly unknown[]): boolean {
    const from = this.#chat.length - this.#last.length;
    return this.#last.every((one, index) => this.#wordsIn(chat[from + index]) === one);
  }

  /** Whether it ended with what is all of a chat now. */
  #endsWith(chat: readonly unknown[]): boolean {
    const last = this.#last.slice(-chat.length);
    return (
      chat.length <= this.#chat.length &&
      last.every((one, index) => this.#wordsIn(chat.at(index - last.length)) === one)
    );
  }

  #wordsIn(entry: unknown): string {
    return `${this.#read(segmentsOf(questionIn(entry), []))}: ${this.#read(answerIn(entry, [0]))}`;
  }

  #read(said: readonly Segment[]): string {
    const words = wordsOf(said);
    this.compared += words.length + said.length;
    return words;
  }
}
