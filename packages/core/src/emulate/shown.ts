import { AppendOnlyText, GrowingText, TextRewrittenError } from "#core";

import type { ProviderPart } from "../part.ts";
import type { Said } from "./answer-reader.ts";
import type { WrittenCall } from "./tool-call-text.ts";

/** What of an answer was passed on: it makes parts of what is said, also where the provider rewrites that. */
export class Shown {
  readonly #push: (part: ProviderPart) => void;
  readonly #text = new GrowingText();
  readonly #thought = new AppendOnlyText();
  readonly #calls: WrittenCall[] = [];
  #isThinking = false;

  constructor(push: (part: ProviderPart) => void) {
    this.#push = push;
  }

  get text(): string {
    return this.#text.whole();
  }

  get hasCalls(): boolean {
    return this.#calls.length > 0;
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
          this.#text.append(one.text);
          this.#push({ type: "text-delta", text: one.text });
          break;
        case "call":
          this.#pushCall(one.call);
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
    const thought = joined(said, "thought");
    if (thought !== "" || this.#isThinking) this.#pushThought(this.#thought.replace(thought));
    if (said.some(({ type }) => type === "thought-end")) this.endThought();
    this.#restate(joined(said, "text"));
    for (const call of calls.slice(this.#calls.length)) this.#pushCall(call);
  }

  /** What is thought is whole. Throws `text_rewritten` where what was passed on of it is not its beginning. */
  endThought(): void {
    const held = this.#thought.end();
    this.#pushThought(held);
    if (this.#isThinking) this.#push({ type: "reasoning-end" });
    this.#isThinking = false;
  }

  #restate(text: string): void {
    const before = this.#text.whole();
    if (text === before) return;
    this.#text.replace(text);
    if (text.startsWith(before)) this.#push({ type: "text-delta", text: text.slice(before.length) });
    else this.#push({ type: "text-replace", text });
  }

  #pushThought(text: string): void {
    if (text === "") return;
    this.#isThinking = true;
    this.#push({ type: "reasoning-delta", text });
  }

  #pushCall(call: WrittenCall): void {
    this.#calls.push(call);
    this.#push({ type: "tool-call", toolCallId: callId(), ...call });
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
