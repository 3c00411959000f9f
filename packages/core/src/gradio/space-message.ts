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
