/** One bar of progress. */
export interface ProgressBar {
  /** What its author says of it. */
  readonly message: string | undefined;
  /** How much of it is done, from 0 to 1. */
  readonly fraction: number | undefined;
  /** How many of its `length` iterations are done. */
  readonly index: number | undefined;
  readonly length: number | undefined;
  /** What an iteration is called, such as "steps". */
  readonly unit: string | undefined;
}

/** What a job of a Space says. */
export type SpaceMessage =
  | {
      readonly type: "queue";
      readonly position: number;
      readonly size: number | undefined;
      readonly etaMs: number | undefined;
    }
  | { readonly type: "started" }
  | {
      readonly type: "progress";
      /** Of the outermost bar, which speaks for the whole job. */
      readonly message: string | undefined;
      readonly fraction: number | undefined;
      /** All of them, each within the one before it. */
      readonly bars: readonly ProgressBar[];
    }
  | {
      readonly type: "log";
      readonly level: "info" | "warning" | "success" | "error";
      readonly message: string;
      readonly title?: string | undefined;
      /** How long its app would show it, in ms. */
      readonly durationMs?: number | undefined;
    }
  /** The outputs so far, whole. */
  | { readonly type: "generating"; readonly data: readonly unknown[] }
  /** The final outputs. */
  | { readonly type: "completed"; readonly data: readonly unknown[] };

/** What a message costs besides what it says, in bytes. */
const MESSAGE_BYTES = 100;

const sizes = new WeakMap<SpaceMessage, number>();

/** Says how large a message is: its length as it came, and what is in it, in bytes. */
export function noteSize(message: SpaceMessage, size: number): void {
  sizes.set(message, size);
}

/** What a message that waits for its reader weighs, in bytes. */
export function weightOfMessage(message: SpaceMessage): number {
  return MESSAGE_BYTES + (sizes.get(message) ?? 0);
}
