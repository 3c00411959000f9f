import { isBlank } from "./blank-text.ts";
import type { ProviderPart } from "./part.ts";
import type { PhaseClock } from "./phase-clock.ts";

/**
 * What a part says to the clock of the call that it comes from, whatever becomes of the part. What is no output by itself (white space, a
 * source) is a sign of life behind some.
 */
export function hearPart(
  clock: Pick<PhaseClock, "queued" | "stop" | "output" | "working" | "hasOutput">,
  part: Partial<ProviderPart>,
): void {
  if (part.type === "queue") clock.queued(part.position ?? 0);
  else if (part.type === "finish") clock.stop();
  else if (isOutput(part) || (clock.hasOutput && OF_AN_ANSWER.has(part.type))) clock.output();
  else clock.working();
}

/** Whether a part says something of an answer: text that is more than white space, a file or a call. What is no text is told by who reads it. */
export function isOutput(part: Partial<ProviderPart>): boolean {
  switch (part.type) {
    case "text-delta":
    case "text-replace":
    case "reasoning-delta":
      return typeof part.text === "string" && !isBlank(part.text);
    case "file":
    case "tool-call":
    case "tool-input-delta":
      return true;
    default:
      return false;
  }
}

/** No output by themselves, but more of an answer that has begun. */
const OF_AN_ANSWER: ReadonlySet<ProviderPart["type"] | undefined> = new Set<ProviderPart["type"]>([
  "text-delta",
  "text-replace",
  "reasoning-delta",
  "reasoning-end",
  "source",
]);
