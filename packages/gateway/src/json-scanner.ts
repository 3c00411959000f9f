import { Refusal } from "./refusal.ts";

/** How deep and how many: what `JSON.parse` of a body may cost at most. */
export interface JsonLimits {
  /** Objects and arrays inside each other. @defaultValue 64 */
  readonly maxDepth?: number | undefined;
  /** Objects, arrays and what they hold, names not counted. @defaultValue 100,000 */
  readonly maxValues?: number | undefined;
}

/**
 * Counts the depth and the values of a JSON text while its bytes come, since parsing is what costs: 20 MiB of `[` hold the event
 * loop for seconds, and scanned in pieces it is never held for more than one of them.
 *
 * It is no parser: what is no JSON is found out by the one that follows. Of such a text it counts at least what that would.
 */
export class JsonScanner {
  readonly #maxDepth: number;
  readonly #maxValues: number;
  #depth = 0;
  #values = 0;
  #isInString = false;
  #isEscaped = false;

  constructor({ maxDepth = 64, maxValues = 100_000 }: JsonLimits = {}) {
    this.#maxDepth = maxDepth;
    this.#maxValues = maxValues;
  }

  /** The next bytes. Throws a {@link Refusal} once there is too much. */
  feed(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#isInString) {
        at = this.#skipString(chunk, at);
        continue;
      }
      this.#count(chunk[at] as number);
      at++;
    }
  }

  /** Where the string ends that begins or goes on here: behind its quote, or behind the chunk. */
  #skipString(chunk: Uint8Array, from: number): number {
    let at = from;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at++;
    }
    while (at < chunk.length) {
      const byte = chunk[at++];
      if (byte === QUOTE) {
        this.#isInString = false;
        return at;
      }
      if (byte !== BACKSLASH) continue;
      if (at === chunk.length) this.#isEscaped = true;
      at++;
    }
    return at;
  }

  #count(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.#isInString = true;
        return;
      case BRACE_OPEN:
      case BRACKET_OPEN:
        this.#depth++;
        this.#values++;
        if (this.#depth > this.#maxDepth)
          throw tooMuch(`goes deeper than ${this.#maxDepth} objects and arrays inside each other`);
        break;
      case BRACE_CLOSE:
      case BRACKET_CLOSE:
        this.#depth--;
        return;
      case COMMA:
        this.#values++;
        break;
      default:
        return;
    }
    if (this.#values > this.#maxValues) throw tooMuch(`holds more than ${this.#maxValues} values`);
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
const BRACKET_OPEN = 0x5b;
const BRACKET_CLOSE = 0x5d;

function tooMuch(what: string): Refusal {
  return new Refusal({
    status: 413,
    code: "request_too_large",
    message: `The JSON of the request ${what}.`,
    headers: { connection: "close" },
  });
}
