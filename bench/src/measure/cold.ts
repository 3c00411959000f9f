import { runTask } from "../run-task.ts";
import { type Bench, createRows, inTurn, type Row } from "./samples.ts";

const PROMPT = "script:long 24 3";

/** From the start of a process to the first text, and what was sent and opened until then. */
export async function measureCold(bench: Bench): Promise<readonly Row[]> {
  const { plan, server, python, log } = bench;
  const { list, add } = createRows();
  for (const rttMs of [0, 50]) {
    log(`cold, ${rttMs} ms of round trip`);
    await inTurn(bench, { rounds: plan.coldRounds }, async (client) => {
      await server.reset({ rttMs });
      const { startedAtMs, firstTextAtMs } = await runTask<"cold">(
        { kind: "cold", client, url: server.url, version: server.version, prompt: PROMPT },
        { python },
      );
      const { firstOutput } = await server.counts();
      const at = { unit: "ms", label: `cold: process start to first text, RTT ${rttMs}` } as const;
      add({ ...at, id: `cold-${rttMs}` }, client, firstTextAtMs - startedAtMs);
      if (rttMs === 0) return;
      add({ id: "cold-requests", label: "requests before the first text", unit: "" }, client, firstOutput.requests);
      add(
        { id: "cold-connections", label: "connections before the first text", unit: "" },
        client,
        firstOutput.connections,
      );
    });
  }
  return list();
}
