import { styleText } from "node:util";

/** A heading, on terminals that can. */
export function bold(text: string): string {
  return styleText("bold", text);
}

/** A side remark, on terminals that can. */
export function dim(text: string): string {
  return styleText("dim", text);
}

/** The one line that says why the demo failed. */
export function failure(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return `${styleText("red", "The demo failed:")} ${message.trim().replaceAll(/\s*\n\s*/g, " · ")}`;
}

/** "12 ms" or "1.2 s". */
export function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
