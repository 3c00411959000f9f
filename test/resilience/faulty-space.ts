import { qwenMax } from "@qwen/max";
import { type Answers, createSpaceEmulator, type Fault } from "@qwen/testing";

import type { FaultyPeer, StartFaulty } from "./cell.ts";
import { FIRST_PIECES } from "./fault-table.ts";
import { leftOf } from "./leftovers.ts";

/** An emulated Space that faults strike. */
export async function faultySpace(
  faults: readonly Fault[],
  { row, once, earlyStream = false }: Parameters<StartFaulty>[1] & { readonly earlyStream?: boolean },
): Promise<FaultyPeer> {
  // A job that was lost may have left the queue before it was the first to be asked.
  const recovered = (call: number): boolean => once && (row.fault !== undefined || call > 1);
  const answer: Answers = (_prompt, { call }) => (recovered(call) ? undefined : row.answer) ?? FIRST_PIECES;
  const space = await createSpaceEmulator({ shape: "max", answer, heartbeatMs: 50, faults });
  return {
    prompt: "Count to three.",
    provider: ({ timeouts }) => qwenMax({ id: "first", space: space.url, timeouts, earlyStream }),
    left() {
      const jobs = space.jobs.filter(({ state }) => state === "queued" || state === "running").length;
      return leftOf({ sockets: space.sockets, jobs });
    },
    [Symbol.asyncDispose]: space.close,
  };
}
