import { ToolCallParser } from "../../src/emulate/tool-call-parser.ts";
import type { WrittenCall } from "../../src/emulate/tool-call-text.ts";

/** What a parser made of an answer. */
export interface Reading {
  readonly text: string;
  readonly calls: readonly WrittenCall[];
  readonly unreadable: readonly string[];
  readonly stopped: boolean;
}

/** Reads an answer that comes in these pieces. Unreadable blocks stand in `text` too, where they were written. */
export function readAnswer(pieces: Iterable<string>): Reading {
  const calls: WrittenCall[] = [];
  const unreadable: string[] = [];
  const said: string[] = [];
  let stopped = false;
  const parser = new ToolCallParser({
    text: (text) => void said.push(text),
    call: (call) => void calls.push(call),
    unreadable: (block) => {
      unreadable.push(block);
      if (calls.length === 0) said.push(block);
    },
    stop: () => {
      stopped = true;
    },
  });
  for (const piece of pieces) parser.feed(piece);
  parser.end();
  return { text: said.join(""), calls, unreadable, stopped };
}

/** Every way to cut a text into two or three pieces, and into single characters. */
export function* chunkings(text: string): Generator<readonly string[]> {
  yield Array.from({ length: text.length }, (_, index) => text.charAt(index));
  for (let first = 1; first < text.length; first++) {
    yield [text.slice(0, first), text.slice(first)];
    for (let second = first + 1; second < text.length; second++)
      yield [text.slice(0, first), text.slice(first, second), text.slice(second)];
  }
}
