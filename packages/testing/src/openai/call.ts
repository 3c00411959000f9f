/** An answer that was asked for, and what became of it. Times are milliseconds since the emulator started. */
export interface OpenAICall {
  /** As the request named it. */
  readonly model: string;
  readonly route: "chat" | "responses";
  readonly at: number;
  /** "cancelled": the client left before it was whole. "failed": the script or a fault broke it off. */
  state: "running" | "finished" | "cancelled" | "failed";
  /** Pieces of output said so far. */
  pieces: number;
  /** When it had a state other than "running". */
  endedAt?: number | undefined;
}
