import { AppendOnlyText, TextRewrittenError } from "#core";

import type { ProviderPart } from "../part.ts";
import { TextPrint } from "../text-print.ts";
import type { Said } from "./answer-reader.ts";
import type { WrittenCall } from "./tool-call-text.ts";

/** Calls beyond this are passed on before the answer is whole. In characters, with a hundred for each. */
const MOST_HELD = 1024 * 1024;

/**
 * What of an answer was passed on: it makes parts of what is said, also where the provider rewrites that.
 *
 * Nobody can take a call back, so they are held until the answer is whole. Nor what was thought: of a thought that is changed the words are
 * left as they were passed on, as far as it does not go on where those end.
 */
export class Shown {
  readonly #push: (part: ProviderPart) => void;
  /** Of its text, which is not kept: a long answer may wait for nobody. */
  #print = new TextPrint();
  #length = 0;
  readonly #thought = new AppendOnlyText();
  readonly #calls: WrittenCall[] = [];
  #heldCalls: WrittenCall[] = [];
  #heldSize = 0;
  #isThinking = false;
  #isRethought = false;
  #hasOthers = false;
  #hasPassedCalls = false;

  constructor(push: (part: ProviderPart) => void) {
    this.#push = push;
  }

  get hasCalls(): boolean {
    return this.#hasPassedCalls || this.#calls.length + this.#heldCalls.length > 0;
  }

  /** Whether anything was answered that is no text of the provider's: a file, thought in a channel of its own. */
  get hasOthers(): boolean {
    return this.#hasOthers;
  }

  /** Whether something that was thought was changed behind its passing on. */
  get isRethought(): boolean {
    return this.#isRethought;
  }

  /** A part that is passed on as it is. */
  pass(part: ProviderPart): void {
    this.#hasPassedCalls ||= part.type === "tool-call";
    this.#hasOthers ||= part.type !== "source" && part.type !== "reasoning-end";
    this.#push(part);
  }

  /** More was said. */
  add(said: readonly Said[]): void {
    for (const one of said) {
      switch (one.type) {
        case "thought":
          this.#pushThought(this.#thought.append(one.text));
          break;
        case "thought-end":
          this.endThought();
          break;
        case "text":
          this.#print.add(one.text);
          this.#length += one.text.length;
          this.#push({ type: "text-delta", text: one.text });
          break;
        case "call":
          this.#hold(one.call);
          break;
      }
    }
  }

  /**
   * All that was said so far is this, read in the text `whole`. Throws `text_rewritten` where a call that was passed on is no
   * longer among it.
   */
  replace(said: readonly Said[], whole: string): void {
    const calls = said.flatMap((one) => (one.type === "call" ? [one.call] : []));
    for (const [index, { toolName, input }] of this.#calls.entries()) {
      const now = calls[index];
      if (now?.toolName !== toolName || now.input !== input) throw new TextRewrittenError(whole);
    }
    this.#pushThought(this.#thought.replace(joined(said, "thought")));
    // Also where what is said follows on no thought any more.
    if (said.some(({ type }) => type !== "thought")) this.endThought();
    this.say(joined(said, "text"));
    this.#heldCalls = [];
    this.#heldSize = 0;
    for (const call of calls.slice(this.#calls.length)) this.#hold(call);
  }

  /** What is thought is whole. */
  endThought(): void {
    this.#pushThought(this.#restOfThought());
    if (this.#isThinking) this.#push({ type: "reasoning-end" });
    this.#isThinking = false;
  }

  /** Calls are whole: none of them is going to change. */
  endCalls(): void {
    for (const call of this.#heldCalls) {
      this.#calls.push(call);
      this.#push({ type: "tool-call", toolCallId: callId(), ...call });
    }
    this.#heldCalls = [];
    this.#heldSize = 0;
  }

  /** All that is said is this. */
  say(text: string): void {
    const before = { print: this.#print, length: this.#length };
    const print = new TextPrint();
    print.add(text.slice(0, before.length));
    const goesOn = text.length >= before.length && print.isSameAs(before.print);
    const more = text.slice(before.length);
    if (goesOn && more === "") return;
    print.add(more);
    this.#print = print;
    this.#length = text.length;
    this.#push(goesOn ? { type: "text-delta", text: more } : { type: "text-replace", text });
  }

  #pushThought(text: string): void {
    if (text === "") return;
    this.#isThinking = true;
    this.#push({ type: "reasoning-delta", text });
  }

  #restOfThought(): string {
    try {
      return this.#thought.end();
    } catch {
      this.#isRethought = true;
      return "";
    }
  }

  #hold(call: WrittenCall): void {
    this.#heldCalls.push(call);
    this.#heldSize += call.toolName.length + call.input.length + 100;
    if (this.#heldSize > MOST_HELD) this.endCalls();
  }
}

function joined(said: readonly Said[], type: "thought" | "text"): string {
  let text = "";
  for (const one of said) if (one.type === type) text += one.text;
  return text;
}

/** Unlike that of any other call of a chat, which may go on in another process. */
function callId(): string {
  const half = (): string => Math.random().toString(36).slice(2, 12).padEnd(10, "0");
  return `call_${half()}${half()}`;
}
