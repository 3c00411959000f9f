import { decisive } from "../decision.ts";
import { disregard } from "../disregard.ts";
import { QwenError } from "../errors.ts";
import { GrowingText } from "../growing-text.ts";
import type { Edit } from "./diff.ts";
import { areEdits, Editor, isLeftOut, isSamePath, isUpdate, LOOKED_AT, parseEdits } from "./jobs.ts";
import type { ProviderPart } from "../part.ts";
import { isGroup, mustBe } from "../options.ts";
import type { SessionLook, SessionReader, TextPath } from "./session-definition.ts";

/** Follows the answer of a job for its reader. */
export class FollowedAnswer {
  readonly #reader: SessionReader;
  readonly #output: FollowedOutput;
  readonly #count: number | undefined;
  /** What was looked at beyond what the messages since then allow, in characters. */
  #owed = 0;
  /** The value has changed since it was looked at. */
  #isStale = false;

  /** `count`: how many outputs the job has, where that is known. */
  constructor(reader: SessionReader, count?: number) {
    this.#reader = reader;
    this.#count = count;
    this.#output = new FollowedOutput(reader.output);
  }

  /** Takes the data of a message on the way. */
  generating(data: readonly unknown[]): readonly ProviderPart[] {
    const change = this.#output.generating(data);
    this.#owed -= LOOKED_AT;
    if (typeof change === "string") return partsOf("grow", this.#reader.grow(change));
    this.#isStale ||= change === true;
    return this.#isStale && this.#owed <= 0 ? this.#look({ final: false }) : NONE;
  }

  /** Takes the final data, which always win. */
  completed(data: readonly unknown[]): readonly ProviderPart[] {
    // A generator that yields nothing completes with nulls: it said nothing.
    const isSilent = this.#reader.text() === "" && data.every((value) => value === null);
    if (this.#count !== undefined && data.length !== this.#count)
      throw new QwenError("protocol", `The Space gave ${data.length} outputs in place of ${this.#count}.`);
    if (!isSilent && data.length <= this.#reader.output)
      throw new QwenError(
        "protocol",
        `The Space gave ${data.length} outputs, and the answer was to be number ${this.#reader.output}, counted from 0.`,
      );
    const isToSee = !isSilent && (this.#output.completed(data) || this.#isStale);
    return isToSee ? this.#look({ final: true }) : partsOf("end", this.#reader.end());
  }

  #look({ final }: { readonly final: boolean }): readonly ProviderPart[] {
    const look = this.#reader.look(this.#output.value(), { final });
    const { parts, watch, cost = 0 } = (isGroup(look) ? look : {}) as Partial<SessionLook>;
    const told = partsOf("look", parts, look);
    this.#isStale = false;
    this.#owed = cost > 0 ? cost : 0;
    this.#output.watch(watch?.path, watch?.text ?? "");
    return told;
  }
}

/** The parts that a reader gave, or a `TypeError` where they are none. */
function partsOf(
  name: string,
  parts: readonly ProviderPart[] | undefined,
  given: unknown = parts,
): readonly ProviderPart[] {
  if (Array.isArray(parts)) return parts as readonly ProviderPart[];
  disregard(given);
  throw decisive(name, mustBe(`${name}()`, "parts, at once: a list of them", given));
}

const NONE: readonly ProviderPart[] = [];

/**
 * Follows one output of a job through its messages.
 *
 * Nearly all that an answer sends is appended to one text. Whoever reads it says by `watch` where that stands, and is told
 * what is appended there without anything being joined for it. After any other change the value is to be looked at again.
 */
class FollowedOutput {
  readonly #index: number;
  readonly #editor = new Editor();
  #state: "first" | "following" | "lost" = "first";
  #sent: unknown;
  #path: TextPath | undefined;
  #watched: GrowingText | undefined;

  constructor(index: number) {
    this.#index = index;
  }

  /**
   * Takes the data of a message on the way. What was appended to the watched text; `true` where the value changed otherwise;
   * `undefined` where it did not, or is not known: edits of Gradio can be wrong, the final value is not.
   */
  generating(data: readonly unknown[]): string | true | undefined {
    if (this.#state === "lost") return undefined;
    if (this.#state === "first") {
      if (areEdits(data)) return this.#lose();
      this.#state = "following";
      return this.#take(data[this.#index]);
    }
    const edits = parseEdits(data[this.#index]);
    if (edits === undefined) return this.#lose();
    if (edits.length === 0) return undefined;
    const appended = this.#appendedBy(edits);
    if (appended !== undefined) return appended === "" ? undefined : appended;
    return this.#edit(edits);
  }

  /** Takes the final data, and says whether the value is to be looked at again. */
  completed(data: readonly unknown[]): boolean {
    const last = data[this.#index];
    if (!isLeftOut(last)) {
      this.#take(last);
      return true;
    }
    if (this.#state === "lost")
      throw new QwenError("protocol", "The Space left the answer out at the end, and an edit of it did not fit.");
    return false;
  }

  /** The value as it is now, an update's own. What it holds is read only. */
  value(): unknown {
    this.#settle();
    return isUpdate(this.#sent) ? this.#sent["value"] : this.#sent;
  }

  /** Says where the text stands that is told as it grows: by its way in the value, and what it is now. */
  watch(path: TextPath | undefined, text: string): void {
    this.#path = path === undefined ? undefined : isUpdate(this.#sent) ? ["value", ...path] : path;
    this.#watched = path === undefined ? undefined : new GrowingText(text);
  }

  #take(value: unknown): true | undefined {
    this.#path = undefined;
    this.#sent = value;
    return this.#changed();
  }

  /** An output that is left out is what it was, but later edits are of what was sent. */
  #changed(): true | undefined {
    return isLeftOut(this.#sent) ? undefined : true;
  }

  #lose(): undefined {
    this.#state = "lost";
    return undefined;
  }

  #appendedBy(edits: readonly Edit[]): string | undefined {
    let appended = "";
    for (const [operation, path, operand] of edits) {
      if (this.#path === undefined || operation !== "append" || typeof operand !== "string") return undefined;
      if (!isSamePath(path, this.#path)) return undefined;
      appended += operand;
    }
    this.#watched?.append(appended);
    return appended;
  }

  #edit(edits: readonly Edit[]): true | undefined {
    try {
      this.#settle();
      this.#sent = this.#editor.apply(this.#sent, edits);
      return this.#changed();
    } catch (error) {
      if (!QwenError.isInstance(error)) throw error;
      return this.#lose();
    }
  }

  /** Puts the watched text, which has grown, back into the value. */
  #settle(): void {
    if (this.#path === undefined || this.#watched === undefined) return;
    this.#sent = this.#editor.apply(this.#sent, [["replace", this.#path, this.#watched.whole()]]);
    this.#path = undefined;
  }
}
