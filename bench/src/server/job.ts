import type { Pacer } from "./pacer.ts";
import { parseScript } from "./script.ts";
import type { Wire } from "./wire.ts";

/** How many messages one write holds where a client reads as fast as it can. */
const BATCH = 200;

/** Where the messages of a job go. */
export interface JobOutput {
  readonly gone: boolean;
  write(messages: string): boolean;
  onDrain(callback: () => void): void;
  /** The job is over. */
  end(messages: string): void;
}

/** A job: what it says and what it was asked. */
export interface Job {
  readonly wire: Wire;
  readonly prompt: string;
}

/** Says the answer of a job. */
export function playJob(
  { wire, prompt }: Job,
  { output, pacer }: { readonly output: JobOutput; pacer(intervalMs: number): Pacer },
): void {
  const { deltas, intervalMs, token } = parseScript(prompt);
  const [before, after] = wire.delta(8);
  let text = token(0);
  let index = 1;

  function next(): string {
    const piece = token(index++);
    text += piece;
    return before + piece + after;
  }

  function say(messages: string): boolean {
    if (index < deltas) return output.write(messages);
    output.end(messages + wire.completed(text));
    return false;
  }

  function pour(): void {
    if (output.gone) return;
    let messages = "";
    for (let count = 0; count < BATCH && index < deltas; count += 1) messages += next();
    if (say(messages)) setImmediate(pour);
    else if (index < deltas) output.onDrain(pour);
  }

  const opening = wire.opening() + wire.first(text);
  if (index >= deltas || intervalMs > 0) say(opening);
  else output.write(opening);
  if (index >= deltas) return;
  if (intervalMs === 0) pour();
  else
    pacer(intervalMs).start(() => {
      if (output.gone) return false;
      say(next());
      return index < deltas;
    });
}
