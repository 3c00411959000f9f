import type { Segment } from "./answer-value.ts";
import { ThoughtSplit, type ThoughtSink } from "@qwen/core/http";

/** A text that grows, told apart into what was thought at its beginning and what is said. */
export class Thought implements ThoughtSink {
  readonly #split: ThoughtSplit;
  #thought = "";
  #said = "";

  /** `isApart`: what it begins with that is thought was told apart already. */
  constructor(isApart = false) {
    this.#split = new ThoughtSplit(this, isApart ? { behind: "words" } : {});
  }

  /** Takes the next piece, and tells what is new. `final`: no more comes. */
  add(piece: string, { final = false }: { readonly final?: boolean | undefined } = {}): Told {
    this.#split.feed(piece);
    if (final) this.#split.end();
    const told = { thought: this.#thought, said: this.#said };
    this.#thought = "";
    this.#said = "";
    return told;
  }

  thought(text: string): void {
    this.#thought += text;
  }

  thoughtEnd(): void {
    // Words say so, or the end.
  }

  words(text: string): void {
    this.#said += text;
  }
}

/**
 * Tells apart what the texts of an answer begin with that is thought, where there are more than one: each is a message of its own. One
 * alone is told apart as it grows.
 */
export function thoughtsApart(said: readonly Segment[], { final }: { readonly final: boolean }): readonly Segment[] {
  const isAlone = said.filter((one) => one.type !== "file" && one.text !== "").length < 2;
  if (isAlone) return said;
  return said.flatMap((one, index): readonly Segment[] => {
    if (one.type !== "text" || !/^\s*(?:<|$)/.test(one.text)) return [one];
    const told = new Thought().add(one.text, { final: final || index < said.length - 1 });
    const thought: Segment = { ...one, type: "reasoning", text: told.thought };
    return told.said === "" ? [thought] : [thought, { ...one, text: told.said }];
  });
}

/** What a piece of text turned out to be. */
export interface Told {
  readonly thought: string;
  readonly said: string;
}
