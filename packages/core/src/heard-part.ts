import type { ProviderPart } from "./part.ts";
import type { PhaseClock } from "./phase-clock.ts";

/** What a part says to the clock of the call that it comes from, whatever becomes of the part. */
export function hearPart(
  clock: Pick<PhaseClock, "queued" | "stop" | "output" | "working">,
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
    case "tool-input-delta":
    case "tool-call":
    case "file":
      clock.output();
      break;
    default:
      clock.working();
  }
}
