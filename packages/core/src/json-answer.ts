import { endsInThought, THINK, THINK_END, wordsBehindThought } from "./beginning.ts";
import { InvalidOutputError } from "./errors.ts";
import { jsonInText } from "./json-in-text.ts";
import type { FinishReason } from "./part.ts";

/** An answer that is to hold JSON. */
export interface JsonAnswer {
  /** What it goes on behind; empty where that is nothing. */
  readonly beginning: string;
  readonly text: string;
  readonly reason: FinishReason;
}

/** The JSON in an answer, as one value and as what of the text belongs to it. */
export interface AnsweredJson {
  readonly value: unknown;
  /** All of the text where the beginning holds the whole of it. */
  readonly text: string;
}

/**
 * Cuts the JSON out of an answer: one that ends in it, or with the beginning at the earliest. Only what is said counts, nothing that
 * is thought before it. Throws `invalid_output` where there is none.
 */
export function jsonInAnswer({ beginning, text, reason }: JsonAnswer): AnsweredJson {
  const begun = wordsBehindThought(beginning);
  const said = begun.trim() === "" ? saidBehind(beginning, text) : text;
  const json = jsonInText(begun + said, { from: begun.trimEnd().length });
  if (json === undefined) {
    const why = reason === "length" ? "it holds no JSON that is whole, since it was cut off" : "it holds no JSON";
    throw new InvalidOutputError({ issues: [why], text });
  }
  const { value, start, end } = json;
  return { value, text: end > begun.length ? said.slice(Math.max(0, start - begun.length), end - begun.length) : text };
}

/** What of a text is said, behind a beginning in which nothing is. */
function saidBehind(beginning: string, text: string): string {
  if (!endsInThought(beginning)) return wordsBehindThought(text);
  // Where its provider tells thoughts in a channel of their own, all of it is said.
  return text.includes(THINK_END) ? wordsBehindThought(THINK + text) : text;
}
