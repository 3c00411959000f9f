import { dashscope, llamaCpp, openaiCompatible, vllm } from "@qwen/openai-compatible";
import { createOpenAIEmulator, type OpenAIAnswers, type OpenAIDialectName, type OpenAIFault } from "@qwen/testing";

import { type FaultyPeer, type Peer, SECOND_PIECES, type StartHealthy } from "./cell.ts";
import { FIRST_PIECES } from "./fault-table.ts";
import { leftOf } from "./leftovers.ts";

const MODEL = "model-a";

/** An emulated endpoint that faults strike. */
export async function faultyEndpoint(faults: readonly OpenAIFault[]): Promise<FaultyPeer> {
  const endpoint = await startEndpoint({ id: "first", answer: FIRST_PIECES, faults });
  return { prompt: "Count to three.", ...endpoint };
}

/** An emulated endpoint that no fault strikes. */
export const healthyEndpoint: StartHealthy = (about) => startHealthy(about);

/** Those that go on behind the beginning of an answer, each as it wants to be asked. */
export const PREFILLING = ["llama.cpp", "vllm", "dashscope"] as const satisfies readonly OpenAIDialectName[];

/** Two emulated endpoints that go on behind the beginning of an answer. */
export function prefilling(dialect: (typeof PREFILLING)[number]) {
  return {
    async first(faults: readonly OpenAIFault[]): Promise<FaultyPeer> {
      const endpoint = await startEndpoint({ id: "first", answer: FIRST_PIECES, faults, dialect });
      return { prompt: "Count to three.", ...endpoint };
    },
    second: ((about) => startHealthy(about, dialect)) satisfies StartHealthy,
  };
}

function startHealthy({ endless }: Parameters<StartHealthy>[0], dialect?: (typeof PREFILLING)[number]): Promise<Peer> {
  const answer: OpenAIAnswers = endless ? [{ waitMs: 100_000 }] : SECOND_PIECES;
  return startEndpoint({ id: "second", answer, faults: [], dialect });
}

async function startEndpoint({
  id,
  answer,
  faults,
  dialect,
}: {
  readonly id: string;
  readonly answer: OpenAIAnswers;
  readonly faults: readonly OpenAIFault[];
  readonly dialect?: (typeof PREFILLING)[number] | undefined;
}): Promise<Peer> {
  const server = await createOpenAIEmulator({ models: { [MODEL]: answer }, heartbeatMs: 50, faults, dialect });
  return {
    provider({ timeouts }) {
      const options = { id, baseURL: server.url, models: [MODEL], timeouts } as const;
      if (dialect === "dashscope") return dashscope({ ...options, apiKey: "a-key" });
      if (dialect === undefined) return openaiCompatible(options);
      return dialect === "vllm" ? vllm(options) : llamaCpp(options);
    },
    left() {
      const answers = server.calls.filter(({ state }) => state === "running").length;
      return leftOf({ sockets: server.sockets, answers });
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
