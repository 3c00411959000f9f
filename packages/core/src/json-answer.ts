import { endsInThought, THINK, THINK_END, wordsBehindThought } from "./beginning.ts";
import { InvalidOutputError } from "./errors.ts";
import { cutOffIn, jsonInText } from "./json-in-text.ts";
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
 * is thought before it, also where the prompt has opened that. Throws `invalid_output` where there is none.
 */
export function jsonInAnswer({ beginning, text, reason }: JsonAnswer): AnsweredJson {
  const begun = wordsBehindThought(beginning);
  const found = begun.trim() === "" ? jsonBehindThought(saidBehind(beginning, text)) : jsonBehind(begun, text);
  if (found === undefined) {
    const why = reason === "length" ? "it holds no JSON that is whole, since it was cut off" : "it holds no JSON";
    throw new InvalidOutputError({ issues: [why], text });
  }
  return found;
}

/** Behind words no thought begins any more. */
function jsonBehind(begun: string, text: string): AnsweredJson | undefined {
  const json = jsonInText(begun + text, { from: begun.trimEnd().length });
  if (json === undefined) return undefined;
  const { value, start, end } = json;
  return { value, text: end > begun.length ? text.slice(Math.max(0, start - begun.length), end - begun.length) : text };
}

/** A closing tag that stands in no JSON closes what the prompt has opened: all before it is thought. */
function jsonBehindThought(said: string): AnsweredJson | undefined {
  const json = jsonPieceOf(said);
  const end = said.indexOf(THINK_END);
  if (end < 0 || json?.text.includes(THINK_END) === true || end > cutOffIn(said)) return json;
  return jsonPieceOf(wordsBehindThoughts(said.slice(end + THINK_END.length)));
}

function jsonPieceOf(said: string): AnsweredJson | undefined {
  const json = jsonInText(said);
  return json && { value: json.value, text: said.slice(json.start, json.end) };
}

/** What of a text is said, behind a beginning in which nothing is. */
function saidBehind(beginning: string, text: string): string {
  if (!endsInThought(beginning)) return wordsBehindThoughts(text);
  // Where its provider tells thoughts in a channel of their own, all of it is said.
  return text.includes(THINK_END) ? wordsBehindThoughts(THINK + text) : text;
}

/** Some think twice before they say anything. */
function wordsBehindThoughts(answer: string): string {
  let words = answer;
  for (let behind = wordsBehindThought(words); behind !== words; behind = wordsBehindThought(words)) words = behind;
  return words;
}
