/** What a job of a Space says. */
export type SpaceMessage =
  | {
      readonly type: "queue";
      readonly position: number;
      readonly size: number | undefined;
      readonly etaMs: number | undefined;
    }
  | { readonly type: "started" }
  | { readonly type: "progress"; readonly message: string | undefined; readonly fraction: number | undefined }
  | { readonly type: "log"; readonly level: "info" | "warning" | "success" | "error"; readonly message: string }
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
