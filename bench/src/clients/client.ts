import type { Protocol } from "../server/wire.ts";

/** A client that is measured. */
export interface BenchClient {
  /** Asks, and hands out every piece of new text as it comes. Resolves at the end of the answer. */
  ask(prompt: string, onText: (text: string) => void): Promise<void>;
  close(): Promise<void>;
}

/** Where a client finds its server. */
export interface Target {
  readonly url: string;
  readonly version: Protocol;
}

/** What the module of a client exports as `createClient`. */
export type CreateClient = (target: Target) => BenchClient | Promise<BenchClient>;
