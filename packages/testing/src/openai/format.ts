import type { Ending, Said } from "./script.ts";
import type { ScriptedError } from "./scripted-error.ts";

/** How the answers of one route look on the wire. Made for one answer, which it either says or adds up. */
export interface AnswerFormat {
  /** Events before the answer. */
  begin(): string;
  /** The event of one thing that is said. */
  say(said: Said): string;
  /** Events behind the answer, and what else the route says at the end. */
  end(ending: Ending): string;
  /** Adds one thing to the answer as a whole. */
  add(said: Said): void;
  /** What was added, as one JSON body. */
  whole(ending: Ending): unknown;
  /** How a stream says that it is over. */
  readonly done: string;
  /** An error in the stream as the dialect has it. */
  error(error: ScriptedError): string;
}

/** One event of a stream. */
export function eventOf(data: unknown, event?: string): string {
  const text = typeof data === "string" ? data : JSON.stringify(data);
  return `${event === undefined ? "" : `event: ${event}\n`}data: ${text}\n\n`;
}
