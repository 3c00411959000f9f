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
  switch (part.type) {
    case "queue":
      clock.queued(part.position ?? 0);
      break;
    case "finish":
      clock.stop();
      break;
    case "text-delta":
    case "text-replace":
    case "reasoning-delta":
      if (clock.hasOutput || isWords(part.text)) clock.output();
      else clock.working();
      break;
    case "tool-input-delta":
    case "tool-call":
    case "file":
      clock.output();
      break;
    case "reasoning-end":
    case "source":
      if (clock.hasOutput) clock.output();
      else clock.working();
      break;
    default:
      clock.working();
  }
}

/** What is no text is told by who reads it. */
function isWords(text: unknown): boolean {
  return typeof text === "string" && /\S/.test(text);
}
