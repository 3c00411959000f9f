import { openLog } from "#platform";
import { printable } from "./printable.ts";

/**
 * Logs one line where the process runs with `NODE_DEBUG=qwen`; elsewhere, browsers included, does nothing.
 *
 * `message` is called only when the line is written; one that throws is a line that says so. What looks like a secret is
 * masked, as the last resort: do not put one in.
 */
export function debug(message: () => string): void {
  log ??= openLog() ?? OFF;
  if (!log.enabled) return;
  try {
    log("%s", printable(message()));
  } catch {
    log("%s", "a line that could not be written");
  }
}

/** As `node:util` opens one. */
export interface DebugLog {
  (format: string, message: string): void;
  readonly enabled: boolean;
}

// Opened at the first line, not at import: importing the package has no side effects.
let log: DebugLog | undefined;

const OFF: DebugLog = Object.assign(() => {}, { enabled: false });
