import { segmentsOf, textIn, wordsIn, type Reading, type Segment } from "./answer-value.ts";
import { list, record } from "./page.ts";

/** The last turn of a chat of pairs or of messages. */
interface Turn {
  /** Where its question stands: a chat may have none. */
  readonly at: number;
  /** What stands behind it: what each pair or message there says that says anything. */
  readonly answers: readonly (readonly Segment[])[];
}

/** What a pair or a message asks, if it does. */
function questionIn(entry: unknown): unknown {
  if (Array.isArray(entry)) return (entry[0] ?? "") === "" ? undefined : entry[0];
  const { role, content } = record(entry);
  return role === "user" ? (content ?? "") : undefined;
}

/** So many of the last are enough to know a chat by. */
const MOST_COMPARED = 10;

/** A chat as it was when a question was asked: what comes is told from what had been said before. */
export class ChatBefore {
  readonly #chat: readonly unknown[];
  readonly #reading: Reading;
  readonly #asked: string;
  /** Its last turn: where it stands, and the words of its question and of each answer. */
  readonly #at: number;
  readonly #question: string | undefined;
  readonly #answers: readonly string[];
  /** The words of its last pairs or messages. */
  readonly #last: readonly string[];
  /** The question that was read last, as it stands there. */
  #read = { text: "", words: "" };
  /** Where the turn stands that is this question's, once that is known, and how many of its answers were there before. */
  #answered: { readonly at: number; readonly old: number } | undefined;

  /** `asked`: the question, as its input holds it. */
  constructor(chat: unknown, asked: unknown, reading: Reading) {
    this.#reading = reading;
    this.#chat = list(chat);
    this.#asked = this.#wordsOf(segmentsOf(asked, [], reading));
    const { at, answers } = this.#lastTurnOf(this.#chat);
    this.#at = at;
    this.#question = this.#questionOf(this.#chat, at);
    this.#answers = answers.map((one) => this.#wordsOf(one));
    this.#last = this.#chat.slice(-MOST_COMPARED).map((one) => this.#entryOf(one));
  }

  /** What a chat says to the question, in order: what its last turn says, without what that said before. */
  saidIn(chat: readonly unknown[], { final }: { readonly final: boolean }): readonly Segment[] {
    const turn = this.#turnIn(chat);
    const old = this.#oldIn(chat, turn, final);
    const said = turn.answers.slice(old).flat();
    if (said.length > 0) this.#answered = { at: turn.at, old };
    return said;
  }

  /** How many of a turn's answers were there before. */
  #oldIn(chat: readonly unknown[], { at, answers }: Turn, final: boolean): number {
    if (this.#chat.length === 0) return 0;
    const { length } = this.#chat;
    const [now, before] = [answers.length, this.#answers.length];
    const question = this.#questionOf(chat, at);
    const isAsked = question === this.#asked;
    // As long as nothing stands behind the question, it is known which turn is its own.
    if (isAsked && now === 0) this.#answered = { at, old: 0 };
    // What is told of a turn is not an old one because it comes to have the same words.
    if (this.#answered?.at === at && (isAsked || question === undefined)) return this.#answered.old;
    // What is all old may be on its way to something new.
    if (!final && chat.length <= length && this.#endsAs(chat)) return now;
    if (question !== this.#question) return 0;
    const hasAll = (): boolean => chat.length >= length && this.#endsAs(chat.slice(0, length));
    // A turn behind those that were there, in whatever words its app writes the question down.
    if (at >= length && (isAsked || hasAll())) return 0;
    if (!isAsked) {
      // It is the turn before, behind which an app goes on that does not write the question down, or has not yet.
      const isOther = (question === undefined || now <= before) && !this.#isBeginningOf(answers);
      return isOther ? 0 : before;
    }
    // The same question once more, of which an app keeps the turn alone.
    if (!hasAll()) return 0;
    if (now > before) return before;
    // That one may be answered as before. What no function wrote is no answer.
    return this.#at === 0 && this.#answered === undefined && chat !== this.#chat ? 0 : now;
  }

  /** Whether the last turn's answers are these, as far as they go. */
  #isBeginningOf(answers: Turn["answers"]): boolean {
    return answers.slice(0, this.#answers.length).every((one, index) => this.#wordsOf(one) === this.#answers[index]);
  }

  /** Whether what was there ends with all of a chat, or as that does. */
  #endsAs(chat: readonly unknown[]): boolean {
    const last = this.#last.slice(-chat.length);
    return last.every((one, index) => this.#entryOf(chat.at(index - last.length)) === one);
  }

  /** The last turn; or the question's own, where a question stands behind its answer that nobody asked. */
  #turnIn(chat: readonly unknown[]): Turn {
    const last = this.#lastTurnOf(chat);
    if (last.answers.length > 0 || last.at <= this.#chat.length) return last;
    const before = this.#lastTurnOf(chat.slice(0, last.at));
    if (before.at < this.#chat.length || this.#questionOf(chat, before.at) !== this.#asked) return last;
    // Asked once more, it is the question, unless the one before was answered just now.
    const isOther = this.#answered?.at === before.at || this.#questionOf(chat, last.at) !== this.#asked;
    return isOther ? before : last;
  }

  #lastTurnOf(chat: readonly unknown[]): Turn {
    this.#reading.cost += chat.length;
    const at = chat.findLastIndex((one) => questionIn(one) !== undefined);
    const from = Array.isArray(chat[at]) ? at : at + 1;
    const answers = chat.slice(from).map((one, index) => this.#answerIn(one, from + index));
    return { at, answers: answers.filter(({ length }) => length > 0) };
  }

  #answerIn(entry: unknown, at = 0): readonly Segment[] {
    return Array.isArray(entry) ? segmentsOf(entry[1], [at, 1], this.#reading) : segmentsOf(entry, [at], this.#reading);
  }

  #questionOf(chat: readonly unknown[], at: number): string | undefined {
    if (at === -1) return undefined;
    const text = textIn(segmentsOf(questionIn(chat[at]), [], this.#reading));
    // It stays the same while its answer grows.
    if (text !== this.#read.text) this.#read = { text, words: this.#wordsIn(text) };
    return this.#read.words;
  }

  #entryOf(entry: unknown): string {
    const asked = segmentsOf(questionIn(entry), [], this.#reading);
    return `${this.#wordsOf(asked)}: ${this.#wordsOf(this.#answerIn(entry))}`;
  }

  #wordsOf(said: readonly Segment[]): string {
    return this.#wordsIn(textIn(said));
  }

  #wordsIn(text: string): string {
    this.#reading.cost += text.length;
    return wordsIn(text);
  }
}
