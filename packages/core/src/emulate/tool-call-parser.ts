import { CALL, CALL_END, MADE_UP, ToolBlock } from "./tool-block.ts";
import { readBlock, type WrittenCall } from "./tool-call-text.ts";
import { TagSearch } from "../tag-search.ts";

/** Who hears what a {@link ToolCallParser} reads. */
export interface ToolCallSink {
  /** Words of the answer, never empty. */
  text(text: string): void;
  call(call: WrittenCall): void;
  /** A block that was meant as a call, as it stands, with its tags; and what is wrong with it. */
  unreadable(block: string, why: string): void;
  /** What follows is made up: the source can be stopped. Nothing is read any more. */
  stop(): void;
}

/**
 * Takes the calls out of an answer that comes in pieces, written as Qwen's chat templates have it.
 *
 * What it says does not depend on how the answer is cut. A call goes out whole. The text before the first call loses the white
 * space before the tag; the text behind it is dropped, and a response that the model makes up stops it. A block that names no
 * function is text, as it stands. Its work is linear in the answer, whatever that is.
 */
export class ToolCallParser {
  readonly #sink: ToolCallSink;
  #search = new TagSearch([CALL]);
  #block: ToolBlock | undefined;
  #called = false;
  #stopped = false;
  #splitting = false;

  constructor(sink: ToolCallSink) {
    this.#sink = sink;
  }

  feed(text: string): void {
    for (let rest = text; rest !== "" && !this.#stopped;)
      rest = this.#block === undefined ? this.#readText(rest) : this.#readBlock(this.#block, rest);
  }

  /** The answer is whole. */
  end(): void {
    while (this.#block !== undefined && !this.#stopped) {
      const block = this.#block;
      this.#block = undefined;
      this.#close(block, undefined);
    }
    this.#say(this.#search.end());
  }

  #readText(text: string): string {
    const { before, tag, space, rest } = this.#search.feed(text);
    this.#say(before);
    if (tag === CALL) this.#open(space);
    else if (tag !== undefined) this.#stop();
    return rest;
  }

  #readBlock(block: ToolBlock, text: string): string {
    const end = block.feed(text);
    if (end === undefined) return "";
    this.#block = undefined;
    if (end.tag === undefined) this.#giveUp(block);
    else this.#close(block, end.tag);
    return end.rest;
  }

  /** The block has ended, by this tag or with the answer. */
  #close(block: ToolBlock, tag: string | undefined): void {
    const { body, tail, split, space } = block;
    const { calls, why } = readBlock(body, { isWhole: tag !== undefined });
    if (calls.length > 0) this.#call(calls);
    else if (split !== undefined) {
      this.#split(block, body.slice(split) + tail);
      this.feed(tag ?? "");
      return;
    } else this.#fail(`${space}${CALL}${body}${tail}${tag === CALL_END ? tag : ""}`, why);
    if (tag === CALL) this.#open("");
    else if (tag !== undefined && tag !== CALL_END) this.feed(tag);
  }

  /** A string of it did not end: tags that stand in it end blocks after all. */
  #split({ body, split, space }: ToolBlock, behind: string): void {
    const first = body.slice(0, split);
    const hasEnd = behind.startsWith(CALL_END);
    const { calls, why } = readBlock(first, { isWhole: true });
    if (calls.length > 0) this.#call(calls);
    else this.#fail(`${space}${CALL}${first}${hasEnd ? CALL_END : ""}`, why);
    this.#splitting = true;
    this.feed(hasEnd ? behind.slice(CALL_END.length) : behind);
    this.#splitting = false;
  }

  #giveUp(block: ToolBlock): void {
    this.#say(`${block.space}${CALL}${block.body}${block.tail}`);
  }

  #fail(block: string, why: string | undefined): void {
    if (why === undefined) this.#say(block);
    else this.#sink.unreadable(block, why);
  }

  #call(calls: readonly WrittenCall[]): void {
    if (!this.#called) this.#search = new TagSearch([CALL, ...MADE_UP]);
    this.#called = true;
    for (const call of calls) this.#sink.call(call);
  }

  #open(space: string): void {
    this.#block = new ToolBlock(space, { splitting: this.#splitting });
  }

  #say(text: string): void {
    if (text !== "" && !this.#called) this.#sink.text(text);
  }

  #stop(): void {
    this.#stopped = true;
    this.#sink.stop();
  }
}
