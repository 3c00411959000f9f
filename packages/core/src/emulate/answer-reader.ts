import { GrowingText, InvalidOutputError, isBlank, wordsBehindThought } from "#core";
import { ThoughtSplit, type ThoughtSink } from "../thought-split.ts";

import { JsonCut } from "./json-cut.ts";
import { openCallIn } from "./tool-block.ts";
import { ToolCallParser, type ToolCallSink } from "./tool-call-parser.ts";
import type { WrittenCall } from "./tool-call-text.ts";

/** What is to be read in the text of an answer. */
export interface Reads {
  /** Calls of tools: `one` is the first one at most. */
  readonly tools: "none" | "one" | "many";
  /** The answer is JSON, and what stands around it is left out. */
  readonly json: boolean;
  readonly reasoning: boolean | "open";
  /** What the answer goes on behind: no words of it are said again. Empty where that is nothing. */
  readonly beginning: string;
}

/** A piece of what the text of an answer says. */
export type Said =
  | { readonly type: "thought"; readonly text: string }
  | { readonly type: "thought-end" }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "call"; readonly call: WrittenCall };

/** A block that was meant as a call. */
export interface UnreadableCall {
  /** As it stands in the answer. */
  readonly block: string;
  readonly why: string;
}

/** What is withheld behind a call that could not be read is given up beyond this. In characters. */
const MOST_WITHHELD = 1024 * 1024;
/** An answer that is to be JSON is no longer, with what stands around that: it is kept until it is whole. In characters. */
const MOST_KEPT = 64 * 1024 * 1024;

/**
 * Reads the text of one answer, piece by piece: what is thought, what is said, and the calls of tools.
 *
 * Behind a call that could not be read the text is withheld: asked again, the model may write a better one.
 */
export class AnswerReader implements ThoughtSink, ToolCallSink {
  readonly #reads: Reads;
  readonly #split: ThoughtSplit;
  readonly #tools: ToolCallParser | undefined;
  readonly #json: JsonCut | undefined;
  readonly #withheld = new GrowingText();
  readonly #uncut = new GrowingText();
  #said: Said[] = [];
  #failed: UnreadableCall | undefined;
  #calls = 0;
  #lost = false;
  #stopped = false;
  #isBlank = true;
  /** So much of the text that comes next is of the beginning. */
  #given = 0;

  constructor(reads: Reads) {
    const { tools, json, reasoning, beginning } = reads;
    const words = wordsBehindThought(beginning);
    this.#reads = reads;
    this.#split = new ThoughtSplit(this, {
      open: reasoning === "open",
      verbatim: reasoning === false,
      behind: beginning,
    });
    this.#json = json ? new JsonCut(words) : undefined;
    if (tools === "none") return;
    this.#tools = new ToolCallParser(this);
    this.#begin(openCallIn(words), this.#tools);
  }

  /** The first call that could not be read, as long as no call could. */
  get failed(): UnreadableCall | undefined {
    return this.#failed;
  }

  /** Whether a call was left out because it could not be read. */
  get lost(): boolean {
    return this.#lost;
  }

  get calls(): number {
    return this.#calls;
  }

  /** Of an answer that is to be JSON: what stands in it, thought and calls aside. */
  get uncut(): string {
    return this.#uncut.whole();
  }

  /** Whether nothing came but white space. */
  get isBlank(): boolean {
    return this.#isBlank;
  }

  /** Whether what follows is of no use. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Throws a `TypeError` for what is no text: what a careless provider gives is not to become words. */
  feed(text: string): void {
    if (typeof text !== "string") throw new TypeError("The text of a part must be a string.");
    this.#isBlank &&= isBlank(text);
    this.#split.feed(text);
  }

  /** The answer is whole. */
  end(): void {
    this.#split.end();
    this.#tools?.end();
  }

  /** What was read since the last time. */
  take(): readonly Said[] {
    const said = this.#said;
    this.#said = [];
    return said;
  }

  /** Gives what is withheld as text after all. */
  release(): void {
    this.#failed = undefined;
    const text = this.#withheld.whole();
    this.#withheld.replace("");
    this.#sayText(text);
  }

  thought(text: string): void {
    if (this.#reads.reasoning !== false) this.#said.push({ type: "thought", text });
    // Without a channel of its own it is text, in which no call is looked for; JSON it is not.
    else if (this.#json === undefined) this.#sayText(text);
  }

  thoughtEnd(): void {
    if (this.#reads.reasoning !== false) this.#said.push({ type: "thought-end" });
  }

  words(text: string): void {
    if (this.#tools === undefined) this.text(text);
    else this.#tools.feed(text);
  }

  text(text: string): void {
    const own = text.slice(this.#given);
    this.#given = Math.max(0, this.#given - text.length);
    if (this.#failed === undefined) this.#sayText(own);
    else {
      this.#withheld.append(own);
      if (this.#withheld.length > MOST_WITHHELD) this.release();
    }
  }

  call(call: WrittenCall): void {
    if (this.#reads.tools === "one" && this.#calls > 0) return;
    this.release();
    this.#calls++;
    this.#said.push({ type: "call", call });
    if (this.#reads.tools === "one") this.#stopped = true;
  }

  unreadable(block: string, why: string): void {
    if (this.#calls > 0) this.#lost = true;
    else {
      this.#failed ??= { block, why };
      this.text(block);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** The call that the beginning ends with is read on; the words of it were said before. */
  #begin(call: string, tools: ToolCallParser): void {
    this.#given = call.length;
    tools.feed(call);
    this.#said = [];
  }

  #sayText(text: string): void {
    const said = this.#json === undefined ? text : this.#cut(text, this.#json);
    if (said === "") return;
    const last = this.#said.at(-1);
    if (last?.type === "text") this.#said[this.#said.length - 1] = { type: "text", text: last.text + said };
    else this.#said.push({ type: "text", text: said });
  }

  #cut(text: string, json: JsonCut): string {
    this.#uncut.append(text);
    if (this.#uncut.length > MOST_KEPT) {
      const issues = [`it is longer than ${MOST_KEPT} characters`];
      throw new InvalidOutputError({ issues, text: this.#uncut.whole() });
    }
    return json.feed(text);
  }
}
