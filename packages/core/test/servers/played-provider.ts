import { QwenError } from "../../src/errors.ts";
import { Flow } from "../../src/flow.ts";
import { FlowIterator } from "../../src/flow-iterator.ts";
import { weightOfPart } from "../../src/part-weight.ts";
import type { Provider, ProviderRequest } from "../../src/provider.ts";
import type { ProviderPart } from "../../src/part.ts";

export const messages = [{ role: "user", content: "Hi" }] as const;
export const text = (words: string): ProviderPart => ({ type: "text-delta", text: words });
export const finish: ProviderPart = { type: "finish", reason: "stop", usage: { outputTokens: 2 } };
export const failure = (): QwenError => new QwenError("connection", "It is gone.");

/** A part to yield, an error to throw, or a wait that only an abort ends. */
export type PlayedStep = ProviderPart | Error | "stall";

/** What it was asked, and how its answers ended: by themselves, or left. */
export interface Played extends Provider {
  readonly requests: readonly ProviderRequest[];
  readonly ended: readonly ("end" | "left")[];
}

/** A provider of each kind that the router knows: one it reads without promises, and one of somebody's own. */
export function played(kind: "flow" | "own", script: readonly PlayedStep[]): Played {
  const requests: ProviderRequest[] = [];
  const ended: ("end" | "left")[] = [];

  async function* play(signal: AbortSignal | undefined): AsyncGenerator<ProviderPart, void, undefined> {
    let isWhole = false;
    try {
      for (const step of script) {
        if (step instanceof Error) throw step;
        if (step !== "stall") yield step;
        else await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
      }
      isWhole = true;
    } finally {
      ended.push(isWhole ? "end" : "left");
    }
  }

  return {
    id: "inner",
    models: [{ id: "inner-1", aliases: ["one"] }],
    requests,
    ended,
    stream(request) {
      requests.push(request);
      const parts = play(request.signal);
      return kind === "own" ? parts : flowOf(parts);
    },
  };
}

function flowOf(parts: AsyncGenerator<ProviderPart, void, undefined>): FlowIterator<ProviderPart> {
  async function pump(): Promise<void> {
    try {
      for await (const part of parts) flow.push(part);
      flow.end();
    } catch (error) {
      flow.fail(error);
    }
  }

  const flow = new Flow<ProviderPart>(
    { start: () => void pump(), pause() {}, resume() {}, leave: () => void parts.return(), over() {} },
    weightOfPart,
  );
  return new FlowIterator(flow);
}
