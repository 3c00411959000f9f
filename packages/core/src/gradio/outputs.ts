import { QwenError } from "../errors.ts";
import { applyEdits } from "./diff.ts";

/**
 * Makes the function that turns the data of each message into whole outputs. Once an edit does not
 * fit it gives nothing more: Gradio's edits can be wrong, its final value is not.
 */
export function createFollower({
  whole,
}: {
  /** Every message holds whole values: the job asked for no edits. */
  readonly whole: boolean;
}): (data: readonly unknown[]) => readonly unknown[] | undefined {
  let outputs: readonly unknown[] | undefined;
  let lost = false;
  return (data) => {
    if (lost) return undefined;
    try {
      outputs = whole || outputs === undefined ? data : applyEdits(outputs, data);
    } catch (error) {
      if (!QwenError.isInstance(error)) throw error;
      lost = true;
      return undefined;
    }
    return outputs;
  };
}
