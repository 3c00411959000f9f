import { QwenError } from "../errors.ts";
import type { ProviderPart } from "../part.ts";
import { AnswerText, type TextMeaning } from "./answer-text.ts";
import { areEdits, Editor, isSamePath, LOOKED_AT, parseEdits, PlacedText, type Edit } from "./diff.ts";
import { isLeftOut, isUpdate, valuesOf } from "./outputs.ts";

type Path = readonly (string | number)[];

/** Where the answer stands in the outputs of an endpoint, and what the text there means. */
export interface AnswerLocation extends TextMeaning {
  /** The path from the list of outputs to the text; a negative index counts from the end. */
  readonly at: readonly [number, ...(string | number)[]];
}

/** How the outputs of a job come and what they must look like. */
export interface AnswerReaderOptions {
  /**
   * Says what is wrong with whole outputs; nothing where they are as they should be. An app may have a few outputs more
   * than are known: what is wrong with all of them may be right without the last ones.
   */
  readonly check: (outputs: readonly unknown[]) => string | undefined;
  /** Every message holds whole values: the job asked for no edits. */
  readonly whole: boolean;
}

/** How many outputs more than its schema knows a Space may have. */
const MOST_MORE = 4;

/**
 * Follows the answer of one job through its messages.
 *
 * An appended delta is handed out as it came, and the answer is never joined and sliced for it. An output that is left
 * out has the value it had. A first message that is an edit already (reused sessions can have one) and edits that do not
 * fit are waited out: the final value is whole.
 */
export class AnswerReader {
  readonly #at: AnswerLocation["at"];
  readonly #options: AnswerReaderOptions;
  readonly #text: AnswerText;
  #editor: Editor | undefined;
  #state: "first" | "following" | "lost" = "first";
  /** Which of the outputs has the answer, and what the server has of it to find what changed. */
  #index = 0;
  #appends = false;
  #sent: unknown;
  /** The way to the text within that output, every index counted from the start; absent while there is none. */
  #path: Path | undefined;
  /** The text there, put there so that it tells what was appended. A plain one not before an edit needs it: few do. */
  #placed: PlacedText | undefined;
  /** The newest values of all outputs that came whole. */
  #values: readonly unknown[] = [];
  /** What was looked at beyond what the messages allow, in characters. */
  #owed = 0;
  /** The answer has changed since it was looked at. */
  #isStale = false;

  constructor(location: AnswerLocation, options: AnswerReaderOptions) {
    this.#at = location.at;
    this.#options = options;
    this.#text = new AnswerText(location);
  }

  /** The answer so far. */
  text(): string {
    return this.#text.text();
  }

