import { QwenError } from "../errors.ts";
import { copyOfJson } from "./json.ts";
import { applyEdits, areEdits, Editor } from "./diff.ts";
import { isRecord } from "./json.ts";

/**
 * Whether an output is an update of its component's properties: what an app sends that calls `gr.update`, gives back a
 * component, or leaves the output out (`gr.skip()`, or a dictionary of outputs without it).
 */
export function isUpdate(output: unknown): output is Readonly<Record<string, unknown>> {
  return isRecord(output) && output["__type__"] === "update";
}

/** Whether an output is left out: an update that carries no value means that the value is what it was. */
export function isLeftOut(output: unknown): boolean {
  return isUpdate(output) && !Object.hasOwn(output, "value");
}

/**
 * The values of outputs: of an update that carries one its value, of an output that is left out the value `before`, which
 * is `undefined` where nothing is known of it.
 */
export function valuesOf(outputs: readonly unknown[], before: readonly unknown[] = []): readonly unknown[] {
  // Nearly always there is none, and this is asked for every message.
  if (!outputs.some(isUpdate)) return outputs;
  return outputs.map((output, index) => {
    if (!isUpdate(output)) return output;
    return isLeftOut(output) ? before[index] : output["value"];
  });
}

/**
 * Follows all outputs of one job through its messages. What it hands out is the caller's own: none of it changes later, and
 * what the caller changes in it changes nothing here.
 */
export class OutputFollower {
  readonly #whole: boolean;
  readonly #editor = new Editor();
  /** As the server keeps them to find what changed. */
  #sent: readonly unknown[] | undefined;
  #values: readonly unknown[] = [];
  #lost = false;

  /** `whole`: every message holds whole values, since the job asked for no edits. */
  constructor({ whole }: { readonly whole: boolean }) {
    this.#whole = whole;
  }

  /**
   * Takes the data of a `generating` message; says whether the values of all outputs are known behind it.
   *
   * They are not once an edit did not fit, or where the first message is an edit already (a reused session can have one):
   * Gradio's edits can be wrong, its final values are not.
   */
  generating(data: readonly unknown[]): boolean {
    if (this.#lost) return false;
    if (!this.#whole && this.#sent === undefined && areEdits(data)) {
      this.#lost = true;
      return false;
    }
    try {
      this.#sent = this.#whole || this.#sent === undefined ? data : applyEdits(this.#sent, data, this.#editor);
    } catch (error) {
      if (!QwenError.isInstance(error)) throw error;
      this.#lost = true;
      return false;
    }
    this.#values = valuesOf(this.#sent, this.#values);
    return true;
  }

  /** The values of all outputs as they are now, and how many values there are in them; see {@link copyOfJson}. */
  values(replace?: (object: object) => unknown): { readonly copy: readonly unknown[]; readonly count: number } {
    return copyOfJson(this.#values, replace);
  }

  /** Takes the final data, which always win; an output that they leave out has the value it had. */
  completed(data: readonly unknown[]): readonly unknown[] {
    if (this.#lost && data.some(isLeftOut)) {
      throw new QwenError(
        "protocol",
        "The Space left an output out at the end, whose value is not known: an edit before could not be followed.",
      );
    }
    return valuesOf(data, this.#values);
  }
}
