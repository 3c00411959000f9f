import { parseJson } from "./json.ts";
import { eventIdBefore, GENERATING_END, parseQueueMessage, type SessionMessage } from "./messages.ts";

/** A message that appends one text and does nothing else, but for that text. */
interface Append {
  readonly eventId: string;
  /** Up to and with the quote that opens the text. */
  readonly head: string;
  /** From the quote that closes it to the end of the values, which no text can hold: its quotes would be escaped there. */
  readonly foot: string;
}

/**
 * Reads the messages of one stream, as `parseQueueMessage` does.
 *
 * Most differ from the one before in the text that they append only: of these nothing else is parsed, and what they edit is
 * known to be the same.
 */
export class MessageReader {
  #append: Append | undefined;

  read(text: string): SessionMessage | undefined {
    const append = this.#append;
    if (append !== undefined && text.startsWith(append.head)) {
      const end = text.indexOf(append.foot, append.head.length);
      const appended = end === -1 ? undefined : textBetween(text, append.head.length, end);
      if (typeof appended === "string") return { eventId: append.eventId, message: new SameAppend(appended, text) };
    }
    const said = parseQueueMessage(text);
    if (said?.message.type === "generating") this.#append = appendIn(text, said.message.data);
    return said;
  }
}

/** A `generating` message that appends where the one before it did, and does nothing else. */
class SameAppend {
  readonly type = "generating";
  readonly appended: string;
  readonly #text: string;

  constructor(appended: string, text: string) {
    this.appended = appended;
    this.#text = text;
  }

  /** Parsed where somebody wants more than the text. */
  get data(): readonly unknown[] {
    const said = parseQueueMessage(this.#text);
    return said?.message.type === "generating" ? said.message.data : [];
  }
}

/** The shortest slice that V8 does not copy: it keeps the whole message in memory. */
const SHORTEST_SHARED = 13;
const SPACE = 32;
const QUOTE = 34;
const BACKSLASH = 92;

/** What a JSON text says between two of its quotes; `undefined` where that is no JSON. Few tokens need to be parsed for it. */
function textBetween(text: string, start: number, end: number): unknown {
  return isAsWritten(text, start, end) ? text.slice(start, end) : parseJson(text.slice(start - 1, end + 1));
}

/** Whether a piece of a JSON text is short, and says what it looks like. */
function isAsWritten(text: string, start: number, end: number): boolean {
  if (end - start >= SHORTEST_SHARED) return false;
  for (let index = start; index < end; index++) {
    const unit = text.charCodeAt(index);
    if (unit < SPACE || unit === QUOTE || unit === BACKSLASH) return false;
  }
  return true;
}

const FOOT = /^"\]\](?:,\[\])*\]$/;

function appendIn(text: string, data: readonly unknown[]): Append | undefined {
  const appended = onlyAppended(data);
  // What follows the text is not looked at: all that tells one message from another must stand before it.
  const eventId = appended === undefined ? undefined : eventIdBefore(text);
  if (eventId === undefined) return undefined;
  const end = text.indexOf(GENERATING_END);
  const close = text.lastIndexOf('"', end - 1);
  const open = text.lastIndexOf('"', close - 1);
  // Of a text with quotes in it this finds one of those.
  if (text.slice(open + 1, close) !== appended || !FOOT.test(text.slice(close, end))) return undefined;
  return { eventId, head: text.slice(0, open + 1), foot: text.slice(close, end + GENERATING_END.length) };
}

/** The text that is appended, where nothing else is done: one edit in all. */
function onlyAppended(data: readonly unknown[]): string | undefined {
  let only: unknown;
  for (const edits of data) {
    if (!Array.isArray(edits) || edits.length > 1) return undefined;
    if (edits.length === 0) continue;
    if (only !== undefined) return undefined;
    only = edits[0];
  }
  const isAppend = Array.isArray(only) && only.length === 3 && only[0] === "append" && typeof only[2] === "string";
  return isAppend ? (only as readonly [string, unknown, string])[2] : undefined;
}
