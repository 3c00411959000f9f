import type { Protocol } from "./server/wire.ts";

/** The clients that run in Node, by their names in `clients/`. */
export const NODE_CLIENTS = ["floor-undici", "floor-http", "router", "early", "provider", "gradio-js"] as const;

/** A client that runs in Node. */
export type NodeClientName = (typeof NODE_CLIENTS)[number];

/** All clients that are measured; the last one is a program in Python. */
export const CLIENTS = [...NODE_CLIENTS, "gradio-python"] as const;

/** The clients of an OpenAI-compatible server, all in Node. */
export const CHAT_CLIENTS = ["chat-floor", "chat-router", "chat-provider", "chat-openai", "chat-ai"] as const;

/** A client that is measured. */
export type ClientName = (typeof CLIENTS)[number] | (typeof CHAT_CLIENTS)[number];

/** What a client's process does. */
export type Task = {
  readonly client: ClientName;
  readonly url: string;
  readonly version: Protocol;
} & (
  | { readonly kind: "cold"; readonly prompt: string }
  | { readonly kind: "warm"; readonly prompt: string; readonly calls: number; readonly warmUps: number }
  | { readonly kind: "answers"; readonly deltas: number; readonly calls: number }
  | {
      readonly kind: "streams";
      readonly streams: number;
      readonly deltas: number;
      readonly intervalMs: number;
    }
  | { readonly kind: "alive"; readonly streams: number }
);

/** What a client's process says of its work, by the kind of its task. */
export interface TaskResults {
  /** When the first text came, in ms on the clock of the machine. */
  readonly cold: { readonly firstTextAtMs: number };
  readonly warm: { readonly firstTextMs: readonly number[] };
  /** Of whole answers, the process's first among them: from the call to the end, and the CPU time of the process over all. */
  readonly answers: { readonly wallMs: readonly number[]; readonly microsecondsPerDelta: number };
  readonly streams: {
    readonly wallMs: number;
    /** From its call to a stream's first text, the middle of all. */
    readonly firstTextMs: number;
    /** From a token's sending until it was handed out; the 99th percentile. */
    readonly lateMs: number;
    readonly cpuMs: number;
    readonly peakMb: number;
    readonly errors: number;
  };
  /** The memory that a call holds while it stands at its first text, its garbage collected. */
  readonly alive: { readonly kilobytesPerCall: number };
}

/** The clock that all processes of a machine share, in ms. */
export function machineNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The value that a share of the others do not exceed. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN;
}
