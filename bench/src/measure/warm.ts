import { runTask } from "../run-task.ts";
import { quantile } from "../task.ts";
import { type Bench, createRows, inTurn, type Row } from "./samples.ts";

/** From a call to its first text, on a connection that is open already. */
export async function measureWarm(bench: Bench): Promise<readonly Row[]> {
  const { plan, server, python, log } = bench;
  const { list, add } = createRows();
  for (const rttMs of [0, 20]) {
    log(`warm, ${rttMs} ms of round trip`);
    await inTurn(bench, { rounds: plan.warmRounds }, async (client) => {
      const slow = client === "gradio-python";
      await server.reset({ rttMs });
      const { firstTextMs } = await runTask<"warm">(
        {
          kind: "warm",
          client,
          url: server.url,
          version: server.version,
          prompt: "script:long 24 3",
          calls: slow ? 15 : rttMs === 0 ? 300 : 40,
          // The one that opens the connection; what the compiler learns meanwhile is part of the rest, as for a user.
          warmUps: 1,
        },
        { python },
      );
      for (const [name, share] of [
        ["p50", 0.5],
        ["p99", 0.99],
      ] as const)
        add(
          { id: `warm-${rttMs}-${name}`, label: `warm: first text, RTT ${rttMs}, ${name}`, unit: "ms" },
          client,
          quantile(firstTextMs, share),
        );
    });
  }
  return list();
}
