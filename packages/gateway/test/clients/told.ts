/** What a case came to. */
export interface Told {
  readonly text?: string | undefined;
  readonly reason?: string | undefined;
  /** In how many pieces the text came. */
  readonly pieces?: number | undefined;
  readonly usage?: number | undefined;
  /** What the client raised. */
  readonly error?: string | undefined;
}

/** The cases that a client can play. */
export type ClientCases = Readonly<Partial<Record<CaseName, () => Promise<Told>>>>;

/** What is asked of each client. */
export type CaseName = "list" | "ask" | "stream" | "tools" | "structured" | "image" | "before" | "cut" | "abort";
