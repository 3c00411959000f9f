import { openaiCompatible } from "@qwen/openai-compatible";
import { createOpenAIEmulator, type OpenAIAnswers, type OpenAIFault } from "@qwen/testing";

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
export const healthyEndpoint: StartHealthy = ({ endless }) =>
  startEndpoint({ id: "second", answer: endless ? [{ waitMs: 100_000 }] : SECOND_PIECES, faults: [] });

async function startEndpoint({
  id,
  answer,
  faults,
}: {
  readonly id: string;
  readonly answer: OpenAIAnswers;
  readonly faults: readonly OpenAIFault[];
}): Promise<Peer> {
  const server = await createOpenAIEmulator({ models: { [MODEL]: answer }, heartbeatMs: 50, faults });
  return {
    provider: ({ timeouts }) => openaiCompatible({ id, baseURL: server.url, models: [MODEL], timeouts }),
    left() {
      const answers = server.calls.filter(({ state }) => state === "running").length;
      return leftOf({ sockets: server.sockets, answers });
    },
    [Symbol.asyncDispose]: () => server.close(),
  };
}
