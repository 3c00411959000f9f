import { QwenError } from "../errors.ts";
import { createGrowingText } from "../growing-text.ts";
import type { ProviderPart } from "../provider.ts";
import { applyEdit, parseEdits, type Edit } from "./diff.ts";

/** Where the answer stands in the outputs of an endpoint. */
export interface AnswerLocation {
  /** The path from the list of outputs to the text; a negative index counts from the end. */
  readonly at: readonly [number, ...(string | number)[]];

  /**
   * What the text there means, where it is not the answer as it stands: the answer, or a sign of
   * life that is none. It sees the whole text each time, so leave it out where you can.
   */
  readonly read?: ((text: string) => string | { readonly progress: string }) | undefined;
}

/** Follows the answer of one job through its messages. */
export interface AnswerReader {
  /** Takes the data of a `generating` message. The part is what changed; nothing where nothing did. */
  generating(data: readonly unknown[]): ProviderPart | undefined;
  /** Takes the final data, which always wins. */
  completed(data: readonly unknown[]): ProviderPart | undefined;
  /** The answer so far. */
  text(): string;
}

/** How the outputs of a job come and what they must look like. */
export interface AnswerReaderOptions {
  /** Says what is wrong with whole outputs; nothing where they are as they should be. */
  readonly check: (outputs: readonly unknown[]) => string | undefined;
  /** Every message holds whole values: the job asked for no edits. */
  readonly whole: boolean;
}

/**
 * Makes a reader that costs O(1) for an appended delta: the delta is handed out as it came, and the
 * answer is never joined and sliced again.
 *
 * A first message that is an edit already (reused sessions can have one) and edits that do not fit
 * are waited out: the final value is whole.
 */
export function createAnswerReader({ at, read }: AnswerLocation, { check, whole }: AnswerReaderOptions): AnswerReader {
  const answer = createGrowingText();
  // The raw text at the location, apart from `output`, which may hold an older one there. Of use only with `read`:
  // without it, it is the answer.
  let raw = "";
  let output: unknown;
  let outputIndex = 0;
  // The path within the output with every index counted from the start; absent while it leads nowhere.
  let path: readonly (string | number)[] | undefined;
  let state: "first" | "following" | "lost" = "first";

  function locate(): string {
    path = absolutePath(output, at.slice(1));
    const value = path === undefined ? undefined : valueAt(output, path);
    if (typeof value === "string") return value;
    if (value === undefined || value === null) return "";
    throw new QwenError("protocol", `The Space's answer is not text: ${typeof value} at ${JSON.stringify(at)}.`);
  }

  function takeWhole(data: readonly unknown[]): ProviderPart | undefined {
    outputIndex = at[0] < 0 ? data.length + at[0] : at[0];
    output = data[outputIndex];
    const now = locate();
    return now === rawText() ? undefined : change(now);
  }

  function takeEdits(edits: readonly Edit[]): ProviderPart | undefined {
    const [first] = edits;
    if (first === undefined) return undefined;
    const [operation, where, operand] = first;
    if (edits.length === 1 && path !== undefined && typeof operand === "string" && samePath(where, path)) {
      if (operation === "append") return read === undefined ? appended(operand) : change(raw + operand);
      if (operation === "replace") return change(operand);
    }
    if (path !== undefined) output = applyEdit(output, ["replace", path, rawText()]);
    for (const edit of edits) output = applyEdit(output, edit);
    return change(locate());
  }

  function rawText(): string {
    return read === undefined ? answer.whole() : raw;
  }

  function appended(delta: string): ProviderPart | undefined {
    if (delta === "") return undefined;
    answer.append(delta);
    return { type: "text-delta", text: delta };
  }

  /** The part for a raw text that may have changed in any way. */
  function change(text: string): ProviderPart | undefined {
    raw = text;
    const now = read === undefined ? text : read(text);
    if (typeof now !== "string") return { type: "progress", message: now.progress };
    const before = answer.whole();
    if (now === before) return undefined;
    if (now.startsWith(before)) return appended(now.slice(before.length));
    answer.replace(now);
    return { type: "text-replace", text: now };
  }

  return {
    generating(data) {
      if (state === "lost") return undefined;
      if (state === "first" || whole) {
        if (check(data) !== undefined) {
          state = whole ? "first" : "lost";
          return undefined;
        }
        state = "following";
        return takeWhole(data);
      }
      const edits = parseEdits(data[outputIndex]);
      try {
        if (edits !== undefined) return takeEdits(edits);
      } catch (error) {
        if (!QwenError.isInstance(error)) throw error;
      }
      state = "lost";
      return undefined;
    },
    completed(data) {
      // A generator that yields nothing completes with nulls: it said nothing, which is not unreadable.
      if (answer.whole() === "" && data.every((value) => value === null)) return undefined;
      const problem = check(data);
      if (problem !== undefined)
        throw new QwenError("protocol", `The Space's final answer has another shape than expected: ${problem}.`);
      return takeWhole(data);
    },
    text: answer.whole,
  };
}

function absolutePath(root: unknown, path: readonly (string | number)[]): readonly (string | number)[] | undefined {
  const absolute: (string | number)[] = [];
  let value = root;
  for (const step of path) {
    const key = typeof step === "number" && step < 0 && Array.isArray(value) ? value.length + step : step;
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    absolute.push(key);
    value = (value as Readonly<Record<string | number, unknown>>)[key];
  }
  return absolute;
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const key of path) value = (value as Readonly<Record<string | number, unknown>>)[key];
  return value;
}

function samePath(left: readonly (string | number)[], right: readonly (string | number)[]): boolean {
  return left.length === right.length && left.every((key, index) => key === right[index]);
}