  /** Takes the data of a `generating` message. The part is what changed; nothing where nothing did. */
  generating(data: readonly unknown[]): ProviderPart | undefined {
    this.#appends = false;
    this.#owed -= LOOKED_AT;
    const { whole } = this.#options;
    if (this.#state === "lost") return undefined;
    if (whole || this.#state === "first") {
      const fits = (whole || !areEdits(data)) && this.#take(data) === undefined;
      this.#state = fits ? "following" : whole ? "first" : "lost";
      const part = fits ? this.#look() : undefined;
      // The message itself is as long.
      this.#owed = 0;
      return part;
    }
    const edits = parseEdits(data[this.#index]);
    if (edits?.length === 0) return undefined;
    const delta = edits === undefined ? undefined : this.#deltaIn(edits);
    if (delta !== undefined) {
      this.#appends = true;
      return this.append(delta);
    }
    if (edits !== undefined && this.#edit(edits)) return this.#owed <= 0 ? this.#look() : this.#putOff();
    this.#state = "lost";
    return undefined;
  }

  /** Whether the newest message appended to the answer, and did nothing else with it. */
  get appends(): boolean {
    return this.#appends;
  }

  /** Takes a message that does the same as the newest one, with another text. For a reader that `appends`. */
  append(text: string): ProviderPart | undefined {
    this.#placed?.grow(text);
    return text === "" ? undefined : this.#text.append(text, this.#placed);
  }

  /** Takes the final data, which always win. Throws `protocol` where they are not what was expected. */
  completed(data: readonly unknown[]): ProviderPart | undefined {
    // A generator that yields nothing completes with nulls: it said nothing, which is not unreadable.
    const isSilent = this.text() === "" && !this.#isStale;
    if (isSilent && data.every((value) => value === null || isLeftOut(value))) return this.#text.finish();
    const followed = this.#sent;
    const problem = this.#take(data);
    if (problem !== undefined)
      throw new QwenError("protocol", `The Space's final answer has another shape than expected: ${problem}.`);
    if (this.#state === "lost" && isLeftOut(this.#sent)) {
      throw new QwenError(
        "protocol",
        "The Space left the answer out at the end, and an edit of it before could not be followed.",
      );
    }
    if (this.#isStale && isLeftOut(this.#sent)) this.#sent = followed;
    return this.#look({ final: true });
  }

  /** Takes whole outputs, or says what is wrong with them. */
  #take(data: readonly unknown[]): string | undefined {
    const values = valuesOf(data, this.#values);
    const [first] = this.#at;
    const least = first < 0 ? -first : first + 1;
    // What is left out and was never seen cannot be checked.
    const unknown = values.includes(undefined);
    const problem = unknown ? undefined : this.#options.check(values);
    let count = values.length;
    if (problem !== undefined) {
      const fewest = Math.max(least, values.length - MOST_MORE);
      do count--;
      while (count >= fewest && this.#options.check(values.slice(0, count)) !== undefined);
      if (count < fewest) return problem;
    }
    this.#values = values;
    this.#index = first < 0 ? count + first : first;
    this.#sent = data[this.#index];
    this.#placed = undefined;
    this.#path = undefined;
    return undefined;
  }

  /** What is appended to the text, where the edits do nothing else: nearly always. */
  #deltaIn(edits: readonly Edit[]): string | undefined {
    const [first] = edits;
    if (edits.length !== 1 || first === undefined || this.#path === undefined) return undefined;
    const [operation, path, operand] = first;
    if (operation !== "append" || typeof operand !== "string" || !isSamePath(path, this.#path)) return undefined;
    return operand;
  }

  /** Makes edits of the answer's output; false where one does not fit. */
  #edit(edits: readonly Edit[]): boolean {
    try {
      if (this.#placed === undefined && this.#path !== undefined) this.#place(this.#text.text(), this.#path);
      this.#sent = (this.#editor ??= new Editor()).apply(this.#sent, edits);
      return true;
    } catch (error) {
      if (!QwenError.isInstance(error)) throw error;
      return false;
    }
  }

  #place(text: string, path: Path): void {
    this.#placed = new PlacedText(text);
    this.#sent = (this.#editor ??= new Editor()).apply(this.#sent, [["replace", path, this.#placed]]);
  }

  /** A short edit may put a long text in the place of another, each time for whoever reads it. */
  #putOff(): undefined {
    this.#isStale = true;
    this.#path = undefined;
    return undefined;
  }

  /** Looks what stands at the location now. */
  #look({ final = false }: { readonly final?: boolean | undefined } = {}): ProviderPart | undefined {
    const before = this.#placed;
    this.#placed = undefined;
    this.#path = undefined;
    this.#isStale = false;
    if (isLeftOut(this.#sent)) return final ? this.#text.finish() : undefined;
    const { path, value } = locate(this.#sent, this.#at);
    if (value instanceof PlacedText) {
      const appended = value.takeAppended();
      this.#path = path;
      this.#placed = value;
      if (value !== before) return this.#become(value.whole(), final);
      return appended === "" ? undefined : this.#text.append(appended, value);
    }
    if (value === undefined || value === null) return this.#become("", final);
    if (typeof value !== "string") {
      throw new QwenError(
        "protocol",
        `The Space's answer is not text: ${typeof value} at ${JSON.stringify(this.#at)}.`,
      );
    }
    if (!final && !this.#options.whole) {
      this.#path = path;
      if (!this.#text.plain) this.#place(value, path);
    }
    return this.#become(value, final);
  }

  #become(text: string, final: boolean): ProviderPart | undefined {
    this.#owed += text.length;
    return this.#text.become(text, { final });
  }
}

/** What stands at the location in an output, and the way there with every index counted from the start. */
function locate(output: unknown, at: AnswerLocation["at"]): { readonly path: Path; readonly value: unknown } {
  // Of its length from the start: one that grows would keep 17 places for as long as the answer takes.
  const path: (string | number)[] = at.slice(1);
  if (isUpdate(output)) path.unshift("value");
  let depth = path.length - at.length + 1;
  let value: unknown = isUpdate(output) ? output["value"] : output;
  for (const step of at.slice(1)) {
    const key = typeof step === "number" && step < 0 && Array.isArray(value) ? value.length + step : step;
    if (typeof value !== "object" || value === null || value instanceof PlacedText || !Object.hasOwn(value, key))
      return { path, value: undefined };
    path[depth++] = key;
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return { path, value };
}
